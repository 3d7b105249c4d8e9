"""Keys and values that are repeated for grouped queries, left as they are by BATCH_MATMUL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by, reshape
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.batch_matmul")
def repeated_right_operand(op: ir.OpView, context: RuleContext) -> Outcome:
    """batch_matmul(x [B, KV * G, T, K], repeated y) -> batch_matmul(x [B, KV, G * T, K], y)."""
    x, y = op.operands
    if rank_of(y) != 4 or shape_of(x)[:2] != shape_of(y)[:2]:
        return decline("the operands are not of as many heads each", x.type, y.type)
    if tfl.attribute(op, "adj_x"):
        return decline("the left operand is read transposed")
    once = _before_repetition(y)
    if once is None:
        return decline("the right operand is not repeated")
    batch, groups = shape_of(once)[:2]
    length, depth = shape_of(x)[2:]
    rows = shape_of(x)[1] // groups * length
    result = op.results[0]
    columns = shape_of(result)[-1]
    kind = tensor_type([batch, groups, rows, columns], element_of(result))
    operands = [reshape(x, [batch, groups, rows, depth]), once]
    product = tfl.emit("batch_matmul", operands, kind, **tfl.attributes_of(op))
    return reshape(product, shape_of(result))


def _before_repetition(heads: ir.Value) -> ir.Value | None:
    """[B, KV, S, H], where a value repeats each of the KV heads for G others: [B, KV * G, S, H].

    Models write it as [B, KV, 1, S, H], spread to [B, KV, G, S, H] and flattened; a single head is spread at
    once.
    """
    flat = defined_by(heads, "reshape")
    spread = defined_by(heads if flat is None else flat.operands[0], "broadcast_to")
    if spread is None:
        return None
    batch, _, span, width = shape_of(heads)
    source, after = spread.operands[0], shape_of(spread.results[0])
    before = (1,) * (len(after) - rank_of(source)) + shape_of(source)
    if flat is None and before == (batch, 1, span, width):
        return reshape(source, before)
    if len(after) == 5 and before == (batch, after[1], 1, span, width):
        return reshape(source, [batch, after[1], span, width])
    return None


@dataclass(frozen=True)
class AbsorbRepeats(RewritePass):
    """Multiplies the queries of a group by the one key head they share, instead of repeating that.

    Repetition is a BROADCAST_TO, which splits a delegate partition, and a copy of the whole cache. Queries of a
    group lie side by side, so that they are rows of one product by a RESHAPE.

    Before::

        %1 = "tfl.broadcast_to"(%k, dense<[1, 2, 4, 16, 8]>) : (tensor<1x2x1x16x8xf32>, ...)
        %2 = "tfl.reshape"(%1, dense<[1, 8, 16, 8]>)
        %3 = "tfl.batch_matmul"(%q, %2) {adj_y = true} : (tensor<1x8x3x8xf32>, tensor<1x8x16x8xf32>)

    After::

        %1 = "tfl.reshape"(%q, dense<[1, 2, 12, 8]>)
        %2 = "tfl.reshape"(%k, dense<[1, 2, 16, 8]>)
        %3 = "tfl.batch_matmul"(%1, %2) {adj_y = true} : (tensor<1x2x12x8xf32>, tensor<1x2x16x8xf32>)
        %4 = "tfl.reshape"(%3, dense<[1, 8, 3, 16]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (repeated_right_operand,)
