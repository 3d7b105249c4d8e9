"""Scales and integers of a matrix by coordinate descent on the squared error of its products.

The products are W x; with H = sum of x x^T over samples of x the error of what stands for W is
tr((W - W') H (W - W')^T), which is a sum over the rows of W. A block of columns at a time is made better while
the others are held, so that its errors are chosen to cancel theirs.

Three steps: a new scale for each block with all integers rounded to nearest (`clip`); the best scale for integers
that are held, <q, H (w - rest)> / <q, H q> (`refit`); and the best integer of each column in turn (`round`), as
in K. Behdin et al., "QuantEase: Optimization-based Quantization for Language Models", 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .algebra import add_product, product

Array = np.ndarray[Any, np.dtype[Any]]

_SWEEPS = 3
"""Passes over all blocks; later ones bring less than a hundredth of what is left."""

_WIDE = np.geomspace(0.4, 1.1, 16, dtype=np.float32)
"""Scales that are tried first, as parts of that of the largest magnitude."""

_NARROW = np.array([0.9, 0.94, 0.97, 0.99, 1.01, 1.03, 1.06, 1.1], np.float32)
"""Scales that are tried afterwards, as parts of the best one so far."""

_NEAR, _FAR = 64, 256
"""Columns whose changes are gathered before they are brought to the columns around, and to all others: what is
gathered is brought in one product, for which all numbers are read once."""


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """The errors of some columns, and what all errors pull at these: what a descent goes down on.

    Attributes:
        moments: float32, [columns, columns].
        errors: float32, [columns, rows].
        pulls: float32, [columns, rows]: the moments, of all columns of the matrix, times all errors.
    """

    moments: Array
    errors: Array
    pulls: Array

    def apart(self, own: slice) -> _Columns:
        """A copy of some of them, which the others learn nothing of until `take`."""
        inner = np.ascontiguousarray(self.moments[own, own])
        return _Columns(inner, self.errors[own].copy(), self.pulls[own].copy())

    def take(self, own: slice, errors: Array) -> None:
        """Gives some of them new errors, which pull at all of these."""
        change = errors - self.errors[own]
        self.errors[own] = errors
        add_product(self.pulls, np.ascontiguousarray(self.moments[:, own]), change)

    def rest(self) -> Array:
        """What the errors of all others pull at these."""
        return self.pulls - product(self.moments, self.errors)

    def parts(self, size: int) -> Iterator[slice]:
        """All of them, so many at a time."""
        for start in range(0, len(self.errors), size):
            yield slice(start, min(start + size, len(self.errors)))


class Descent:
    """Rows of a matrix that become integers; all arrays lie with columns first, so that steps run along rows.

    Attributes:
        integers: float32, [columns, rows].
        scales: float32, [blocks, rows].
    """

    def __init__(
        self,
        rows: Array,
        scales: Array,
        moments: Array,
        bounds: tuple[np.float32, np.float32],
        legal: Callable[[Array], Array],
    ) -> None:
        """Starts from integers rounded to nearest.

        Args:
            rows: float32, [rows, columns].
            scales: float32, [rows, blocks].
            moments: float32, [columns, columns], positive definite.
            bounds: the lowest and the highest integer.
            legal: makes scales ones that kernels take.
        """
        self._wanted = np.ascontiguousarray(rows.T)
        self._moments = moments
        self._bounds = bounds
        self._legal = legal
        self.scales = np.ascontiguousarray(scales.T)
        self._size = len(self._wanted) // len(self.scales)
        self.integers = self._nearest(self._wanted, self._steps())
        self._all = self._settled()

    def clip(self) -> None:
        """Chooses scales; integers are rounded to nearest."""
        high = self._bounds[1]
        for sweep in range(_SWEEPS):
            for block, own, around, inside in self._blocks():
                if sweep:
                    tried = _NARROW[:, None] * self.scales[block]
                else:
                    tried = _WIDE[:, None] * (np.abs(self._wanted[own]).max(0) / high)
                found = self._clipped(around.apart(inside), block, own, tried)
                around.take(inside, found)

    def improve(self, integers: Array) -> None:
        """Goes on from other integers: scales and integers in turn.

        Args:
            integers: [rows, columns].
        """
        self.integers = np.ascontiguousarray(integers.T).astype(np.float32)
        self._all = self._settled()
        for _ in range(_SWEEPS - 1):
            for block, own, around, inside in self._blocks():
                around.take(inside, self._refitted(around.apart(inside), block, own))
            self._round()

    def _blocks(self) -> Iterator[tuple[int, slice, _Columns, slice]]:
        """Each block with its columns, and with the columns around it and where it is in them.

        Behind the last block of those around, all other columns learn of them.
        """
        for far in self._all.parts(max(_FAR, self._size)):
            around = self._all.apart(far)
            for inside in around.parts(self._size):
                start = far.start + inside.start
                own = slice(start, start + self._size)
                yield start // self._size, own, around, inside
            self._all.take(far, around.errors)

    def _steps(self) -> Array:
        return np.repeat(self.scales, self._size, axis=0)

    def _nearest(self, wanted: Array, steps: Array) -> Array:
        rounded = wanted / steps
        np.rint(rounded, out=rounded)
        return np.clip(rounded, *self._bounds, out=rounded)

    def _settled(self) -> _Columns:
        """The errors, and what they pull, computed from scratch."""
        errors = self._wanted - self.integers * self._steps()
        return _Columns(self._moments, errors, product(self._moments, errors))

    def _clipped(self, block: _Columns, number: int, own: slice, tried: Array) -> Array:
        """The errors of a block for the best of some scales."""
        wanted, rest = self._wanted[own], block.rest()

        def cost(scale: Array) -> tuple[Array, Array]:
            integers = self._nearest(wanted, scale)
            errors = wanted - integers * scale
            total = product(block.moments, errors)
            total += 2 * rest
            return np.einsum("cr,cr->r", errors, total), integers

        best = self.scales[number].copy()
        least, integers = cost(best)

        def attempt(scale: Array) -> None:
            found, rounded = cost(scale)
            wins = found < least
            best[wins], least[wins] = scale[wins], found[wins]
            integers[:, wins] = rounded[:, wins]

        for scale in tried:
            attempt(self._legal(scale))
        attempt(self._fitted(block.moments, integers, wanted, rest, best))
        self.scales[number] = best
        self.integers[own] = integers
        return wanted - integers * best

    def _fitted(
        self, inner: Array, integers: Array, wanted: Array, rest: Array, instead: Array
    ) -> Array:
        """The scales that are best for integers that are held."""
        heavy = product(inner, integers)
        above = np.einsum("cr,cr->r", heavy, wanted) + np.einsum("cr,cr->r", integers, rest)
        below = np.einsum("cr,cr->r", heavy, integers)
        usable = (above > 0) & (below > 0)
        return self._legal(np.where(usable, above / np.where(usable, below, 1), instead))

    def _refitted(self, block: _Columns, number: int, own: slice) -> Array:
        """The errors of a block for the best scales, integers held."""
        wanted, integers = self._wanted[own], self.integers[own]
        scale = self._fitted(block.moments, integers, wanted, block.rest(), self.scales[number])
        after = wanted - integers * scale
        change = after - block.errors
        # Rounding a scale to what kernels take may cost more than the step has brought.
        gain = np.einsum("cr,cr->r", change, product(block.moments, change) + 2 * block.pulls)
        wins = gain < 0
        self.scales[number, wins] = scale[wins]
        return np.where(wins, after, block.errors)

    def _round(self) -> None:
        """The best integer of each column in turn, scales held."""
        steps = self._steps()
        for far in self._all.parts(_FAR):
            around = self._all.apart(far)
            for near in around.parts(_NEAR):
                part = around.apart(near)
                self._round_columns(part, steps, far.start + near.start)
                around.take(near, part.errors)
            self._all.take(far, around.errors)

    def _round_columns(self, part: _Columns, steps: Array, start: int) -> None:
        for column, (error, pull) in enumerate(zip(part.errors, part.pulls, strict=True)):
            ideal = error - pull / part.moments[column, column]
            wanted, step = self._wanted[start + column], steps[start + column]
            integers = self._nearest(wanted - ideal, step)
            found = wanted - integers * step
            np.add(part.pulls, part.moments[:, column, None] * (found - error), out=part.pulls)
            part.errors[column] = found
            self.integers[start + column] = integers
