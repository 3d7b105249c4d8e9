"""Factors per input channel moved out of what a matrix multiplies and into the matrix: norm weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name, stablehlo
from litewright.compiler.ir.program import (
    Program,
    body_of,
    owner_function,
    weight_symbol,
    weights_of,
)
from litewright.compiler.ir.types import dtype_of, rank_of, shape_of
from litewright.compiler.weights import Binary, Expression, Reshape
from litewright.passes.core import Decline, Pass, decline, remove_dead

from .splats import number_of


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A value times a factor along one of its axes, and the products that alone read the result.

    Attributes:
        x: the value.
        factor: of shape `[channels]`, or a scalar.
        axis: of `x`; -1 for a scalar factor, which has none.
        products: dot_generals whose left operand is the scaled value.
    """

    x: ir.Value
    factor: Expression
    axis: int
    products: tuple[ir.OpView, ...]


def _factor(program: Program, value: ir.Value) -> tuple[Expression, int] | Decline:
    """The factor that a broadcast constant or weight is, and the axis that it runs along."""
    number = number_of(value)
    if number is not None:
        return program.weights.literal(np.array(number, dtype_of(value))), -1
    op = hlo.producer(value)
    if op is None or op_name(op) != "stablehlo.broadcast_in_dim" or rank_of(op.operands[0]) != 1:
        return decline("the factor does not run along one axis")
    (axis,) = hlo.ints(op, "broadcast_dimensions")
    if shape_of(op.operands[0])[0] != shape_of(value)[axis]:
        return decline("the factor is repeated along its axis")
    symbol, array = weight_symbol(op.operands[0]), hlo.constant_of(op.operands[0])
    if symbol is not None:
        return program.weights.expression(symbol), axis
    if array is None:
        return decline("the factor is computed from inputs")
    return program.weights.literal(array), axis


def scaled(program: Program, op: ir.OpView) -> _Scaled | Decline:
    """What a `stablehlo.multiply` scales for matrix products alone, or why it is not to be folded."""
    found: tuple[Expression, int] | Decline = decline("no operand is a factor")
    for number in (1, 0):
        found = _factor(program, op.operands[number])
        if not isinstance(found, Decline):
            break
    if isinstance(found, Decline):
        return found
    factor, axis = found
    # MLIR lists the latest reader first.
    products = [(use.owner, use.operand_number) for use in op.results[0].uses][::-1]
    if not products:
        return decline("nothing reads the result")
    for product, position in products:
        if op_name(product) != "stablehlo.dot_general" or position != 0:
            return decline(
                "something other than a matrix product reads the result", op_name(product)
            )
        if weight_symbol(product.operands[1]) is None and not _is_constant(product.operands[1]):
            return decline("the matrix is computed from inputs")
        if axis >= 0 and axis not in _numbers(product).lhs_contracting_dimensions:
            return decline("the product does not add up along the factor's axis")
    return _Scaled(op.operands[1 - number], factor, axis, tuple(each for each, _ in products))


def _is_constant(value: ir.Value) -> bool:
    return hlo.constant_of(value) is not None


def _numbers(op: ir.OpView) -> stablehlo.DotDimensionNumbers:
    return stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])


def _matrix_axis(product: ir.OpView, axis: int) -> int:
    """The axis of the right operand that meets an axis of the left one."""
    numbers = _numbers(product)
    position = list(numbers.lhs_contracting_dimensions).index(axis)
    return list(numbers.rhs_contracting_dimensions)[position]


def _found(program: Program) -> Iterator[_Scaled]:
    for function in program.functions():
        for op in body_of(function).operations:
            if op_name(op) == "stablehlo.multiply" and dtype_of(op.results[0]).kind in "fV":
                outcome = scaled(program, op)
                if not isinstance(outcome, Decline):
                    yield outcome


_Form = tuple[Expression, int]
"""A factor and the axis of the matrix that it runs along: what a matrix is multiplied by."""


def _form(each: _Scaled, product: ir.OpView) -> _Form:
    return each.factor, -1 if each.axis < 0 else _matrix_axis(product, each.axis)


def _foldable(program: Program) -> list[_Scaled]:
    """What is scaled alike wherever its matrices are read, in all signatures."""
    found = list(_found(program))
    forms: dict[str, list[_Form]] = {}
    for each in found:
        for product in each.products:
            symbol = weight_symbol(product.operands[1])
            if symbol is not None:
                forms.setdefault(symbol, []).append(_form(each, product))
    reads: dict[str, int] = {}
    for function in program.functions():
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            reads[symbol] = reads.get(symbol, 0) + sum(1 for _ in argument.uses)
    return _closed(found, {s for s, f in forms.items() if len(f) == reads[s] and len(set(f)) == 1})


def _closed(found: list[_Scaled], sound: set[str]) -> list[_Scaled]:
    """The largest part of `found` in which no matrix is folded at one of its readers and not at another."""
    while True:
        kept: list[_Scaled] = []
        lost: set[str] = set()
        for each in found:
            symbols = {weight_symbol(product.operands[1]) for product in each.products} - {None}
            if symbols <= sound:
                kept.append(each)
            else:
                lost |= {symbol for symbol in symbols if symbol is not None} & sound
        if not lost:
            return kept
        found, sound = kept, sound - lost


def _fold(program: Program, each: _Scaled) -> None:
    for product in each.products:
        factor, axis = _form(each, product)
        product.operands[1] = _scaled_matrix(program, product, factor, axis)
        product.operands[0] = each.x


def _scaled_matrix(program: Program, product: ir.OpView, factor: Expression, axis: int) -> ir.Value:
    matrix = product.operands[1]
    turned = _along(program, factor, axis, rank_of(matrix))
    symbol, array = weight_symbol(matrix), hlo.constant_of(matrix)
    weights = program.weights
    if symbol is not None:
        form = Binary("multiply", weights.expression(symbol), turned)
        return program.weight_argument(owner_function(product.results[0]), form)
    assert array is not None, "a matrix is a weight or a constant"
    values = (array * weights.read(weights.derive(turned))).astype(array.dtype)
    with ir.InsertionPoint(product), product.location:
        return hlo.constant(values)


def _along(program: Program, factor: Expression, axis: int, rank: int) -> Expression:
    """A factor `[channels]` shaped to run along an axis of a tensor of some rank."""
    if axis < 0 or rank == 1:
        return factor
    size = program.weights.type_of(program.weights.derive(factor)).shape[0]
    shape = tuple(size if i == axis else 1 for i in range(rank))
    return Reshape(factor, shape)


@dataclass(frozen=True)
class FoldInputScales(Pass[Program]):
    """Folds a factor per input channel into the matrices that alone read what it scales.

    This takes the weight of an RMS norm into the projections after it, and 1 / sqrt(H) into a product.
    A matrix that another reader, in any signature, wants as it is or scaled otherwise keeps its form,
    and then no factor that meets it is folded.

    Before:
        %1 = stablehlo.broadcast_in_dim %scale, dims = [1] : (tensor<8xf32>) -> tensor<4x8xf32>
        %2 = stablehlo.multiply %x, %1 : tensor<4x8xf32>
        %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [1]
    After:
        %3 = stablehlo.dot_general %x, %w_scaled, contracting_dims = [1] x [1]
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        changed = False
        while found := _foldable(unit):
            for each in found:
                _fold(unit, each)
            remove_dead(unit)
            changed = True
        return changed
