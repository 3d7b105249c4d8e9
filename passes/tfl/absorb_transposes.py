"""TRANSPOSEs left to BATCH_MATMUL, whose right operand may be read transposed for free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by, permutation_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.batch_matmul")
def transposed_right_operand(op: ir.OpView, context: RuleContext) -> Outcome:
    """batch_matmul(x, transpose(y)) -> batch_matmul(x, y) {adj_y}.

    The left operand is left alone: its flag costs the delegate a transpose of its own.
    """
    inner = defined_by(op.operands[1], "transpose")
    permutation = permutation_of(inner) if inner is not None else None
    if inner is None or permutation is None:
        return decline("the right operand is no TRANSPOSE")
    rank = len(permutation)
    if permutation != [*range(rank - 2), rank - 1, rank - 2]:
        return decline("the transpose moves more than the last two dimensions", permutation)
    attributes = tfl.attributes_of(op)
    attributes["adj_y"] = not attributes["adj_y"]
    operands = [op.operands[0], inner.operands[0]]
    return tfl.emit("batch_matmul", operands, op.results[0].type, **attributes)


@dataclass(frozen=True)
class AbsorbTransposes(RewritePass):
    """Lets BATCH_MATMUL read its right operand transposed.

    Before::

        %1 = "tfl.transpose"(%k, dense<[0, 1, 3, 2]>)
        %2 = "tfl.batch_matmul"(%q, %1) {adj_x = false, adj_y = false}

    After::

        %2 = "tfl.batch_matmul"(%q, %k) {adj_x = false, adj_y = true}
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (transposed_right_operand,)
