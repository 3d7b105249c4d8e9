"""Relative position biases (T5, Raffel et al. 2020) read from tables of buckets, instead of logarithms at each step.

Which bucket a distance belongs to is decided by truncated logarithms. Where they come out as whole numbers, the
last bit decides: kernels that round otherwise would choose the neighbour. So the model's own code makes the
tables in PyTorch, before anything is captured.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Generator
from typing import Any

import torch
from torch import Tensor, nn

_METHOD = "compute_bias"


class BucketTables:
    """Stands for `compute_bias` of an attention of transformers, and is called as it is.

    Attributes:
        module: the attention, with its embedding of buckets.
    """

    def __init__(self, module: nn.Module, cache_length: int, lengths: tuple[int, ...]) -> None:
        self.module = module
        called: Any = module
        is_causal = bool(called.is_decoder)
        whole = {cache_length} if is_causal else set(lengths)
        self._buckets = {length: _buckets(module, length) for length in whole}
        # Of a key that lies so many positions back.
        self._behind = self._buckets[cache_length][-1].flip(0) if is_causal else None

    def __call__(
        self, query_length: int, key_length: int, past_seen_tokens: Any = 0, **_: Any
    ) -> Tensor:
        """The bias of each head, [1, N, T, S], for queries from position `past_seen_tokens` on."""
        if self._behind is None:
            buckets = self._buckets[query_length]
        else:
            # As 32-bit integers, and by an op whose indices are never negative: less to compute at each step.
            queries = torch.arange(query_length, dtype=torch.int32) + past_seen_tokens
            keys = torch.arange(key_length, dtype=torch.int32)
            distance = (queries[:, None] - keys[None]).clamp(min=0)
            found = torch.index_select(self._behind, 0, distance.reshape(-1))
            buckets = found.reshape(query_length, key_length)
        called: Any = self.module
        bias: Tensor = called.relative_attention_bias(buckets)
        return bias.permute(2, 0, 1)[None]


@contextlib.contextmanager
def buckets_from_tables(
    model: nn.Module, cache_length: int, lengths: tuple[int, ...]
) -> Generator[None]:
    """While it is entered, every relative position bias of a model is read from tables.

    Args:
        model: of transformers.
        cache_length: positions of the decoder.
        lengths: those of the encoder, in which keys lie before and behind a query.
    """
    found = [module for module in model.modules() if _is_relative(module)]
    for module in found:
        module.__dict__[_METHOD] = BucketTables(module, cache_length, lengths)
    try:
        yield
    finally:
        for module in found:
            del module.__dict__[_METHOD]


def _is_relative(module: nn.Module) -> bool:
    """Whether a module computes a bias of whole texts (not of the blocks of local attention)."""
    method = getattr(module, _METHOD, None)
    if method is None or not hasattr(module, "relative_attention_bias"):
        return False
    return list(inspect.signature(method).parameters)[:2] == ["query_length", "key_length"]


class _Recorder(nn.Module):
    """Stands for the embedding of buckets, and keeps what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = torch.zeros(0, dtype=torch.int64)

    def forward(self, buckets: Tensor) -> Tensor:
        """Buckets [T, S] -> [T, S, 1]."""
        self.asked = buckets
        return buckets[..., None].float()


def _buckets(module: nn.Module, length: int) -> Tensor:
    """The bucket of each query and key, int32 [length, length], by the model's own code."""
    called: Any = module
    embedding, recorder = called.relative_attention_bias, _Recorder()
    called.relative_attention_bias = recorder
    try:
        called.compute_bias(length, length, device=torch.device("cpu"))
    finally:
        called.relative_attention_bias = embedding
    return recorder.asked.to(torch.int32)
