"""Sizes computed while the model runs, from the shapes of its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from ...capture import Root
from ...diagnostics import InternalError
from ...ir import tfl
from ...ir.mlir import ir
from ...ir.tfl.shorthand import binary, constant_integers
from ...ir.types import element_type, tensor_type
from .formulas import Formula, Product, Sum


class Emission:
    """Writes sizes at the current insertion point, each of them once.

    Values are int32 vectors of one element unless it is said otherwise. LiteRT computes SHAPE, STRIDED_SLICE, MUL
    and CONCATENATION as it prepares a call, so that all other tensors have shapes before the call runs. It does
    not do so for SLICE, ADD and DIV (measured on 2.3): what is shaped by these, and all behind it, gets memory
    while the call runs, which `CompiledModel` does not allow for results.
    """

    def __init__(self, roots: Sequence[Root], inputs: Mapping[str, ir.Value]) -> None:
        """`inputs` are the function's, by name."""
        self._roots, self._inputs = roots, inputs
        self._shapes: dict[str, ir.Value] = {}
        self._dimensions: dict[int, ir.Value] = {}
        self._formulas: dict[Formula, ir.Value] = {}
        self._scalars: dict[Formula, ir.Value] = {}
        self._vectors: dict[tuple[Formula | int, ...], ir.Value] = {}

    def cost(self, formula: Formula | None) -> int:
        """What is better avoided: no formula at all, then one that keeps LiteRT from preparing a call."""
        if formula is None:
            return 3
        if isinstance(formula, Product):
            return 1
        constant, factors, denominator = self._terms(formula)
        if constant or len(factors) > 1 or denominator > 1:
            return 2
        return int(any(factor != 1 for factor in factors.values()))

    def vector(self, entries: Sequence[Formula | int]) -> ir.Value:
        """A vector of numbers, some of which are known."""
        key = tuple(entries)
        if key not in self._vectors:
            parts = self._parts(entries)
            self._vectors[key] = (
                parts[0]
                if len(parts) == 1
                else tfl.emit("concatenation", parts, _integers(len(entries)), axis=0,
                              fused_activation_function="NONE")
            )  # fmt: skip
        return self._vectors[key]

    def scalar(self, formula: Formula) -> ir.Value:
        """A number of rank 0."""
        if formula not in self._scalars:
            bounds = [constant_integers([each]) for each in (0, 1, 1)]
            scalar = tensor_type((), element_type("i32"))
            self._scalars[formula] = tfl.emit(
                "strided_slice", [self.number(formula), *bounds], scalar, shrink_axis_mask=1
            )
        return self._scalars[formula]

    def number(self, formula: Formula) -> ir.Value:
        """A number."""
        if formula not in self._formulas:
            self._formulas[formula] = (
                self._sum(formula) if isinstance(formula, Sum) else self._product(formula)
            )
        return self._formulas[formula]

    def _parts(self, entries: Sequence[Formula | int]) -> list[ir.Value]:
        parts: list[ir.Value] = []
        known: list[int] = []
        for entry in entries:
            if isinstance(entry, int):
                known.append(entry)
                continue
            if known:
                parts.append(constant_integers(known))
                known = []
            parts.append(self.number(entry))
        return [*parts, constant_integers(known)] if known else parts

    def _terms(self, formula: Sum) -> tuple[int, dict[int, int], int]:
        """A formula by dimensions of inputs, not by sizes: (constant + sum of factors) / denominator."""
        constant, factors = formula.constant, dict[int, Fraction]()
        for number, (root, own) in enumerate(zip(self._roots, formula.coefficients, strict=True)):
            if own:
                factors[number] = own / root.factor
                constant -= factors[number] * root.offset
        denominator = math.lcm(constant.denominator, *(f.denominator for f in factors.values()))
        whole = {number: int(factor * denominator) for number, factor in factors.items()}
        return int(constant * denominator), whole, denominator

    def _sum(self, formula: Sum) -> ir.Value:
        constant, factors, denominator = self._terms(formula)
        total: ir.Value | None = None
        for number, factor in factors.items():
            term = _scaled(self._dimension(number), factor)
            total = term if total is None else binary("add", total, term)
        if total is None:
            raise InternalError("a size that depends on nothing is a constant")
        total = binary("add", total, constant_integers([constant])) if constant else total
        return _divided(total, denominator)

    def _product(self, formula: Product) -> ir.Value:
        count = len(self._roots)
        total: ir.Value | None = None
        for root in formula.roots:
            alone = Sum(Fraction(0), tuple(Fraction(int(n == root)) for n in range(count)))
            size = self.number(alone)
            total = size if total is None else binary("mul", total, size)
        assert total is not None, "a product has factors"
        return _divided(_scaled(total, formula.factor.numerator), formula.factor.denominator)

    def _dimension(self, number: int) -> ir.Value:
        root = self._roots[number]
        if number not in self._dimensions:
            shape = self._shape(root.input)
            bounds = [constant_integers([root.dimension + n]) for n in (0, 1)]
            self._dimensions[number] = tfl.emit(
                "strided_slice", [shape, *bounds, constant_integers([1])], _integers(1)
            )
        return self._dimensions[number]

    def _shape(self, name: str) -> ir.Value:
        if name not in self._shapes:
            value = self._inputs[name]
            rank = ir.RankedTensorType(value.type).rank
            self._shapes[name] = tfl.emit("shape", [value], _integers(rank))
        return self._shapes[name]


def _scaled(value: ir.Value, factor: int) -> ir.Value:
    return value if factor == 1 else binary("mul", value, constant_integers([factor]))


def _divided(value: ir.Value, divisor: int) -> ir.Value:
    return value if divisor == 1 else binary("div", value, constant_integers([divisor]))


def _integers(count: int) -> ir.RankedTensorType:
    return tensor_type((count,), np.dtype(np.int32))
