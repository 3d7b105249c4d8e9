"""Products of matrices."""

from __future__ import annotations

import numpy as np
import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import shape_of

from ..context import LoweringContext
from ..elements import Number, convert

aten = torch.ops.aten


def linear(
    ctx: LoweringContext, x: ir.Value, weight: ir.Value, bias: ir.Value | None = None
) -> ir.Value:
    """x @ weight.T + bias; weight: [out, in] or [in]."""
    last = len(shape_of(x)) - 1
    contracting = ([last], [len(shape_of(weight)) - 1])
    product = hlo.dot_general(x, weight, contracting=contracting)
    if bias is None:
        return product
    return hlo.add(product, *ctx.cast(bias))


def matmul(ctx: LoweringContext, x: ir.Value, y: ir.Value) -> ir.Value:
    """x @ y by torch's rules: vectors are rows or columns, leading dimensions broadcast."""
    del ctx
    return matrix_product(x, y)


def matrix_product(x: ir.Value, y: ir.Value) -> ir.Value:
    """x @ y; see `matmul`."""
    left, right = shape_of(x), shape_of(y)
    if len(right) <= 2:
        contracting = ([len(left) - 1], [max(0, len(right) - 2)])
        return hlo.dot_general(x, y, contracting=contracting)
    if len(left) == 1:
        row = matrix_product(hlo.reshape(x, (1, *left)), y)
        return hlo.reshape(row, (*shape_of(row)[:-2], shape_of(row)[-1]))
    batch = np.broadcast_shapes(left[:-2], right[:-2])
    x, y = hlo.broadcast(x, (*batch, *left[-2:])), hlo.broadcast(y, (*batch, *right[-2:]))
    rank = len(batch)
    return hlo.dot_general(
        x, y, batching=(range(rank), range(rank)), contracting=([rank + 1], [rank])
    )


def addmm(
    ctx: LoweringContext,
    bias: ir.Value,
    x: ir.Value,
    y: ir.Value,
    *,
    beta: Number = 1,
    alpha: Number = 1,
) -> ir.Value:
    """beta * bias + alpha * (x @ y)."""
    product = matrix_product(x, y)
    if alpha != 1:
        product = hlo.multiply(product, hlo.splat_like(alpha, product))
    if beta == 0:
        return product
    (added,) = ctx.cast(bias)
    if beta != 1:
        added = hlo.multiply(added, hlo.splat_like(beta, added))
    return hlo.add(added, product)


def dot(ctx: LoweringContext, x: ir.Value, y: ir.Value) -> ir.Value:
    """The inner product of two vectors."""
    del ctx
    return hlo.dot_general(x, y, contracting=([0], [0]))


def outer(ctx: LoweringContext, x: ir.Value, y: ir.Value) -> ir.Value:
    """The outer product of two vectors."""
    left, right = (convert(each, ctx.element) for each in (x, y))
    columns = hlo.broadcast_in_dim(left, ctx.shape, [0])
    return hlo.multiply(columns, hlo.broadcast_in_dim(right, ctx.shape, [1]))


RULES = (
    (aten.linear.default, linear),
    (aten.matmul.default, matmul),
    (aten.mm.default, matmul),
    (aten.bmm.default, matmul),
    (aten.mv.default, matmul),
    (aten.addmm.default, addmm),
    (aten.baddbmm.default, addmm),
    (aten.addmv.default, addmm),
    (aten.dot.default, dot),
    (aten.vdot.default, dot),
    (aten.outer.default, outer),
    (aten.ger.default, outer),
)
