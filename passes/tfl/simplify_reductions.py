"""Sums that are divided into means, and reductions whose dimensions are put back by a RESHAPE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import defined_by, integers
from litewright.compiler.ir.types import element_count, rank_of, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

REDUCTIONS = frozenset(
    {"tfl.mean", "tfl.sum", "tfl.reduce_max", "tfl.reduce_min", "tfl.reduce_prod"}
)


def _divisor(op: ir.OpView, number: int) -> float | None:
    """What a MUL or DIV divides its operand `number` by, if that is one number."""
    array = tfl.constant_of(op.operands[1 - number])
    if array is None or array.size == 0 or not (array == array.flat[0]).all():
        return None
    value = float(array.flat[0])
    if op_name(op) == "tfl.div":
        return value if number == 0 else None
    return 1.0 / value if value else None


@rule("tfl.mul", "tfl.div")
def scaled_sum_is_mean(op: ir.OpView, context: RuleContext) -> Outcome:
    """div(sum(x, axes), n) -> mean(x, axes), if n is how many elements are summed."""
    for number in (0, 1):
        total = defined_by(op.operands[number], "sum")
        axes = integers(total.operands[1]) if total is not None else None
        divisor = _divisor(op, number)
        if total is None or axes is None or divisor is None:
            continue
        x = total.operands[0]
        count = element_count(shape_of(x)[axis] for axis in axes)
        if not np.isclose(divisor, count, rtol=1e-6, atol=0.0):
            return decline("the divisor is not the number of elements", divisor, count)
        if shape_of(op.results[0]) != shape_of(total.results[0]) or not hlo.has_one_use(
            total.results[0]
        ):
            return decline("the sum is read elsewhere too, or broadcast")
        if tfl.attribute(op, "fused_activation_function") != "NONE":
            return decline("an activation is fused")
        keep = tfl.attribute(total, "keep_dims")
        return tfl.emit("mean", list(total.operands), op.results[0].type, keep_dims=keep)
    return decline("no operand is a SUM beside a number")


@rule("tfl.reshape")
def keep_reduced_dimensions(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(mean(x, axes)) -> mean(x, axes) {keep_dims}, where the reshape only puts them back."""
    reduction = hlo.producer(op.operands[0])
    if reduction is None or op_name(reduction) not in REDUCTIONS:
        return decline("the operand is no reduction")
    axes = integers(reduction.operands[1])
    if axes is None or tfl.attribute(reduction, "keep_dims") or not hlo.has_one_use(op.operands[0]):
        return decline("the dimensions are kept already, or the value is read elsewhere too")
    x = reduction.operands[0]
    reduced = {axis % rank_of(x) for axis in axes}
    if shape_of(op.results[0]) != tuple(
        1 if i in reduced else n for i, n in enumerate(shape_of(x))
    ):
        return decline("the reshape does more than to put dimensions back")
    name = op_name(reduction).removeprefix("tfl.")
    return tfl.emit(name, list(reduction.operands), op.results[0].type, keep_dims=True)


@dataclass(frozen=True)
class SimplifyReductions(RewritePass):
    """Turns a scaled SUM to a MEAN, and a RESHAPE that puts reduced dimensions back to `keep_dims`.

    Before::

        %1 = "tfl.sum"(%x, dense<1>) {keep_dims = false} : -> tensor<4xf32>
        %2 = "tfl.mul"(%1, dense<0.125> : tensor<f32>)
        %3 = "tfl.reshape"(%2, ...) : -> tensor<4x1xf32>

    After::

        %3 = "tfl.mean"(%x, dense<1>) {keep_dims = true} : -> tensor<4x1xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (scaled_sum_is_mean, keep_reduced_dimensions)
