"""Architectures that are known by their configurations alone: the proof holds for each, with random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from litewright.generative.huggingface.bundling import export_checkpoint
from tests.generative.architectures import MORE
from tests.support.tolerances import TOLERANCES

pytestmark = pytest.mark.slow

_SIZES: dict[str, Any] = {
    "vocab_size": 99,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
# Those of them that a configuration has.
_ASKED: dict[str, Any] = {
    "num_experts": 4,
    "num_local_experts": 4,
    "num_experts_per_tok": 2,
    "n_routed_experts": 4,
    "moe_intermediate_size": 16,
    "n_group": 1,
    "topk_group": 1,
    "n_shared_experts": 1,
    "first_k_dense_replace": 1,
    "n_embd": 32,
    "n_layer": 2,
    "n_head": 4,
    "d_model": 32,
    "n_positions": 128,
    "ffn_dim": 48,
    "num_layers": 2,
    "rotary_dim": 4,
    "sliding_window": 16,
}


@pytest.mark.parametrize("name", MORE)
def test_the_proof_holds(name: str, tmp_path: Path) -> None:
    library: Any = transformers
    config: Any = library.CONFIG_MAPPING[name]
    known = config()
    asked = {key: size for key, size in _ASKED.items() if hasattr(known, key)}
    torch.manual_seed(0)
    made = library.AutoModelForCausalLM.from_config(config(**_SIZES, **asked)).eval()
    made.save_pretrained(tmp_path / "model")

    exported = export_checkpoint(
        tmp_path / "model", tmp_path / "m.tflite", prefill_lengths=(8,), cache_length=32
    )

    assert exported.proof is not None
    errors = [each.error for each in exported.proof.outcomes]
    assert len(errors) >= 6
    assert max(errors) <= TOLERANCES["float32 model"]
