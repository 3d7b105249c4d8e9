"""Broadcasts left to the ops that broadcast by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

# Ops whose kernels and delegate broadcast both operands as NumPy does.
BROADCASTING = (
    "tfl.add", "tfl.sub", "tfl.mul", "tfl.div", "tfl.maximum", "tfl.minimum", "tfl.squared_difference",
)  # fmt: skip


# Their kernels broadcast too, though no delegate takes them.
_ALSO = (
    "tfl.logical_and", "tfl.logical_or", "tfl.equal", "tfl.not_equal", "tfl.less", "tfl.less_equal",
    "tfl.greater", "tfl.greater_equal",
)  # fmt: skip


def smaller_form(value: ir.Value) -> ir.Value | None:
    """A value with fewer elements or dimensions that broadcasts to `value`, if there is one in sight."""
    spread = defined_by(value, "broadcast_to")
    if spread is not None:
        return spread.operands[0]
    reshaped = defined_by(value, "reshape")
    if reshaped is not None:
        inner, outer = shape_of(reshaped.operands[0]), shape_of(value)
        leading = len(outer) - len(inner)
        if leading > 0 and outer == (1,) * leading + inner:
            return reshaped.operands[0]
    return None


def scalar_of_splat(value: ir.Value) -> np.generic | None:
    """The number of a constant that holds one number many times."""
    if not shape_of(value):
        return None
    array = tfl.constant_of(value)
    if array is None or array.size == 0 or not (array == array.flat[0]).all():
        return None
    return array.flat[0]


@rule(*BROADCASTING, *_ALSO)
def absorb_operand(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(broadcast_to(x), y) -> add(x, y), as long as the operands still make up the result's shape."""
    shape = shape_of(op.results[0])
    # Where one of them must keep the shape, the one with most readers does: its op stays for these.
    for number in sorted((0, 1), key=lambda each: sum(1 for _ in op.operands[each].uses)):
        operand, other = op.operands[number], op.operands[1 - number]
        replacement = smaller_form(operand)
        if replacement is None:
            continue
        if np.broadcast_shapes(shape_of(replacement), shape_of(other)) == shape:
            return _with_operand(op, number, replacement)
    return decline("no operand is a broadcast that the other makes up for")


@rule(*BROADCASTING, *_ALSO)
def shrink_splat(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(x, dense<2.0> : tensor<8x8xf32>) -> mul(x, dense<2.0> : tensor<f32>)."""
    shape = shape_of(op.results[0])
    for number in (0, 1):
        if shape_of(op.operands[1 - number]) != shape:
            continue
        scalar = scalar_of_splat(op.operands[number])
        if scalar is not None:
            return _with_operand(op, number, tfl.constant(np.array(scalar)))
    return decline("no operand is a splat beside one of the result's shape")


def _with_operand(op: ir.OpView, number: int, value: ir.Value) -> ir.Value:
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
