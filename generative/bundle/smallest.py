"""The smallest model that LiteRT-LM loads, for what needs an engine and no model."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

import litewright
from litewright.composites import kv_cache_update

_WIDTH, _POSITIONS = 4, 16


class _Smallest(nn.Module):
    def __init__(self, vocabulary: int, *, with_logits: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, _WIDTH)
        self.with_logits = with_logits

    def forward(
        self,
        tokens: Tensor,
        input_pos: Tensor,
        mask: Tensor,
        kv_cache_k_0: Tensor,
        kv_cache_v_0: Tensor,
    ) -> dict[str, Tensor]:
        x = self.embedding(tokens)[:, None]
        keys = kv_cache_update(kv_cache_k_0, x, input_pos, 2)
        values = kv_cache_update(kv_cache_v_0, x.transpose(2, 3), input_pos, 3)
        cache = {"kv_cache_k_0": keys, "kv_cache_v_0": values}
        if not self.with_logits:
            return cache
        seen = torch.softmax(x @ keys.transpose(2, 3) + mask, -1) @ values.transpose(2, 3)
        return {"logits": seen[:, 0] @ self.embedding.weight.T, **cache}


def write_smallest(path: Path, vocabulary: int) -> None:
    """Writes a .tflite with random weights, and prefill and decode signatures."""
    decode = _Smallest(vocabulary, with_logits=True).eval()
    prefill = _Smallest(vocabulary, with_logits=False).eval()
    prefill.embedding = decode.embedding
    converter = litewright.signature("decode", decode, (), _inputs(1))
    converter.signature("prefill_4", prefill, (), _inputs(4)).convert().export(path)


def _inputs(length: int) -> dict[str, Tensor]:
    return {
        "tokens": torch.zeros(1, length, dtype=torch.int32),
        "input_pos": torch.arange(length, dtype=torch.int32),
        "mask": torch.zeros(1, 1, length, _POSITIONS),
        "kv_cache_k_0": torch.zeros(1, 1, _POSITIONS, _WIDTH),
        "kv_cache_v_0": torch.zeros(1, 1, _WIDTH, _POSITIONS),
    }
