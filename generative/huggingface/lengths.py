"""Which lengths of prefills and caches a model can be given, told before anything takes time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from torch import nn

import litewright

_PADDED = 2
"""OPT and its like number positions from 2 on, in a table that is as much longer."""


def checked_lengths(prefill_lengths: Sequence[int], cache_length: int) -> tuple[int, ...]:
    """Lengths of prefills, ascending, each once: order and repetition mean nothing.

    Raises:
        UserError: there is none, one is not positive, or one does not fit the cache.
    """
    lengths = tuple(sorted(set(prefill_lengths)))
    if not lengths or lengths[0] < 1:
        told = ", ".join(map(str, prefill_lengths)) or "none"
        raise litewright.UserError(
            f"prefill lengths must be positive, and at least one; given: {told}"
        )
    if cache_length < 1:
        raise litewright.UserError(f"a cache of {cache_length} positions holds no token")
    if lengths[-1] > cache_length:
        raise litewright.UserError(
            f"a prefill of {lengths[-1]} tokens does not fit a cache of {cache_length} positions: "
            "give a longer cache or a shorter prefill"
        )
    return lengths


def check_positions(model: nn.Module, cache_length: int) -> None:
    """Compares the cache with the positions that a model knows (`max_position_embeddings`).

    A model that looks its positions up in a learned table has no others. Any other model runs on further ones, which
    it has not been trained on: that is a warning.

    Raises:
        UserError: the cache is longer than the table.
    """
    called: Any = model
    known = getattr(called.config.get_text_config(decoder=True), "max_position_embeddings", None)
    if not isinstance(known, int) or known < 1 or cache_length <= known:
        return
    if _has_table(called, known):
        raise litewright.UserError(
            f"a cache of {cache_length} positions: the model has a table of {known} "
            "(max_position_embeddings in config.json), and no others"
        )
    warnings.warn(
        f"a cache of {cache_length} positions: the model was made for {known} "
        "(max_position_embeddings in config.json); what it says beyond may be worth little",
        stacklevel=3,
    )


def ring_length(windows: Sequence[int], prefill_length: int, cache_length: int) -> int:
    """Slots of a cache that holds a window, and a prefill beside it.

    Args:
        windows: of all layers; 0 where a layer sees everything.
        prefill_length: the longest.
        cache_length: of layers that see everything.

    Raises:
        UserError: there is no window, there are several, or nothing would be saved.
    """
    found = sorted(set(windows) - {0})
    if len(found) != 1:
        told = f"windows of {', '.join(map(str, found))}" if found else "no sliding window"
        raise litewright.UserError(
            f"no ring buffers: the model has {told}; caches as long as one window can be had for one window"
        )
    length = found[0] + prefill_length
    if length >= cache_length:
        raise litewright.UserError(
            f"no ring buffers: a window of {found[0]} and a prefill of {prefill_length} tokens are no less than a "
            f"cache of {cache_length} positions; give a longer cache, or leave ring buffers out"
        )
    return length


def _has_table(model: Any, known: int) -> bool:
    """Whether an embedding beside that of tokens has as many rows as there are positions."""
    tokens = model.get_input_embeddings()
    return any(
        isinstance(each, nn.Embedding)
        and each is not tokens
        and known <= each.num_embeddings <= known + _PADDED
        for each in model.modules()
    )
