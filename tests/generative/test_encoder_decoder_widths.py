"""Encoder-decoders as wide as published ones, with few layers: the proof holds for matrices of real sizes."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from litewright.generative.huggingface.encoder_decoder_export import export_encoder_decoder
from tests.support.tolerances import TOLERANCES

pytestmark = pytest.mark.slow
_LIBRARY: Any = transformers

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "Flan-T5 base": (
        "T5",
        {"vocab_size": 32_128, "d_model": 768, "d_kv": 64, "d_ff": 2048, "num_layers": 2, "num_heads": 12,
         "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "decoder_start_token_id": 0},
    ),
    "BART large": (
        "Bart",
        {"vocab_size": 50_265, "d_model": 1024, "encoder_layers": 2, "decoder_layers": 2,
         "encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 4096,
         "decoder_ffn_dim": 4096},
    ),
    "Whisper small": (
        "Whisper",
        {"vocab_size": 51_865, "d_model": 768, "encoder_layers": 2, "decoder_layers": 2,
         "encoder_attention_heads": 12, "decoder_attention_heads": 12, "encoder_ffn_dim": 3072,
         "decoder_ffn_dim": 3072},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_the_proof_holds(name: str) -> None:
    kind, sizes = CONFIGS[name]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        torch.manual_seed(0)
        config = getattr(_LIBRARY, f"{kind}Config")(**sizes)
        getattr(_LIBRARY, f"{kind}ForConditionalGeneration")(config).save_pretrained(folder)
        if kind == "Whisper":
            _LIBRARY.WhisperFeatureExtractor().save_pretrained(folder)
        lengths = None if kind == "Whisper" else (32,)
        exported = export_encoder_decoder(
            folder, folder / "model.tflite", encoder_lengths=lengths, cache_length=48
        )
    assert exported.proof is not None
    assert exported.proof.error <= TOLERANCES["float32 model"]
