"""Two constants that a value is multiplied by, or that are added to it, one after the other: as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.mul", "tfl.add")
def one_constant(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(mul(x, a), b) -> mul(x, a * b); sums likewise."""
    outer = _with_constant(op)
    if outer is None:
        return decline("no operand is a constant")
    value, second = outer
    inner = hlo.producer(value)
    found = _with_constant(inner) if inner is not None and op_name(inner) == op_name(op) else None
    if inner is None or found is None:
        return decline("the other operand is no such op of a constant")
    if not hlo.has_one_use(value):
        return decline("the value between is read elsewhere too")
    if tfl.attribute(inner, "fused_activation_function") != "NONE":
        return decline("an activation stands between")
    x, first = found
    with np.errstate(over="ignore"):
        both = first * second if op_name(op) == "tfl.mul" else first + second
    if both.size > max(first.size, second.size):
        return decline("the constants vary along different dimensions", first.shape, second.shape)
    if not np.isfinite(both).all():
        return decline("a number would be too large")
    name = op_name(op).removeprefix("tfl.")
    constant = tfl.constant(np.asarray(both, first.dtype))
    return tfl.emit(name, [x, constant], op.results[0].type, **tfl.attributes_of(op))


def _with_constant(op: ir.OpView) -> tuple[ir.Value, Array] | None:
    """The operand that is computed and the one that is known."""
    for number in (0, 1):
        array = tfl.constant_of(op.operands[1 - number])
        if array is not None and tfl.constant_of(op.operands[number]) is None:
            return op.operands[number], array
    return None


@dataclass(frozen=True)
class MergeConstants(RewritePass):
    """Merges factors that follow one another, and summands.

    The weight of a norm over the heads of queries takes 1 / sqrt(H) of attention in that way.

    Before::

        %1 = "tfl.mul"(%x, dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>)
        %2 = "tfl.mul"(%1, dense<0.5> : tensor<f32>)

    After::

        %2 = "tfl.mul"(%x, dense<[0.5, 1.0, 1.5, 2.0]> : tensor<4xf32>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (one_constant,)
