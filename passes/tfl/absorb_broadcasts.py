"""Broadcasts left to the ops that broadcast by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import element_count, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

# Ops whose kernels and delegate broadcast both operands as NumPy does.
BROADCASTING = (
    "tfl.add", "tfl.sub", "tfl.mul", "tfl.div", "tfl.maximum", "tfl.minimum", "tfl.squared_difference",
)  # fmt: skip


# Their kernels broadcast too, though no delegate takes them.
ALSO_BROADCASTING = (
    "tfl.logical_and", "tfl.logical_or", "tfl.equal", "tfl.not_equal", "tfl.less", "tfl.less_equal",
    "tfl.greater", "tfl.greater_equal",
)  # fmt: skip


def scalar_of_splat(value: ir.Value) -> np.generic | None:
    """The number of a constant that holds one number many times."""
    if not shape_of(value):
        return None
    array = tfl.constant_of(value)
    if array is None or array.size == 0 or not (array == array.flat[0]).all():
        return None
    return array.flat[0]


@rule(*BROADCASTING, *ALSO_BROADCASTING)
def absorb_operand(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(broadcast_to(x), y) -> add(x, y), as long as the operands still make up the result's shape."""
    shape = shape_of(op.results[0])
    for number in (0, 1):
        spread = defined_by(op.operands[number], "broadcast_to")
        if spread is None:
            continue
        smaller = spread.operands[0]
        if np.broadcast_shapes(shape_of(smaller), shape_of(op.operands[1 - number])) == shape:
            return with_operand(op, number, smaller)
    return decline("no operand is a broadcast that the other makes up for")


@rule(*BROADCASTING, *ALSO_BROADCASTING)
def shrink_splat(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(x, dense<2.0> : tensor<8x8xf32>) -> mul(x, dense<2.0> : tensor<f32>)."""
    shape = shape_of(op.results[0])
    for number in (0, 1):
        scalar = scalar_of_splat(op.operands[number])
        if scalar is None:
            continue
        # Ones in front where only they give the result its dimensions.
        for ones in ((), (1,) * len(shape)):
            smaller = (
                len(ones) < len(shape_of(op.operands[number]))
                or element_count(shape_of(op.operands[number])) > 1
            )
            if smaller and np.broadcast_shapes(shape_of(op.operands[1 - number]), ones) == shape:
                return with_operand(op, number, tfl.constant(np.full(ones, scalar)))
    return decline("no operand is a splat beside one that makes up the result's shape")


def with_operand(op: ir.OpView, number: int, value: ir.Value) -> ir.Value:
    """The same op with another operand."""
    operands = list(op.operands)
    operands[number] = value
    name = tfl.spec_of(op)
    assert name is not None, "the roots are in the table"
    return tfl.emit(name.name, operands, op.results[0].type, **tfl.attributes_of(op))


@dataclass(frozen=True)
class AbsorbBroadcasts(RewritePass):
    """Hands broadcasts to the elementwise ops that read them: BROADCAST_TO splits a delegate partition.

    Before::

        %1 = "tfl.broadcast_to"(%b, dense<[4, 8]>) : (tensor<8xf32>, ...) -> tensor<4x8xf32>
        %2 = "tfl.add"(%x, %1) : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>

    After::

        %2 = "tfl.add"(%x, %b) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (absorb_operand, shrink_splat)
