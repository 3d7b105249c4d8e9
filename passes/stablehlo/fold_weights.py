"""Arithmetic and movement of weights alone, turned into pending transforms of the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import (
    Program,
    owner_function,
    weight_symbol,
    weights_of,
)
from litewright.compiler.ir.types import dtype_of, element_count, rank_of, shape_of
from litewright.compiler.weights import (
    Binary,
    Cast,
    Concatenate,
    Expression,
    Reshape,
    Slice,
    Transpose,
)
from litewright.compiler.weights.expression import BinaryOp
from litewright.passes.core import Decline, FoldingPass, decline

from .splats import number_of

Fold = Callable[[Program, ir.OpView, Sequence[Expression]], Expression | Decline]


# ---- what an op makes of weights -----------------------------------------------------------------


def folded(program: Program, op: ir.OpView) -> Expression | Decline:
    """The expression for the result of an op that reads weights and constants alone, or why not."""
    fold = _FOLDS.get(op_name(op))
    if fold is None:
        return decline("no transform of weights says what the op does", op_name(op))
    operands: list[Expression] = []
    for operand in op.operands:
        expression = _operand(program, operand)
        if expression is None:
            return decline("an operand is computed from inputs")
        operands.append(expression)
    return fold(program, op, operands)


def _operand(program: Program, value: ir.Value) -> Expression | None:
    """A weight's expression; a literal for a constant, in the smallest form that NumPy broadcasts."""
    symbol = weight_symbol(value)
    if symbol is not None:
        return program.weights.expression(symbol)
    number = number_of(value)
    if number is not None:
        return program.weights.literal(np.array(number, dtype_of(value)))
    op = hlo.producer(value)
    if op is not None and op_name(op) == "stablehlo.broadcast_in_dim":
        array = hlo.constant_of(op.operands[0])
        dimensions = hlo.ints(op, "broadcast_dimensions")
        if array is None or dimensions != sorted(dimensions):
            return None
        sizes = [1] * rank_of(value)
        for axis, size in zip(dimensions, array.shape, strict=True):
            sizes[axis] = size
        return program.weights.literal(array.reshape(sizes))
    array = hlo.constant_of(value)
    return None if array is None else program.weights.literal(array)


def _transpose(program: Program, op: ir.OpView, operands: Sequence[Expression]) -> Expression:
    return Transpose(operands[0], tuple(hlo.ints(op, "permutation")))


def _reshape(program: Program, op: ir.OpView, operands: Sequence[Expression]) -> Expression:
    return Reshape(operands[0], shape_of(op.results[0]))


def _broadcast(
    program: Program, op: ir.OpView, operands: Sequence[Expression]
) -> Expression | Decline:
    dimensions = hlo.ints(op, "broadcast_dimensions")
    if element_count(shape_of(op.operands[0])) != element_count(shape_of(op.results[0])):
        return decline("a broadcast that repeats elements")
    if dimensions != sorted(dimensions):
        return decline("a broadcast that moves dimensions")
    return _reshape(program, op, operands)


def _slice(program: Program, op: ir.OpView, operands: Sequence[Expression]) -> Expression | Decline:
    if any(step != 1 for step in hlo.ints(op, "strides")):
        return decline("a slice with strides")
    start, limit = hlo.ints(op, "start_indices"), hlo.ints(op, "limit_indices")
    return Slice(operands[0], tuple(start), tuple(limit))


def _concatenate(
    program: Program, op: ir.OpView, operands: Sequence[Expression]
) -> Expression | Decline:
    shapes = [program.weights.type_of(program.weights.derive(each)).shape for each in operands]
    if shapes != [shape_of(operand) for operand in op.operands]:
        return decline("a constant is not written out in full")
    return Concatenate(tuple(operands), ir.IntegerAttr(op.attributes["dimension"]).value)


def _convert(
    program: Program, op: ir.OpView, operands: Sequence[Expression]
) -> Expression | Decline:
    dtype = dtype_of(op.results[0])
    if dtype.kind == "b":
        return decline("a comparison with zero")
    return Cast(operands[0], dtype.name)


def _negate(program: Program, op: ir.OpView, operands: Sequence[Expression]) -> Expression:
    minus_one = program.weights.literal(np.array(-1, dtype_of(op.results[0])))
    return Binary("multiply", operands[0], minus_one)


def _binary(name: BinaryOp) -> Fold:
    def fold(
        program: Program, op: ir.OpView, operands: Sequence[Expression]
    ) -> Expression | Decline:
        dtype = dtype_of(op.results[0])
        if name == "divide" and dtype.kind not in "fV":
            return decline("integers are divided otherwise by NumPy")
        return Binary(name, operands[0], operands[1])

    return fold


_FOLDS: dict[str, Fold] = {
    "stablehlo.transpose": _transpose,
    "stablehlo.reshape": _reshape,
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.slice": _slice,
    "stablehlo.concatenate": _concatenate,
    "stablehlo.convert": _convert,
    "stablehlo.negate": _negate,
    "stablehlo.add": _binary("add"),
    "stablehlo.subtract": _binary("subtract"),
    "stablehlo.multiply": _binary("multiply"),
    "stablehlo.divide": _binary("divide"),
}


# ---- one form ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Use:
    """An op that reads a weight, and what it makes of it, or why it reads it as it is."""

    op: ir.OpView
    outcome: Expression | Decline

    @property
    def form(self) -> Expression | None:
        """What the op makes of the weight, if anything."""
        return None if isinstance(self.outcome, Decline) else self.outcome


def _uses(program: Program) -> dict[str, list[_Use]]:
    """All reads of every weight, in every function."""
    uses: dict[str, list[_Use]] = {}
    for function in program.functions():
        for argument in weights_of(function):
            found = uses.setdefault(weight_symbol(argument) or "", [])
            # MLIR lists the latest reader first.
            for use in list(argument.uses)[::-1]:
                found.append(_Use(use.owner, folded(program, use.owner)))
    return uses


def has_one_form(forms: Sequence[Expression | None]) -> bool:
    """Whether forms of one weight may take its place: all the same one, or parts that do not overlap."""
    distinct = set(forms)
    if None in distinct:
        return False
    if len(distinct) == 1:
        return True
    parts = [form for form in distinct if isinstance(form, Slice)]
    return len(parts) == len(distinct) and not any(
        _overlap(one, other) for i, one in enumerate(parts) for other in parts[:i]
    )


def _overlap(one: Slice, other: Slice) -> bool:
    return all(
        max(a, c) < min(b, d)
        for a, b, c, d in zip(one.start, one.limit, other.start, other.limit, strict=True)
    )


def _outcomes(program: Program) -> list[_Use]:
    """What becomes of each op that reads weights; one is folded where all its weights have one form."""
    uses = _uses(program)
    sound = {s for s, each in uses.items() if has_one_form([use.form for use in each])}
    outcomes: dict[ir.OpView, _Use] = {}
    for use in (use for each in uses.values() for use in each):
        symbols = {weight_symbol(operand) for operand in use.op.operands} - {None}
        if use.form is not None and not symbols <= sound:
            why = decline("another reader wants the weight in another form, or as it is")
            outcomes[use.op] = _Use(use.op, why)
        else:
            outcomes.setdefault(use.op, use)
    return list(outcomes.values())


@dataclass(frozen=True)
class FoldWeights(FoldingPass[Expression]):
    """Turns ops on weights and constants alone into pending transforms, made when the file is written.

    A fold is made only where all readers of a weight, in all signatures, come to the same new form, or
    take parts that do not overlap: otherwise the file would hold the weight twice (tied embeddings).

    Before::

        func.func @main(%w: tensor<8x4xf32> {litewright.weight = "w"}, ...)
          %0 = stablehlo.transpose %w, dims = [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
          %1 = stablehlo.dot_general %x, %0, ...

    After::

        func.func @main(%w: tensor<4x8xf32> {litewright.weight = "transpose(w, [1, 0])"}, ...)
          %1 = stablehlo.dot_general %x, %w, ...
    """

    def outcomes(self, program: Program) -> list[tuple[ir.OpView, Expression | Decline]]:
        """See `FoldingPass.outcomes`; of every op that reads weights."""
        return [(use.op, use.outcome) for use in _outcomes(program)]

    def fold(self, program: Program, op: ir.OpView, found: Expression) -> None:
        """See `FoldingPass.fold`."""
        function = owner_function(op.results[0])
        op.results[0].replace_all_uses_with(program.weight_argument(function, found))
