"""How large a step is: algorithms that choose a scale for each group of numbers.

Groups lie along `axis`: in columns, [elements of a group, groups], if they are short, in rows if they are
long. So every step runs over long rows, and groups of 32 cost no more than groups of thousands.
real = scale * q with q in [-2^(bits-1), 2^(bits-1) - 1]. With 8 bits the lowest integer is left out, as
kernels want it; and with 4 bits where a group is no block: the runtime's own FULLY_CONNECTED takes a row of
these for another one if it holds -8.

Sources: `octav`, C. Sakr et al., "Optimal Clipping and Magnitude-aware Differentiation for Improved
Quantization-aware Training", ICML 2022, equation 7. `mse` tries steps and keeps the best one; the
refinement of a step with the integers held is the least-squares solution <w, q> / <q, q>.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

ONE = np.float32(1.0)
"""The scale of a block that is zero throughout: any would do, and this one every kernel takes."""

EMPTY_CHANNEL_SCALE = np.float32(2**-10)
"""The scale of a channel, or tensor, that is zero throughout."""

SMALLEST_BLOCK_SCALE = np.float32(2.0**-14)
"""The smallest normal number of 16 bits: kernels refuse smaller scales of blocks."""

LARGEST_BLOCK_SCALE = np.float32(65280.0)
"""The largest number that both 16-bit formats hold."""

_OCTAV_STEPS = 12
_CANDIDATES = 14
_TIGHTEST = 3.0
"""The smallest step tried by `mse` is so many times smaller than that of `min_max`."""


def lowest(bits: int, *, blocks: bool) -> int:
    """The lowest integer, in blocks or not."""
    narrow = bits == 8 or (bits == 4 and not blocks)
    return -highest(bits) if narrow else -(1 << (bits - 1))


def highest(bits: int) -> int:
    """The highest integer."""
    return (1 << (bits - 1)) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of numbers that share a scale.

    Attributes:
        numbers: float32, [elements, groups] or [groups, elements].
        axis: the dimension of the elements: 0 or 1.
        bits: of an integer.
        blocks: whether they are blocks.
        importance: how much an error of each number counts, in the shape of `numbers`; None if all count
            alike.
    """

    numbers: Array
    axis: int
    bits: int
    blocks: bool = False
    importance: Array | None = None

    @property
    def bounds(self) -> tuple[np.float32, np.float32]:
        """The lowest and the highest integer."""
        low = lowest(self.bits, blocks=self.blocks)
        return np.float32(low), np.float32(highest(self.bits))

    def spread(self, scales: Array) -> Array:
        """One number a group, so that it meets the elements of the group."""
        return scales[None, :] if self.axis == 0 else scales[:, None]

    def dot(self, a: Array, b: Array) -> Array:
        """Sum of the products in each group."""
        return np.einsum("eg,eg->g" if self.axis == 0 else "ge,ge->g", a, b)

    def peak(self) -> Array:
        """The largest magnitude of each group; NaN where there is one."""
        return np.maximum(self.numbers.max(self.axis), -self.numbers.min(self.axis))


def min_max(groups: Groups) -> Array:
    """The largest magnitude becomes the highest integer.

    Returns:
        float32, [groups]; 0 for a group of zeros, not finite for one that holds what is not finite.
    """
    return groups.peak() / np.float32(highest(groups.bits))


def octav(groups: Groups) -> Array:
    """The clipping that balances the error of rounding and the error of clipping, by Newton's steps.

    Rounding errors are taken to be spread evenly over a step, which holds for large groups and many bits.
    See `min_max` for the result.
    """
    magnitude = np.abs(groups.numbers)
    rounding = np.float32(4.0**-groups.bits / 3)
    count = np.float32(magnitude.shape[groups.axis])
    clip = magnitude.mean(groups.axis)
    for _ in range(_OCTAV_STEPS):
        beyond = (magnitude > groups.spread(clip)).astype(np.float32)
        outside = np.add.reduce(beyond, groups.axis)
        total = groups.dot(magnitude, beyond)
        clip = total / (rounding * (count - outside) + np.maximum(outside, np.float32(1e-12)))
    peak = groups.peak()
    # Written so that a peak that is no number stays one.
    usable = (clip > 0) & (clip < peak)
    return np.where(usable, clip, peak) / np.float32(highest(groups.bits))


def mse(groups: Groups) -> Array:
    """The step, of some tried, whose rounded numbers have the smallest squared error, weighted.

    See `min_max` for the result.
    """
    start = min_max(groups)
    search = _Search(groups)
    best, least = start, search.error(start)
    for divisor in np.geomspace(1.0, _TIGHTEST, _CANDIDATES)[1:]:
        step = start / np.float32(divisor)
        best, least = _better(best, least, step, search.error(step))
    for _ in range(2):
        step = search.refined(best)
        best, least = _better(best, least, step, search.error(step))
    return best


class _Search:
    """Errors of rounding a chunk at steps that are tried, in buffers that are made once."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._low, self._high = groups.bounds
        self._rounded = np.empty_like(groups.numbers)
        self._weighted = np.empty_like(groups.numbers)

    def _round(self, step: Array) -> Array:
        rounded = self._rounded
        np.multiply(self._groups.numbers, self._groups.spread(_inverse(step)), out=rounded)
        np.rint(rounded, out=rounded)
        return np.clip(rounded, self._low, self._high, out=rounded)

    def _weigh(self, array: Array) -> Array:
        if self._groups.importance is None:
            return array
        return np.multiply(array, self._groups.importance, out=self._weighted)

    def error(self, step: Array) -> Array:
        """The squared error of each group."""
        difference = self._round(step)
        np.multiply(difference, self._groups.spread(step), out=difference)
        np.subtract(self._groups.numbers, difference, out=difference)
        return self._groups.dot(self._weigh(difference), difference)

    def refined(self, step: Array) -> Array:
        """The step that is best for the integers that `step` gives."""
        rounded = self._round(step)
        weighted = self._weigh(rounded)
        above = self._groups.dot(weighted, self._groups.numbers)
        below = self._groups.dot(weighted, rounded)
        usable = (below > 0) & (above > 0)
        return np.where(usable, above / np.where(usable, below, ONE), step)


ALGORITHMS: Mapping[str, Callable[[Groups], Array]] = MappingProxyType(
    {
        "min_max": min_max,
        "octav": octav,
        "mse": mse,
        "output_mse": mse,
        "gptq": mse,
    }
)
"""Scales by algorithm. Algorithms that look at data start from those of `mse`, weighted."""


def legal(scales: Array, *, blocks: bool) -> Array:
    """Scales that kernels take: positive, and for blocks exact in both formats of 16 bits.

    XNNPACK computes with scales of blocks in bfloat16 and reads them as float16, so they are rounded to
    what both hold; the integers are chosen for the rounded scales. A channel of zeros has a small scale, since
    its bias is counted in steps of it where activations are integers.
    """
    empty = ONE if blocks else EMPTY_CHANNEL_SCALE
    positive = np.where(scales > 0, scales, empty).astype(np.float32)
    if not blocks:
        return np.maximum(positive, np.finfo(np.float32).tiny)
    within = np.clip(positive, SMALLEST_BLOCK_SCALE, LARGEST_BLOCK_SCALE)
    return within.astype(ml_dtypes.bfloat16).astype(np.float32)


def to_integers(groups: Groups, scales: Array) -> Array:
    """The integers, int8, in the shape of the numbers."""
    low, high = groups.bounds
    rounded = np.multiply(groups.numbers, groups.spread(_inverse(scales)))
    np.rint(rounded, out=rounded)
    np.clip(rounded, low, high, out=rounded)
    return rounded.astype(np.int8)


def _inverse(step: Array) -> Array:
    return ONE / np.where(step > 0, step, ONE)


def _better(best: Array, least: Array, step: Array, error: Array) -> tuple[Array, Array]:
    wins = error < least
    return np.where(wins, step, best), np.where(wins, error, least)
