"""What transformers' models call for attention and masks while a step is captured."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn

from ..layers.dot_product_attention import dot_product_attention
from ..layers.ring_cache import Ring
from ..masking import MASKED
from .library import bidirectional_mask_function, causal_mask_function

_mask: ContextVar[Tensor] = ContextVar("mask of the step")
_ring: ContextVar[Ring | None] = ContextVar("ring of the step", default=None)
_source_mask: ContextVar[Tensor | None] = ContextVar("mask of what is read as a whole")


def attend(
    _module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    position_bias: Tensor | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attention of queries [1, N, T, H] over keys and values [1, KV, S, H]: [1, T, N, H].

    Args:
        _module: the caller, of which nothing is asked.
        query: as above.
        key: as above.
        value: as above.
        attention_mask: [1, 1, T, S], added.
        scaling: 1 / sqrt(H) if not given.
        softcap: scores are c * tanh(score / c) before the mask is added.
        s_aux: [N], logits of sinks: they take part in the softmax, and nothing else comes of them.
        position_bias: [1, N, T, S], added too.
    """
    if position_bias is not None:
        attention_mask = position_bias if attention_mask is None else attention_mask + position_bias
    attended = dot_product_attention(
        query, key, value, attention_mask, scale=scaling, softcap=softcap, sinks=s_aux
    )
    # Models may take a view of it, as of what transformers' own functions return.
    return attended.transpose(1, 2).contiguous(), None


def mask_of_step(
    *args: Any,
    q_length: int = 0,
    kv_length: int = 0,
    q_offset: Any = 0,
    kv_offset: int = 0,
    mask_function: Callable[..., Any] = causal_mask_function,
    **_: Any,
) -> Tensor | None:
    """The mask that the runtime gives, [1, 1, T, S], less what a layer's own rule hides (a sliding window).

    Where a model asks for a mask that hides nothing, it is that of the encoder's tokens, if there is an encoder:
    [1, 1, 1, E], or None if all of them are seen.
    """
    del args
    if mask_function is bidirectional_mask_function:
        with contextlib.suppress(LookupError):
            return _source_mask.get()
    given = _mask.get()
    if mask_function is causal_mask_function:
        return given
    # Integers of 32 bits, as positions are: GPUs have no others.
    integer = torch.int32
    queries = (q_offset + torch.arange(q_length, dtype=integer)).reshape(1, 1, -1, 1)
    first = torch.zeros(1, 1, 1, 1, dtype=integer)
    ring = _ring.get()
    if ring is not None and kv_length == ring.length:
        keys = ring.held.reshape(1, 1, 1, -1)
        visible = mask_function(first, first, queries, keys) & (keys >= 0)
        return torch.where(visible, 0.0, MASKED)
    keys = (kv_offset + torch.arange(kv_length, dtype=integer)).reshape(1, 1, 1, -1)
    visible = mask_function(first, first, queries, keys)
    return torch.minimum(given, torch.where(visible, 0.0, MASKED))


@contextlib.contextmanager
def step_mask(mask: Tensor, ring: Ring | None = None) -> Generator[None]:
    """While it is entered, `mask` is the mask of every layer, and `ring` tells what those with a window hold."""
    tokens = _mask.set(mask), _ring.set(ring)
    try:
        yield
    finally:
        _mask.reset(tokens[0])
        _ring.reset(tokens[1])


@contextlib.contextmanager
def source_mask(mask: Tensor | None) -> Generator[None]:
    """While it is entered, `mask` is the mask of the encoder's tokens, in the encoder and in cross-attention."""
    token = _source_mask.set(mask)
    try:
        yield
    finally:
        _source_mask.reset(token)
