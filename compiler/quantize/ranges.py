"""Which range of an activation becomes integers: found out while samples go by, in bounded memory.

A value is seen once a sample. What is kept of it are its lowest and highest number and, where numbers at the
rim may be cut off for the sake of the others, a histogram of fixed size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from ..ir.quantized_type import QuantizedType

Array = np.ndarray[Any, np.dtype[Any]]

RangeChoice = Literal["min_max", "moving_average", "percentile", "mse"]
RANGE_CHOICES: tuple[RangeChoice, ...] = get_args(RangeChoice)

INERTIA = 0.9
"""How much of a moving average stays when the next sample comes."""

TAIL = 1e-4
"""The part of the numbers that `percentile` cuts off, half of it at each end."""

BINS = 2048
"""Of a histogram; an even number, with 0 in the middle."""

LIMITS: dict[str, tuple[int, int]] = {"i8": (-128, 127), "i16": (-32767, 32767)}
"""The integers that activations use. Those of 16 bits are symmetric, as their kernels want it."""

LARGEST = 2.0**64
"""Values that hold larger numbers are those of masks, and have no range that could become integers."""

Range = tuple[float, float]


@dataclass(slots=True, eq=False)
class Histogram:
    """Counts of numbers between -limit and limit; a power of two, which doubles when it has to."""

    limit: float = 0.0
    counts: Array = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, numbers: Array) -> None:
        """Counts finite numbers."""
        peak = float(np.abs(numbers).max(initial=0))
        if peak == 0 and self.limit == 0:
            return
        if self.limit == 0:
            self.limit = 2.0 ** float(np.ceil(np.log2(peak)))
        while peak > self.limit:
            self._widen()
        found, _ = np.histogram(numbers, BINS, (-self.limit, self.limit))
        self.counts += found

    @property
    def centres(self) -> Array:
        """The middle of each bin."""
        return (np.arange(BINS) + 0.5 - BINS / 2) * (2 * self.limit / BINS)

    def _widen(self) -> None:
        quarter = BINS // 4
        merged = self.counts.reshape(-1, 2).sum(1)
        self.counts = np.zeros(BINS, np.int64)
        self.counts[quarter : BINS - quarter] = merged
        self.limit *= 2


@dataclass(slots=True, eq=False)
class Seen:
    """What is remembered of one value.

    Attributes:
        choice: how its range is found.
        low: the lowest number, or a moving average of it.
        high: the highest number, or a moving average of it.
        samples: how many have gone by.
        is_bounded: whether all numbers were finite and no larger than `LARGEST`.
        histogram: for choices that cut off; else None.
    """

    choice: RangeChoice
    low: float = 0.0
    high: float = 0.0
    samples: int = 0
    is_bounded: bool = True
    histogram: Histogram | None = None

    def __post_init__(self) -> None:
        if self.choice in {"percentile", "mse"}:
            self.histogram = Histogram()

    def add(self, numbers: Array) -> None:
        """Looks at the value of a sample."""
        low, high = float(numbers.min(initial=0)), float(numbers.max(initial=0))
        if not (low >= -LARGEST and high <= LARGEST):  # NaN is neither.
            self.is_bounded = False
            return
        if self.choice == "moving_average" and self.samples:
            self.low += (low - self.low) * (1 - INERTIA)
            self.high += (high - self.high) * (1 - INERTIA)
        else:
            self.low, self.high = min(low, self.low), max(high, self.high)
        if self.histogram is not None:
            self.histogram.add(numbers)
        self.samples += 1

    def range(self, storage: str) -> Range | None:
        """The range that becomes integers, 0 in it; None if there is none.

        Args:
            storage: `i8` or `i16`.
        """
        if not self.is_bounded or not self.samples:
            return None
        if self.histogram is None or not self.histogram.counts.any():
            return self.low, self.high
        low, high = (
            _without_tails(self.histogram)
            if self.choice == "percentile"
            else _least_error(self.histogram, (self.low, self.high), storage)
        )
        return max(low, self.low), min(high, self.high)


def scheme_of_range(found: Range, storage: str, *, centred: bool = False) -> QuantizedType:
    """Scale and zero point of integers that cover a range; 0 is one of the numbers that they stand for.

    Args:
        found: lowest and highest number.
        storage: `i8` or `i16`.
        centred: whether there is to be no zero point. Integers of 16 bits never have one.
    """
    # Recipes are made without MLIR.
    from ..ir.quantized_type import QuantizedType

    low, high = min(found[0], 0.0), max(found[1], 0.0)
    least, most = LIMITS[storage]
    if centred or storage == "i16":
        return QuantizedType(storage, (_scale(max(-low, high) / most),), (0,))
    scale = _scale((high - low) / (most - least))
    zero = int(np.clip(np.rint(least - low / scale), least, most))
    return QuantizedType(storage, (scale,), (zero,))


def _scale(step: float) -> float:
    """A scale that kernels take: positive, a normal float of 32 bits. Where all is 0, any will do."""
    return float(np.float32(step)) if step > np.finfo(np.float32).tiny else 1.0


def _without_tails(histogram: Histogram) -> Range:
    """The range without a small part of the numbers at each end."""
    sums: Array = np.cumsum(histogram.counts)
    cut = float(sums[-1]) * TAIL / 2
    first = int(np.searchsorted(sums, cut, side="right"))
    last = int(np.searchsorted(sums, float(sums[-1]) - cut, side="left"))
    width = 2 * histogram.limit / BINS
    return (first - BINS / 2) * width, (last + 1 - BINS / 2) * width


def _least_error(histogram: Histogram, whole: Range, storage: str) -> Range:
    """Of some parts of the whole range the one with the smallest squared error of what becomes integers.

    Each end is brought nearer by itself, in turns.
    """
    best, error = whole, _squared_error(histogram, whole, storage)
    for _ in range(2):
        for end in (0, 1):
            for part in np.linspace(0.98, 0.2, 40):
                tried = list(best)
                tried[end] = whole[end] * float(part)
                found = _squared_error(histogram, (tried[0], tried[1]), storage)
                if found < error:
                    best, error = (tried[0], tried[1]), found
    return best


def _squared_error(histogram: Histogram, tried: Range, storage: str) -> float:
    scheme = scheme_of_range(tried, storage)
    scale, zero = scheme.scales[0], scheme.zero_points[0]
    centres, (least, most) = histogram.centres, LIMITS[storage]
    if scale * BINS > 2 * histogram.limit:
        steps = np.clip(np.rint(centres / scale) + zero, least, most)
        lost = np.square((steps - zero) * scale - centres)
    else:  # A bin is wider than a step: within it, errors of rounding are spread evenly.
        inner = np.clip(centres, (least - zero) * scale, (most - zero) * scale)
        lost = np.square(centres - inner) + np.where(inner == centres, scale * scale / 12, 0)
    return float((histogram.counts * lost).sum())
