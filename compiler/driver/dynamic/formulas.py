"""How a number grows with the sizes that the caller chooses, fitted on probes and checked on more."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ...capture import Sizes

# Rounded to float32, a number is this near to itself, relatively; twice that after one more operation.
_ROUNDING = 2.0**-23


@dataclass(frozen=True, slots=True)
class Sum:
    """constant + the sum of coefficients times sizes.

    Attributes:
        constant: as above.
        coefficients: one for each root.
    """

    constant: Fraction
    coefficients: tuple[Fraction, ...]

    def at(self, sizes: Sizes) -> Fraction:
        """The number at some sizes."""
        return self.constant + sum(
            (c * n for c, n in zip(self.coefficients, sizes, strict=True)), Fraction(0)
        )


@dataclass(frozen=True, slots=True)
class Product:
    """factor times the sizes of some roots.

    Attributes:
        factor: as above.
        roots: their numbers, two or more.
    """

    factor: Fraction
    roots: tuple[int, ...]

    def at(self, sizes: Sizes) -> Fraction:
        """The number at some sizes."""
        return self.factor * math.prod(sizes[number] for number in self.roots)


Formula = Sum | Product


def fit(values: Sequence[int], sizes: Sequence[Sizes]) -> Formula | None:
    """The formula that a number follows at all probes; None where it follows none.

    Args:
        values: the number, at each of the probes.
        sizes: of the probes: the base, the base with each root changed, and at least one more.
    """
    sum_of = _sum(values, sizes)
    if _holds(sum_of, values, sizes):
        return sum_of
    for roots in _groups(len(sizes[0])):
        product = Product(Fraction(values[0], math.prod(sizes[0][n] for n in roots)), roots)
        if _holds(product, values, sizes):
            return product
    return None


def _sum(values: Sequence[int], sizes: Sequence[Sizes]) -> Sum:
    base = sizes[0]
    slopes = tuple(
        Fraction(values[n + 1] - values[0], sizes[n + 1][n] - base[n]) for n in range(len(base))
    )
    constant = values[0] - sum((c * n for c, n in zip(slopes, base, strict=True)), Fraction(0))
    return Sum(constant, slopes)


def _holds(formula: Formula, values: Sequence[int], sizes: Sequence[Sizes]) -> bool:
    return all(formula.at(each) == value for value, each in zip(values, sizes, strict=True))


def _groups(count: int) -> Iterator[tuple[int, ...]]:
    """Two roots or more, one of them twice perhaps."""
    for size in (2, 3):
        yield from itertools.combinations_with_replacement(range(count), size)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A float that is a number times a count, or divided by one.

    Attributes:
        number: the float.
        count: a whole number at all sizes.
        divided: whether the number is divided by the count.
    """

    number: float
    count: Formula
    divided: bool


def fit_ratio(values: Sequence[float], sizes: Sequence[Sizes]) -> Ratio | None:
    """The only count that a float is in proportion to, or in inverse proportion; None if there is not just one.

    Counts are sizes, products of sizes, and sizes less one, which torch divides variances by.
    """
    if any(_looks_flat([each[number] for each in sizes]) for number in range(len(sizes[0]))):
        return None
    found = [
        Ratio(_number(values[0], count.at(sizes[0]), divided=divided), count, divided)
        for count in _counts(len(sizes[0]))
        for divided in (True, False)
        if _in_proportion(values, [count.at(each) for each in sizes], divided=divided)
    ]
    return found[0] if len(found) == 1 else None


def _looks_flat(sizes: Sequence[int]) -> bool:
    """Whether sizes lie so near each other that a number over a size might be one over a size and a bit."""
    return (max(sizes) - min(sizes)) / (max(sizes) * min(sizes)) < 8 * _ROUNDING


def _counts(count: int) -> Iterator[Formula]:
    for root in range(count):
        alone = tuple(Fraction(int(number == root)) for number in range(count))
        yield Sum(Fraction(0), alone)
        yield Sum(Fraction(-1), alone)
    for roots in _groups(count):
        yield Product(Fraction(1), roots)


def _number(value: float, count: Fraction, *, divided: bool) -> float:
    return value * float(count) if divided else value / float(count)


def _in_proportion(values: Sequence[float], counts: Sequence[Fraction], *, divided: bool) -> bool:
    numbers = [_number(v, c, divided=divided) for v, c in zip(values, counts, strict=True)]
    return max(numbers) - min(numbers) <= 2 * _ROUNDING * max(map(abs, numbers))
