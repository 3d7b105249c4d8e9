"""Factors per input channel moved out of what a matrix multiplies and into the matrix: norm weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name, stablehlo
from litewright.compiler.ir.program import Program, body_of, owner_function, weight_symbol
from litewright.compiler.ir.types import dtype_of, element_count, rank_of, shape_of
from litewright.compiler.weights import Binary, Expression, Reshape
from litewright.compiler.weights.integers import holds_integers
from litewright.passes.core import Decline, FoldingPass, decline

from .splats import number_of

Matrix = str | ir.Attribute
"""What a matrix is known by in all signatures: a weight by its symbol, a constant by its numbers."""

Form = tuple[Expression, int]
"""What a matrix is multiplied by: a factor, and the axis of the matrix that it runs along, or -1."""


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A value times a factor along one of its axes, and the products that alone read the result.

    Attributes:
        op: the multiplication.
        x: the value.
        factor: of shape `[channels]`, or a scalar.
        axis: of `x`; -1 for a scalar factor, which has none.
        products: dot_generals whose left operand is the scaled value.
    """

    op: ir.OpView
    x: ir.Value
    factor: Expression
    axis: int
    products: tuple[ir.OpView, ...]

    def forms(self) -> Iterator[tuple[Matrix, Form]]:
        """What each of the matrices would be multiplied by."""
        for product in self.products:
            matrix = _matrix(product.operands[1])
            assert matrix is not None, "a matrix is a weight or a constant"
            yield matrix, self.form(product)

    def form(self, product: ir.OpView) -> Form:
        """What the matrix of a product would be multiplied by."""
        return self.factor, -1 if self.axis < 0 else _matrix_axis(product, self.axis)


# ---- what is scaled ------------------------------------------------------------------------------


def scaled(program: Program, op: ir.OpView) -> _Scaled | Decline:
    """What a `stablehlo.multiply` scales for matrix products alone, or why it is not to be folded."""
    if dtype_of(op.results[0]).kind not in "fV":
        return decline("integers")
    factors = [_factor(program, operand) for operand in op.operands]
    position = 0 if not isinstance(factors[1], Decline) else 1
    found = factors[1 - position]
    if isinstance(found, Decline):
        # Of the two reasons, the one that is about a spread value.
        return max((each for each in factors if isinstance(each, Decline)), key=_progress)
    factor, axis = found
    # MLIR lists the latest reader first.
    products = [(use.owner, use.operand_number) for use in op.results[0].uses][::-1]
    if not products:
        return decline("nothing reads the result")
    for product, number in products:
        if op_name(product) != "stablehlo.dot_general" or number != 0:
            return decline("something other than a matrix product reads it", op_name(product))
        if _matrix(product.operands[1]) is None:
            return decline("the matrix is computed from inputs")
        if axis >= 0 and axis not in _numbers(product).lhs_contracting_dimensions:
            return decline("the product does not add up along the factor's axis")
    return _Scaled(op, op.operands[position], factor, axis, tuple(each for each, _ in products))


def _progress(why: Decline) -> int:
    return why.progress


def _factor(program: Program, value: ir.Value) -> tuple[Expression, int] | Decline:
    """The factor that a spread constant or weight is, and the axis that it runs along."""
    number = number_of(value)
    if number is not None:
        return program.weights.literal(np.array(number, dtype_of(value))), -1
    found = _vector(value)
    if isinstance(found, Decline):
        return found
    vector, axis = found
    symbol, array = weight_symbol(vector), hlo.constant_of(vector)
    if array is not None:
        return program.weights.literal(array.reshape(-1)), axis
    expression = program.weights.expression(symbol or "")
    size = shape_of(value)[axis]
    return expression if rank_of(vector) == 1 else Reshape(expression, (size,)), axis


def _vector(value: ir.Value) -> tuple[ir.Value, int] | Decline:
    """The constant or weight whose numbers a value holds along one axis and repeats along all others."""
    if weight_symbol(value) is not None or hlo.constant_of(value) is not None:
        return _only_axis(value, value, shape_of(value))
    op = hlo.producer(value)
    if op is None or op_name(op) not in {"stablehlo.broadcast_in_dim", "stablehlo.reshape"}:
        return decline("no operand is a spread constant or weight")
    inner = _vector(op.operands[0])
    if isinstance(inner, Decline):
        return inner
    vector, axis = inner
    size = element_count(shape_of(vector))
    if op_name(op) == "stablehlo.reshape":
        if element_count(shape_of(value)) != size:
            return decline("no operand is a spread constant or weight")
        return _only_axis(vector, value, shape_of(value))
    outer = hlo.ints(op, "broadcast_dimensions")[axis]
    return vector, outer


def _only_axis(
    vector: ir.Value, value: ir.Value, shape: Sequence[int]
) -> tuple[ir.Value, int] | Decline:
    """The one axis of a value that is longer than 1."""
    long = [axis for axis, size in enumerate(shape) if size > 1]
    return (
        (vector, long[0])
        if len(long) == 1
        else replace(decline("the factor varies along no axis, or several", shape), progress=2)
    )


def _matrix(value: ir.Value) -> Matrix | None:
    symbol = weight_symbol(value)
    if symbol is not None:
        return symbol
    op = hlo.producer(value)
    return None if op is None or op_name(op) != "stablehlo.constant" else op.attributes["value"]


def _numbers(op: ir.OpView) -> stablehlo.DotDimensionNumbers:
    return stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])


def _matrix_axis(product: ir.OpView, axis: int) -> int:
    """The axis of the right operand that meets an axis of the left one."""
    numbers = _numbers(product)
    position = list(numbers.lhs_contracting_dimensions).index(axis)
    return list(numbers.rhs_contracting_dimensions)[position]


# ---- which of it is folded -----------------------------------------------------------------------


def _outcomes(program: Program) -> list[tuple[ir.OpView, _Scaled | Decline]]:
    """What to fold, and why not, for every multiplication: all signatures agree on each matrix."""
    outcomes = [
        (op, scaled(program, op))
        for function in program.functions()
        for op in body_of(function).operations
        if op_name(op) == "stablehlo.multiply"
    ]
    forms: dict[Matrix, list[Form]] = {}
    for _, each in outcomes:
        if isinstance(each, _Scaled):
            for matrix, form in each.forms():
                forms.setdefault(matrix, []).append(form)
    reads = _reads(program)
    sound = {
        m
        for m, found in forms.items()
        if len(found) == reads[m] and len(set(found)) == 1 and not _is_of_integers(program, m)
    }
    return _closed(outcomes, sound)


def _is_of_integers(program: Program, matrix: Matrix) -> bool:
    """Whether a checkpoint holds the matrix as integers, which would not survive a factor."""
    if not isinstance(matrix, str):
        return False
    return holds_integers(program.weights, program.weights.expression(matrix))


def _reads(program: Program) -> Counter[Matrix]:
    """How often each weight and constant is read, in all functions."""
    return Counter(
        matrix
        for function in program.functions()
        for op in body_of(function).operations
        for operand in op.operands
        if (matrix := _matrix(operand)) is not None
    )


def _closed(
    outcomes: list[tuple[ir.OpView, _Scaled | Decline]], sound: set[Matrix]
) -> list[tuple[ir.OpView, _Scaled | Decline]]:
    """Gives up what meets a matrix that is not sound, until what is left meets sound ones alone."""
    while True:
        kept: list[tuple[ir.OpView, _Scaled | Decline]] = []
        lost: set[Matrix] = set()
        for op, each in outcomes:
            outcome = each
            if isinstance(each, _Scaled) and not (met := {m for m, _ in each.forms()}) <= sound:
                lost |= met & sound
                outcome = decline("a matrix is read elsewhere as it is, or scaled otherwise")
            kept.append((op, outcome))
        if not lost:
            return kept
        outcomes, sound = kept, sound - lost


# ---- folding -------------------------------------------------------------------------------------


def _fold(program: Program, each: _Scaled) -> None:
    for product in each.products:
        factor, axis = each.form(product)
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
class FoldInputScales(FoldingPass[_Scaled]):
    """Folds a factor per input channel into the matrices that alone read what it scales.

    This takes the weight of an RMS norm into the projections after it, and 1 / sqrt(H) into a product.
    A matrix that another reader, in any signature, wants as it is or scaled otherwise keeps its form,
    and then no factor that meets it is folded.

    Before::

        %1 = stablehlo.broadcast_in_dim %scale, dims = [1] : (tensor<8xf32>) -> tensor<4x8xf32>
        %2 = stablehlo.multiply %x, %1 : tensor<4x8xf32>
        %3 = stablehlo.dot_general %2, %w, contracting_dims = [1] x [1]

    After::

        %3 = stablehlo.dot_general %x, %w_scaled, contracting_dims = [1] x [1]
    """

    def outcomes(self, program: Program) -> list[tuple[ir.OpView, _Scaled | Decline]]:
        """See `FoldingPass.outcomes`; of every multiplication."""
        return _outcomes(program)

    def fold(self, program: Program, op: ir.OpView, found: _Scaled) -> None:
        """See `FoldingPass.fold`."""
        del op
        _fold(program, found)
