"""TRANSPOSEs pushed down through the ops that do not care for order, until they meet and cancel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import (
    constant_integers,
    defined_by,
    integers,
    permutation_of,
    transpose,
)
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .absorb_broadcasts import BROADCASTING

UNARY = (
    "tfl.relu", "tfl.relu6", "tfl.relu_n1_to_1", "tfl.logistic", "tfl.tanh", "tfl.gelu", "tfl.abs",
    "tfl.exp", "tfl.sqrt", "tfl.rsqrt", "tfl.neg", "tfl.hard_swish", "tfl.leaky_relu", "tfl.elu",
    "tfl.square", "tfl.log",
)  # fmt: skip
REDUCTIONS = ("tfl.mean", "tfl.sum", "tfl.reduce_max", "tfl.reduce_min")


def _inverse(permutation: Sequence[int]) -> list[int]:
    return [list(permutation).index(i) for i in range(len(permutation))]


def _rebuild(op: ir.OpView, operands: Sequence[ir.Value], shape: Sequence[int]) -> ir.Value:
    kind = tensor_type(shape, element_of(op.results[0]))
    return tfl.emit(op_name(op).removeprefix("tfl."), operands, kind, **tfl.attributes_of(op))


@rule(*UNARY)
def through_unary(op: ir.OpView, context: RuleContext) -> Outcome:
    """relu(transpose(x)) -> transpose(relu(x))."""
    inner = defined_by(op.operands[0], "transpose")
    permutation = permutation_of(inner) if inner is not None else None
    if inner is None or permutation is None:
        return decline("the operand is no TRANSPOSE")
    if not hlo.has_one_use(op.operands[0]):
        return decline("the transposed value is read elsewhere too")
    x = inner.operands[0]
    return transpose(_rebuild(op, [x], shape_of(x)), permutation)


@rule(*BROADCASTING)
def through_binary(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(transpose(x), transpose(y)) -> transpose(add(x, y)); constants are transposed back."""
    found = [defined_by(operand, "transpose") for operand in op.operands]
    turned = [each for each in found if each is not None]
    permutation = permutation_of(turned[0]) if turned else None
    if permutation is None:
        return decline("no operand is a TRANSPOSE")
    if not all(_has_before(operand, permutation) for operand in op.operands):
        return decline("the other operand is neither constant nor transposed alike")
    if all(not hlo.has_one_use(each.results[0]) for each in turned):
        return decline("the transposed values are read elsewhere too")
    shape = shape_of(op.results[0])
    operands = [_before(operand, permutation) for operand in op.operands]
    result = _rebuild(op, operands, [shape[i] for i in _inverse(permutation)])
    return transpose(result, permutation)


def _has_before(operand: ir.Value, permutation: Sequence[int]) -> bool:
    """Whether an operand is a transpose by `permutation`, or a constant that could be one."""
    inner = defined_by(operand, "transpose")
    if inner is not None:
        return permutation_of(inner) == list(permutation)
    return tfl.constant_of(operand) is not None and rank_of(operand) <= len(permutation)


def _before(operand: ir.Value, permutation: Sequence[int]) -> ir.Value:
    """The value whose transpose an operand is: found, or made of a constant."""
    inner = defined_by(operand, "transpose")
    if inner is not None:
        return inner.operands[0]
    array = tfl.constant_of(operand)
    assert array is not None, "an operand is transposed or constant here"
    if array.ndim == 0:
        return operand
    full = array.reshape((1,) * (len(permutation) - array.ndim) + array.shape)
    return tfl.constant(np.ascontiguousarray(full.transpose(_inverse(permutation))))


@rule(*REDUCTIONS)
def through_reduction(op: ir.OpView, context: RuleContext) -> Outcome:
    """mean(transpose(x), axes) -> mean(x, axes of x), where what is left keeps its order."""
    inner = defined_by(op.operands[0], "transpose")
    permutation = permutation_of(inner) if inner is not None else None
    axes = integers(op.operands[1])
    if inner is None or permutation is None or axes is None:
        return decline("the operand is no TRANSPOSE, or the axes are not constant")
    rank = rank_of(op.operands[0])
    reduced = {axis % rank for axis in axes}
    own = sorted(permutation[axis] for axis in reduced)
    left = [permutation[i] for i in range(rank) if i not in reduced]
    x = inner.operands[0]
    if tfl.attribute(op, "keep_dims"):
        shape = [1 if i in own else n for i, n in enumerate(shape_of(x))]
        return transpose(_rebuild(op, [x, constant_integers(own)], shape), permutation)
    if left != sorted(left):
        return decline("the dimensions that are left trade places", left)
    return _rebuild(op, [x, constant_integers(own)], shape_of(op.results[0]))


@dataclass(frozen=True)
class SinkTransposes(RewritePass):
    """Pushes TRANSPOSEs down through elementwise ops and reductions.

    Convolutions come out of legalisation with a TRANSPOSE before and one after. What stands between two
    of them is elementwise, so that the transposes meet and `SimplifyShapes` merges them to nothing.

    Before::

        %1 = "tfl.transpose"(%0, dense<[0, 3, 1, 2]>)
        %2 = "tfl.relu"(%1)

    After::

        %1 = "tfl.relu"(%0)
        %2 = "tfl.transpose"(%1, dense<[0, 3, 1, 2]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (through_unary, through_binary, through_reduction)
