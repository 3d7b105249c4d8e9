"""Checkpoints as wide as published ones, with few layers: the proof holds for matrices of real sizes.

Random weights in bfloat16; names, shapes and vocabularies are those of the published configurations.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from litewright.generative.huggingface.bundling import export_checkpoint

pytestmark = pytest.mark.slow
_LIBRARY: Any = transformers


def _partial(share: float) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": share}


CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "TinyLlama 1.1B": (
        "LlamaConfig",
        {"vocab_size": 32_000, "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 2,
         "num_attention_heads": 32, "num_key_value_heads": 4},
    ),
    "Llama 2 7B": (
        "LlamaConfig",
        {"vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 1,
         "num_attention_heads": 32, "num_key_value_heads": 32},
    ),
    "Gemma 2B": (
        "GemmaConfig",
        {"vocab_size": 256_000, "hidden_size": 2048, "intermediate_size": 16_384, "num_hidden_layers": 1,
         "num_attention_heads": 8, "num_key_value_heads": 1, "head_dim": 256},
    ),
    "Phi-2": (
        "PhiConfig",
        {"vocab_size": 51_200, "hidden_size": 2560, "intermediate_size": 10_240, "num_hidden_layers": 2,
         "num_attention_heads": 32, "rope_parameters": _partial(0.4)},
    ),
    "Falcon 1B": (
        "FalconConfig",
        {"vocab_size": 50_304, "hidden_size": 2048, "num_hidden_layers": 2, "num_attention_heads": 32,
         "alibi": True, "multi_query": False, "parallel_attn": False, "bias": True},
    ),
    "StableLM 3B": (
        "StableLmConfig",
        {"vocab_size": 50_304, "hidden_size": 2560, "intermediate_size": 6912, "num_hidden_layers": 2,
         "num_attention_heads": 32, "num_key_value_heads": 32, "rope_parameters": _partial(0.25)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_the_proof_holds(name: str) -> None:
    kind, sizes = CONFIGS[name]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        _save(kind, sizes, folder)
        # Float weights must agree with PyTorch, or this raises.
        exported = export_checkpoint(
            folder, folder / "model.tflite", prefill_lengths=(16,), cache_length=48
        )
    assert exported.proof is not None
    assert all(each.agreement == 1.0 for each in exported.proof.outcomes)


def _save(kind: str, sizes: dict[str, Any], folder: Path) -> None:
    torch.default_generator.manual_seed(0)
    config = getattr(_LIBRARY, kind)(**sizes, dtype=torch.bfloat16)
    _LIBRARY.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
