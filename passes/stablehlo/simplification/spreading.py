"""Broadcasts put off: what is done to all copies of an element is done to one of them."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import (
    element_count,
    element_of,
    is_static,
    rank_of,
    shape_of,
    tensor_type,
)
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from ..layout.elementwise import ELEMENTWISE
from ..layout.roles import copy_of
from ..splats import number_of
from .movement import made_by


def _varying(spread: ir.OpView) -> list[tuple[int, int]]:
    """The dimensions of what is spread that are larger than 1, with those of the result."""
    shape = shape_of(spread.operands[0])
    dimensions = hlo.ints(spread, "broadcast_dimensions")
    return [(axis, outer) for axis, outer in enumerate(dimensions) if shape[axis] != 1]


def _without_ones(spread: ir.OpView) -> ir.Value:
    """What is spread, with its dimensions larger than 1 alone."""
    x = spread.operands[0]
    return hlo.reshape(x, [shape_of(x)[axis] for axis, _ in _varying(spread)])


def _spread(x: ir.Value, shape: Sequence[int], dimensions: Sequence[int]) -> ir.Value:
    """A broadcast whose dimensions ascend: others are put in order while there is one of each element."""
    ascending = sorted(range(len(dimensions)), key=dimensions.__getitem__)
    turned = hlo.transpose(x, ascending)
    return hlo.broadcast_in_dim(turned, shape, sorted(dimensions))


@rule("stablehlo.slice")
def slice_of_broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """broadcast(x)[...] -> broadcast(x[...])."""
    spread = made_by(op.operands[0], "broadcast_in_dim")
    if spread is None:
        return decline("the operand is no broadcast")
    x, shape = spread.operands[0], shape_of(op.results[0])
    if not is_static(x) or not is_static(op.results[0]):
        return decline("the shape is not known")
    start, limit = [0] * rank_of(x), list(shape_of(x))
    steps = [1] * rank_of(x)
    for axis, outer in _varying(spread):
        start[axis] = hlo.ints(op, "start_indices")[outer]
        limit[axis] = hlo.ints(op, "limit_indices")[outer]
        steps[axis] = hlo.ints(op, "strides")[outer]
    cut = hlo.slice(x, start, limit, steps)
    return hlo.broadcast_in_dim(cut, shape, hlo.ints(spread, "broadcast_dimensions"))


@rule("stablehlo.transpose")
def transpose_of_broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """transpose(broadcast(x)) -> broadcast(x) along other dimensions."""
    spread = made_by(op.operands[0], "broadcast_in_dim")
    if spread is None:
        return decline("the operand is no broadcast")
    permutation = hlo.ints(op, "permutation")
    dimensions = [permutation.index(axis) for axis in hlo.ints(spread, "broadcast_dimensions")]
    return _spread(spread.operands[0], shape_of(op.results[0]), dimensions)


@rule("stablehlo.reshape")
def reshape_of_broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(broadcast(x)) -> broadcast(x) where dimensions of size 1 alone come or go."""
    spread = made_by(op.operands[0], "broadcast_in_dim")
    if spread is None:
        return decline("the operand is no broadcast")
    before, after = shape_of(op.operands[0]), shape_of(op.results[0])
    old = [axis for axis, size in enumerate(before) if size != 1]
    new = [axis for axis, size in enumerate(after) if size != 1]
    if [before[axis] for axis in old] != [after[axis] for axis in new]:
        return decline("dimensions are merged or split")
    places = dict(zip(old, new, strict=True))
    dimensions = [places[outer] for _, outer in _varying(spread)]
    return _spread(_without_ones(spread), after, dimensions)


@rule(*sorted(ELEMENTWISE))
def work_on_broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh(broadcast(x)) -> broadcast(tanh(x)); also of several operands, with numbers among them."""
    result = op.results[0]
    shape = shape_of(result)
    if not is_static(result) or any(shape_of(operand) != shape for operand in op.operands):
        return decline("operands have another shape than the result, or one that is not known")
    varying: set[int] = set()
    for operand in op.operands:
        spread = made_by(operand, "broadcast_in_dim")
        if number_of(operand) is None:
            if spread is None:
                return decline("an operand is no broadcast")
            varying |= {outer for _, outer in _varying(spread)}
    small = [size if axis in varying else 1 for axis, size in enumerate(shape)]
    if element_count(small) == element_count(shape):
        return decline("no element is there more than once")
    if all(number_of(operand) is not None for operand in op.operands):
        return decline("it works on constants alone")
    operands = [_shrunk(operand, small) for operand in op.operands]
    (made,) = copy_of(op, operands, [tensor_type(small, element_of(result))])
    return hlo.broadcast_in_dim(made, shape, range(len(shape)))


def _shrunk(operand: ir.Value, shape: Sequence[int]) -> ir.Value:
    """A broadcast to a smaller shape in place of a broadcast or splat."""
    number, spread = number_of(operand), made_by(operand, "broadcast_in_dim")
    if number is not None or spread is None:
        assert number is not None, "what is no broadcast is a splat"
        return hlo.splat(number.item(), shape, element_of(operand))
    return _spread(_without_ones(spread), shape, [outer for _, outer in _varying(spread)])


RULES: Sequence[Rule] = (
    slice_of_broadcast,
    transpose_of_broadcast,
    reshape_of_broadcast,
    work_on_broadcast,
)
