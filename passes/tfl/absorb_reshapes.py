"""RESHAPEs that only add dimensions of 1 in front, left to the ops that broadcast by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .absorb_broadcasts import ALSO_BROADCASTING, BROADCASTING, with_operand


@rule(*BROADCASTING, *ALSO_BROADCASTING)
def ones_in_front(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(x, reshape(y)) -> add(x, y), as long as the operands still make up the result's shape."""
    shape = shape_of(op.results[0])
    # Where one of them must keep its dimensions, the one with most readers does: its RESHAPE stays for these.
    for number in sorted((0, 1), key=lambda each: sum(1 for _ in op.operands[each].uses)):
        smaller = _without_ones(op.operands[number])
        if smaller is None:
            continue
        if np.broadcast_shapes(shape_of(smaller), shape_of(op.operands[1 - number])) == shape:
            return with_operand(op, number, smaller)
    return decline("no operand is a RESHAPE that adds ones in front, which the other makes up for")


def _without_ones(value: ir.Value) -> ir.Value | None:
    reshaped = defined_by(value, "reshape")
    if reshaped is None:
        return None
    inner, outer = shape_of(reshaped.operands[0]), shape_of(value)
    leading = len(outer) - len(inner)
    return reshaped.operands[0] if leading > 0 and outer == (1,) * leading + inner else None


@dataclass(frozen=True)
class AbsorbReshapes(RewritePass):
    """Leaves dimensions of 1 in front to the elementwise ops that read them.

    A RESHAPE copies what it is given. Tables and masks that models unsqueeze once a layer are read as they are.

    Before::

        %1 = "tfl.reshape"(%cos, dense<[1, 1, 8, 16]>) : (tensor<8x16xf32>, ...) -> tensor<1x1x8x16xf32>
        %2 = "tfl.mul"(%x, %1) : (tensor<1x4x8x16xf32>, tensor<1x1x8x16xf32>) -> tensor<1x4x8x16xf32>

    After::

        %2 = "tfl.mul"(%x, %cos) : (tensor<1x4x8x16xf32>, tensor<8x16xf32>) -> tensor<1x4x8x16xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (ones_in_front,)
