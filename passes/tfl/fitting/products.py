"""Matrix products whose operands the target would have to turn or broadcast."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.tfl.shorthand import reshape, transpose
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.passes.core import Rule, RuleContext

from .candidates import can_change, fitting, reshaped, spread, with_rank


def rules(target: Target) -> tuple[Rule, ...]:
    """The rules for a target."""
    ways = [_by_filter, _turned, _in_batches]
    return (fitting(target, "fit-product", ["tfl.batch_matmul"], ways),)


def _by_filter(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """x @ w.T, w known -> FULLY_CONNECTED."""
    x, w = op.operands
    known = tfl.is_constant(w) or weight_symbol(w) is not None
    if not known or rank_of(w) != 2 or not tfl.attribute(op, "adj_y"):
        return None
    return tfl.emit(
        "fully_connected",
        [_upright(op, x), w, None],
        op.results[0].type,
        keep_num_dims=rank_of(op.results[0]) > 2,
    )


def _turned(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """x.T @ w -> transpose(x) @ w."""
    if not tfl.attribute(op, "adj_x"):
        return None
    x, y = op.operands
    adj_y: bool = tfl.attribute(op, "adj_y")
    kind = op.results[0].type
    return tfl.emit("batch_matmul", [_upright(op, x), y], kind, adj_x=False, adj_y=adj_y)


def _upright(op: ir.OpView, x: ir.Value) -> ir.Value:
    if not tfl.attribute(op, "adj_x"):
        return x
    rank = rank_of(x)
    return transpose(x, [*range(rank - 2), rank - 1, rank - 2])


def _in_batches(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """Both operands with the same leading dimensions; where the right one has none, those of the left are rows."""
    x, y = op.operands
    adj_y: bool = tfl.attribute(op, "adj_y")
    rows, columns = shape_of(op.results[0])[-2:]
    if all(size == 1 for size in shape_of(y)[:-2]) and not tfl.attribute(op, "adj_x"):
        # [B, M, K] by [1, K, N] is [1, B * M, K] by [1, K, N].
        batch = int(np.prod(shape_of(x)[:-2], dtype=np.int64))
        depth = shape_of(x)[-1]
        wanted = [1, *shape_of(y)[-2:]]
        if not can_change(y, wanted, context):
            return None
        matrix = reshaped(y, wanted, context)
        kind = tensor_type([1, batch * rows, columns], element_of(x))
        flat = reshape(x, [1, batch * rows, depth])
        product = tfl.emit("batch_matmul", [flat, matrix], kind, adj_x=False, adj_y=adj_y)
        return reshape(product, shape_of(op.results[0]))
    rank = rank_of(op.results[0])
    batch = list(shape_of(op.results[0])[:-2])
    goals = [[*batch, *shape_of(operand)[-2:]] for operand in (x, y)]
    if not all(map(can_change, (x, y), goals, [context] * 2)):
        return None
    whole = [
        spread(reshaped(operand, with_rank(shape_of(operand), rank), context), goal)
        for operand, goal in zip((x, y), goals, strict=True)
    ]
    adj_x: bool = tfl.attribute(op, "adj_x")
    return tfl.emit("batch_matmul", whole, op.results[0].type, adj_x=adj_x, adj_y=adj_y)
