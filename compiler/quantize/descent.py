"""Scales and integers of a matrix by coordinate descent on the squared error of its products.

The products are W x; with H = sum of x x^T over samples of x the error of what stands for W is
tr((W - W') H (W - W')^T), which is a sum over the rows of W. A block of columns at a time is made better while
the others are held, so that its errors are chosen to cancel theirs.

Three steps: a new scale for each block with all integers rounded to nearest (`clip`); the best scale for integers
that are held, <q, H (w - rest)> / <q, H q> (`refit`); and the best integer of each column in turn (`round`), as
in K. Behdin et al., "QuantEase: Optimization-based Quantization for Language Models", 2023.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .algebra import product

Array = np.ndarray[Any, np.dtype[Any]]

_SWEEPS = 3
"""Passes over all blocks; later ones bring less than a hundredth of what is left."""

_WIDE = np.geomspace(0.4, 1.1, 16, dtype=np.float32)
"""Scales that are tried first, as parts of that of the largest magnitude."""

_NARROW = np.array([0.9, 0.94, 0.97, 0.99, 1.01, 1.03, 1.06, 1.1], np.float32)
"""Scales that are tried afterwards, as parts of the best one so far."""

_COLUMNS = 64
"""Columns whose changes are gathered before they are brought to all others."""


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
        self._settle()

    def clip(self) -> None:
        """Chooses scales; integers are rounded to nearest."""
        high = self._bounds[1]
        for sweep in range(_SWEEPS):
            for block, own in enumerate(self._blocks()):
                if sweep:
                    tried = _NARROW[:, None] * self.scales[block]
                else:
                    tried = _WIDE[:, None] * (np.abs(self._wanted[own]).max(0) / high)
                self._clip_block(block, own, tried)

    def improve(self, integers: Array) -> None:
        """Goes on from other integers: scales and integers in turn.

        Args:
            integers: [rows, columns].
        """
        self.integers = np.ascontiguousarray(integers.T).astype(np.float32)
        self._settle()
        for _ in range(_SWEEPS - 1):
            self._refit()
            self._round()

    def _blocks(self) -> list[slice]:
        starts = range(0, len(self._wanted), self._size)
        return [slice(start, start + self._size) for start in starts]

    def _steps(self) -> Array:
        return np.repeat(self.scales, self._size, axis=0)

    def _nearest(self, wanted: Array, steps: Array) -> Array:
        rounded = wanted / steps
        np.rint(rounded, out=rounded)
        return np.clip(rounded, *self._bounds, out=rounded)

    def _settle(self) -> None:
        """Computes the errors, and what they cost by column, from scratch."""
        self._errors = self._wanted - self.integers * self._steps()
        self._pulls = product(self._moments, self._errors)

    def _rest(self, own: slice) -> Array:
        """What the errors of all other columns pull at these."""
        inner = np.ascontiguousarray(self._moments[own, own])
        return self._pulls[own] - product(inner, np.ascontiguousarray(self._errors[own]))

    def _move(self, own: slice, errors: Array) -> None:
        """Gives columns new errors, and tells all others."""
        change = errors - self._errors[own]
        self._errors[own] = errors
        self._pulls += product(np.ascontiguousarray(self._moments[:, own]), change)

    def _clip_block(self, block: int, own: slice, tried: Array) -> None:
        wanted, rest = self._wanted[own], self._rest(own)
        inner = np.ascontiguousarray(self._moments[own, own])

        def cost(scale: Array) -> tuple[Array, Array]:
            integers = self._nearest(wanted, scale)
            errors = wanted - integers * scale
            total = product(inner, errors)
            total += 2 * rest
            return np.einsum("cr,cr->r", errors, total), integers

        best = self.scales[block].copy()
        least, integers = cost(best)

        def attempt(scale: Array) -> None:
            found, rounded = cost(scale)
            wins = found < least
            best[wins], least[wins] = scale[wins], found[wins]
            integers[:, wins] = rounded[:, wins]

        for scale in tried:
            attempt(self._legal(scale))
        attempt(self._fitted(inner, integers, wanted, rest, best))
        self.scales[block] = best
        self.integers[own] = integers
        self._move(own, wanted - integers * best)

    def _fitted(
        self, inner: Array, integers: Array, wanted: Array, rest: Array, instead: Array
    ) -> Array:
        """The scales that are best for integers that are held."""
        heavy = product(inner, integers)
        above = np.einsum("cr,cr->r", heavy, wanted) + np.einsum("cr,cr->r", integers, rest)
        below = np.einsum("cr,cr->r", heavy, integers)
        usable = (above > 0) & (below > 0)
        return self._legal(np.where(usable, above / np.where(usable, below, 1), instead))

    def _refit(self) -> None:
        for block, own in enumerate(self._blocks()):
            wanted, integers, rest = self._wanted[own], self.integers[own], self._rest(own)
            inner = np.ascontiguousarray(self._moments[own, own])
            scale = self._fitted(inner, integers, wanted, rest, self.scales[block])
            before, after = self._errors[own], wanted - integers * scale
            change = after - before
            # Rounding a scale to what kernels take may cost more than the step has brought.
            gain = np.einsum("cr,cr->r", change, product(inner, change) + 2 * self._pulls[own])
            wins = gain < 0
            self.scales[block, wins] = scale[wins]
            self._move(own, np.where(wins, after, before))

    def _round(self) -> None:
        steps = self._steps()
        for start in range(0, len(self._wanted), _COLUMNS):
            own = slice(start, min(start + _COLUMNS, len(self._wanted)))
            inner = self._moments[own, own]
            errors, pulls = self._errors[own].copy(), self._pulls[own].copy()
            for column in range(len(errors)):
                ideal = errors[column] - pulls[column] / inner[column, column]
                wanted, step = self._wanted[start + column], steps[start + column]
                integers = self._nearest(wanted - ideal, step)
                found = wanted - integers * step
                pulls += inner[:, column, None] * (found - errors[column])
                errors[column] = found
                self.integers[start + column] = integers
            self._move(own, errors)
