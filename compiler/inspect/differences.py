"""How far apart two results are, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..ir.mlir import Array

# A whole model may be off by this much, by the coarsest element type in it.
TOLERANCE = 1e-4
_TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2}


@dataclass(frozen=True, slots=True)
class Difference:
    """Two results of one name.

    Attributes:
        name: the result.
        error: the largest absolute difference, divided by the largest magnitude expected; infinite where a NaN
            or an infinity differs, or the shape or dtype is another.
        index: the element that is off by most.
        expected: its value.
        actual: the value it has instead.
        wrong: how many elements are off by more than the tolerance.
        size: how many elements there are.
    """

    name: str
    error: float
    index: tuple[int, ...] = ()
    expected: str = ""
    actual: str = ""
    wrong: int = 0
    size: int = 0

    def __str__(self) -> str:
        if not self.size:
            return f"{self.name}: {self.actual} instead of {self.expected}"
        place = f"[{', '.join(map(str, self.index))}]"
        return (
            f"{self.name}{place} is {self.actual} instead of {self.expected}; {self.wrong} of "
            f"{self.size} elements are off, by {self.error:.2g} of the largest at most"
        )


def tolerance_for(arrays: Mapping[str, Array]) -> float:
    """How close results must be, by their element types."""
    return max((_TOLERANCES.get(a.dtype.name, TOLERANCE) for a in arrays.values()), default=0.0)


def worst(
    expected: Mapping[str, Array], actual: Mapping[str, Array], tolerance: float
) -> Difference | None:
    """The result that is off by most; None if no result has elements."""
    found = [compare(name, expected[name], actual[name], tolerance) for name in expected]
    return max(found, key=lambda each: each.error, default=None)


def compare(name: str, expected: Array, actual: Array, tolerance: float) -> Difference:
    """Two arrays; see `Difference`."""
    if expected.shape != actual.shape or expected.dtype != actual.dtype:
        wanted, found = (f"{a.dtype}{list(a.shape)}" for a in (expected, actual))
        return Difference(name, float("inf"), (), wanted, found)
    if expected.size == 0:
        return Difference(name, 0.0)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    errors = _errors(expected.astype(wide), actual.astype(wide))
    index = np.unravel_index(int(np.argmax(errors)), errors.shape)
    return Difference(
        name,
        float(errors[index]),
        tuple(map(int, index)),
        _text(expected[index]),
        _text(actual[index]),
        int(np.count_nonzero(errors > tolerance)),
        expected.size,
    )


def _errors(expected: Array, actual: Array) -> Array:
    """By element, the difference relative to the largest magnitude expected."""
    finite = np.isfinite(expected)
    peak = float(np.abs(expected[finite]).max(initial=0.0)) or 1.0
    with np.errstate(invalid="ignore"):
        errors = np.abs(actual - expected) / peak
        same = (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return np.where(same, 0.0, np.where(finite & np.isfinite(actual), errors, np.inf))


def _text(element: np.generic) -> str:
    return f"{float(element):.9g}" if element.dtype.kind not in "biuc" else str(element.item())
