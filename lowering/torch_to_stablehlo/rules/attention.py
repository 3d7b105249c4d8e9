"""Scaled dot-product attention."""

from __future__ import annotations

import math

import numpy as np
import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, shape_of

from ..context import LoweringContext
from ..elements import convert, is_bool
from ..traced import decomposition

aten = torch.ops.aten


def scaled_dot_product_attention(
    ctx: LoweringContext,
    query: ir.Value,
    key: ir.Value,
    value: ir.Value,
    attn_mask: ir.Value | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> ir.Value:
    """softmax(query @ key.T * scale + mask) @ value, heads in dimension 1 of four.

    query: [B, N, T, H]; key and value: [B, KV, S, H]. Fewer and more leading dimensions are made two.
    """
    if dropout_p != 0:
        raise ctx.refuse("attention with dropout; call .eval() on the model")
    factor = 1 / math.sqrt(shape_of(query)[-1]) if scale is None else scale
    mask = attn_mask
    if mask is not None and not is_bool(element_of(mask)):
        mask = convert(mask, ctx.element)
    result_shape = ctx.shape
    if len(shape_of(query)) != 4 or shape_of(query)[0] != shape_of(key)[0]:
        query, key, value, mask = _four_dimensional(query, key, value, mask)
    gqa = enable_gqa and shape_of(query)[1] != shape_of(key)[1]

    def function(
        q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        return _attention(q, k, v, mask, factor, is_causal=is_causal)

    attributes = {"scale": float(factor), "is_causal": is_causal, "enable_gqa": gqa}
    kind = ir.RankedTensorType.get([*shape_of(query)[:3], shape_of(value)[3]], ctx.element)
    (attended,) = ctx.composite(
        "aten.scaled_dot_product_attention",
        [query, key, value, mask],
        attributes,
        decomposition(ctx.builder, function),
        [kind],
    )
    return hlo.reshape(attended, result_shape)


def _attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    mask: torch.Tensor | None,
    scale: float,
    *,
    is_causal: bool,
) -> torch.Tensor:
    batch, heads, length, width = q.shape
    groups = k.shape[1]
    # Grouped queries: the heads of a group are rows of one matrix, so that keys are not repeated.
    rows = (q * scale).reshape(batch, groups, heads // groups * length, width)
    scores = (rows @ k.transpose(-1, -2)).reshape(batch, heads, length, k.shape[2])
    if is_causal:
        visible = torch.arange(k.shape[2])[None] <= torch.arange(length)[:, None]
        scores = torch.where(visible, scores, -torch.inf)
    if mask is not None and mask.dtype == torch.bool:
        scores = torch.where(mask, scores, -torch.inf)
    elif mask is not None:
        scores = scores + mask
    shares = torch.softmax(scores, -1)
    if mask is not None and mask.dtype == torch.bool:
        # A row that sees nothing is zero, not NaN.
        shares = torch.where(torch.amax(scores, -1, keepdim=True) == -torch.inf, 0, shares)
    shares = shares.reshape(batch, groups, heads // groups * length, k.shape[2])
    return (shares @ v).reshape(batch, heads, length, v.shape[3])


def _four_dimensional(
    query: ir.Value, key: ir.Value, value: ir.Value, mask: ir.Value | None
) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value | None]:
    """All dimensions before the last three become one, or a dimension is put in front."""
    operands = (query, key, value)
    if len(shape_of(query)) == 2:
        lead: tuple[int, ...] = ()
        heads = [(1,)] * 3
    else:
        lead = np.broadcast_shapes(*(shape_of(each)[:-3] for each in operands))
        heads = [(shape_of(each)[-3],) for each in operands]
    count = math.prod(lead)
    made = [
        hlo.reshape(
            hlo.broadcast(each, (*lead, *own, *shape_of(each)[-2:])),
            (count, *own, *shape_of(each)[-2:]),
        )
        if len(shape_of(each)) > 2
        else hlo.reshape(each, (1, 1, *shape_of(each)))
        for each, own in zip(operands, heads, strict=True)
    ]
    if mask is not None and len(shape_of(mask)) > 3:
        own = shape_of(mask)[-3:]
        mask = hlo.reshape(hlo.broadcast(mask, (*lead, *own)), (count, *own))
    return made[0], made[1], made[2], mask


RULES = ((aten.scaled_dot_product_attention.default, scaled_dot_product_attention),)
