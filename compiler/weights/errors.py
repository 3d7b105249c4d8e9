"""What a weight loses as it becomes integers, or floats of 16 bits, against the numbers that it is made from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..quantize import tensors
from ..quantize.tensors import Quantized, Rows
from .expression import Cast, Expression, Quantize, quantized, rows_of

Array = np.ndarray[Any, np.dtype[Any]]

_CHUNK = 1 << 18
"""Elements that are compared at a time."""


def signal_to_noise(expression: Expression, read: Callable[[str], Array]) -> float | None:
    """How far a weight is from what it is made from: 10 log10(sum w^2 / sum (w - w')^2).

    The weight is made once more for it, which costs what writing it does; floats of 32 bits exist a chunk at
    a time.

    Args:
        expression: the weight as it is stored.
        read: yields the leaves.

    Returns:
        Decibels; infinite where nothing is lost. None for a weight that is stored as it is: its original is
        not at hand, or it was never rounded.

    Raises:
        UserError: the weight holds NaN or infinity, or what float16 cannot hold.
    """
    match expression:
        case Quantize(operand, _, axis):
            floats, shape = rows_of(operand, read)
            stored = _dequantized(quantized(expression, read), axis)
        case Cast(operand, "float16"):
            floats, shape = rows_of(operand, read)
            if not shape or floats(0, 1).dtype == np.float16:
                return None
            stored, _ = rows_of(expression, read)
        case _:
            return None
    return _ratio(floats, stored, shape)


def _dequantized(made: Quantized, axis: int | None) -> Rows:
    """Parts of what the integers stand for, along the first dimension."""
    by_row = axis == 0 or made.scales.ndim == 2

    def rows(start: int, stop: int) -> Array:
        scales = made.scales[start:stop] if by_row else made.scales
        return Quantized(made.integers[start:stop], scales).dequantized(axis)

    return rows


def _ratio(floats: Rows, stored: Rows, shape: tuple[int, ...]) -> float:
    """Decibels of one tensor against its distance to another one."""
    step = max(1, _CHUNK // max(1, math.prod(shape[1:])))
    starts = range(0, shape[0], step)
    sums = np.zeros((len(starts), 2))

    def work(start: int) -> None:
        stop = min(start + step, shape[0])
        exact = floats(start, stop).astype(np.float64)
        lost = exact - stored(start, stop).astype(np.float64)
        sums[start // step] = np.square(exact).sum(), np.square(lost).sum()

    tensors.in_parallel(work, starts)
    signal, noise = sums.sum(0)
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf
