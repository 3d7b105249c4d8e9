"""What tables of numbers have in them that is the same at all sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...ir.mlir import Array


@dataclass(frozen=True, slots=True)
class Triangle:
    """A table of two numbers, divided by a diagonal.

    Attributes:
        axes: the dimensions of rows and columns; all others are 1.
        diagonal: the least difference of column and row that is above.
        above: the number there.
        below: the number elsewhere.
    """

    axes: tuple[int, int]
    diagonal: int
    above: float
    below: float


def triangle_of(array: Array) -> Triangle | None:
    """What a table is, if it is a triangle."""
    axes = [axis for axis, size in enumerate(array.shape) if size > 1]
    if len(axes) != 2 or array.dtype.kind not in "fib":
        return None
    rows, columns = (array.shape[axis] for axis in axes)
    table = array.reshape(rows, columns)
    above, below = table[0, -1], table[-1, 0]
    upper = table == above
    difference: Array = np.indices((rows, columns))[1] - np.indices((rows, columns))[0]
    if above == below or not upper.any() or not (upper | (table == below)).all():
        return None
    diagonal = int(difference[upper].min())
    if not ((difference >= diagonal) == upper).all():
        return None
    return Triangle((axes[0], axes[1]), diagonal, above.item(), below.item())


def without_repetition(arrays: Sequence[Array]) -> list[Array]:
    """The constants with 1 for dimensions along which each of them is the same."""
    kernels = list(arrays)
    for axis in range(arrays[0].ndim):
        firsts = [kernel.take([0], axis) for kernel in kernels]
        pairs = zip(firsts, kernels, strict=True)
        if all(np.broadcast_to(one, each.shape).tobytes() == each.tobytes() for one, each in pairs):
            kernels = firsts
    return kernels
