"""Caches of layers with a sliding window: as long as the window and a step, and begun anew at their end.

Position p lies in slot p mod R. A step of T tokens overwrites what lies R and more before its last, so that with
R >= window + T - 1 each of its queries finds its whole window. For the same reason padding at the end of a step does
no harm: what it overwrites is out of every later window, and until it is overwritten itself it counts as a position
that is to come, or one that is R before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

import litewright

from ..masking import MASKED
from .kv_cache import KVCacheEntry, update


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """Where the positions of one step lie. The same for all layers, so that a step computes it once.

    Attributes:
        length: R, slots.
        slot: [1], of the first token.
        held: [R], the position that each slot holds after the step, padding counted as tokens; negative where it
            holds none yet.
        source: [R], the token of the step that comes to lie in each slot; some token where none does.
        is_written: [R], whether any does.
        queries: [T], the positions of the step, padding counted as tokens.
    """

    length: int
    slot: Tensor
    held: Tensor
    source: Tensor
    is_written: Tensor
    queries: Tensor

    @classmethod
    def of(cls, length: int, input_pos: Tensor) -> Self:
        """The ring during a step.

        Args:
            length: R, at least the tokens of the step.
            input_pos: [T]; the first is where the step begins.
        """
        steps = input_pos.shape[0]
        slots = torch.arange(length, dtype=input_pos.dtype)
        last = input_pos[:1] + (steps - 1)
        slot = torch.fmod(input_pos[:1], length)
        last_slot = torch.fmod(last, length) if steps > 1 else slot
        source = _around(slots - slot, length)
        return cls(
            length,
            slot,
            last - _around(last_slot - slots, length),
            source.clamp(max=steps - 1),
            source < steps,
            input_pos[:1] + torch.arange(steps, dtype=input_pos.dtype),
        )

    def update(self, cache: KVCacheEntry, keys: Tensor, values: Tensor) -> KVCacheEntry:
        """The cache with [1, KV, T, H] each written."""
        if keys.shape[2] == 1:
            return update(cache, keys, values, self.slot)
        new_keys = keys.index_select(2, self.source)
        new_values = values.index_select(2, self.source).transpose(2, 3)
        return KVCacheEntry(
            torch.where(self.is_written[:, None], new_keys, cache.k_cache),
            torch.where(self.is_written, new_values, cache.v_cache),
        )

    def mask(self, window: int) -> Tensor:
        """[1, 1, T, R], added to scores: each query sees the last `window` positions, its own among them.

        Raises:
            UserError: the ring is too short for such steps.
        """
        steps = self.queries.shape[0]
        if self.length < window + steps - 1:
            raise litewright.UserError(
                f"a ring of {self.length} positions is too short for a window of {window} and steps of {steps} "
                f"tokens: it must have {window + steps - 1}"
            )
        held, queries = self.held, self.queries[:, None]
        visible = (held <= queries) & (held > queries - window) & (held >= 0)
        return torch.where(visible, 0.0, MASKED)[None, None]


def build_ring_mask(ring_size: int, window_size: int, input_pos: Tensor) -> Tensor:
    """A mask [1, 1, T, ring_size], added to scores, of a step at positions [T] over a cache that is a ring.

    Raises:
        UserError: the ring is too short for such steps.
    """
    return Ring.of(ring_size, input_pos).mask(window_size)


def _around(distance: Tensor, length: int) -> Tensor:
    """A distance between slots, counted forwards."""
    return torch.where(distance < 0, distance + length, distance)
