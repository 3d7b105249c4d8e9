"""Running sums, products and extremes along a dimension.

All but sums, for which TFLite has an op, are scans: after step i every element has combined the
2 ** i elements up to it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import rank_of, shape_of

from ..context import LoweringContext
from ..elements import convert
from ..jnp import from_jax
from ..traced import inline

aten = torch.ops.aten

_running_sum = from_jax("cumsum")

Combine = Callable[[tuple[Tensor, ...], tuple[Tensor, ...]], tuple[Tensor, ...]]


def cumsum(ctx: LoweringContext, x: ir.Value, dim: int, *, dtype: object = None) -> ir.Value:
    """Running sums."""
    del dtype
    cast = convert(x, ctx.element)
    if rank_of(x) == 0:
        return cast
    total = _running_sum(ctx, cast, dim % rank_of(x))
    return total if isinstance(total, ir.Value) else hlo.splat_like(0, cast)


def cumprod(ctx: LoweringContext, x: ir.Value, dim: int, *, dtype: object = None) -> ir.Value:
    """Running products."""
    del dtype

    def combine(new: tuple[Tensor, ...], old: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (new[0] * old[0],)

    return _scan(ctx, (convert(x, ctx.element),), dim, combine)[0]


def logcumsumexp(ctx: LoweringContext, x: ir.Value, dim: int) -> ir.Value:
    """The logarithms of running sums of powers of e."""

    def combine(new: tuple[Tensor, ...], old: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        peak, least = torch.maximum(new[0], old[0]), torch.minimum(new[0], old[0])
        return (peak + torch.log1p(torch.exp(least - peak)),)

    return _scan(ctx, (x,), dim, combine)[0]


def cummax(ctx: LoweringContext, x: ir.Value, dim: int) -> list[ir.Value]:
    """Running greatest values, and where each was met last."""
    return _extremes(ctx, x, dim, torch.gt)


def cummin(ctx: LoweringContext, x: ir.Value, dim: int) -> list[ir.Value]:
    """Running least values, and where each was met last."""
    return _extremes(ctx, x, dim, torch.lt)


def _extremes(
    ctx: LoweringContext, x: ir.Value, dim: int, beats: Callable[[Tensor, Tensor], Tensor]
) -> list[ir.Value]:
    def combine(new: tuple[Tensor, ...], old: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        better = beats(old[0], new[0])
        return torch.where(better, old[0], new[0]), torch.where(better, old[1], new[1])

    shape = shape_of(x)
    index = ir.IntegerType.get_signless(64)
    axis = dim % max(1, len(shape))
    places = hlo.iota(shape, axis, index) if shape else hlo.splat(0, (), index)
    return _scan(ctx, (x, places), dim, combine)


def _scan(
    ctx: LoweringContext, operands: tuple[ir.Value, ...], dim: int, combine: Combine
) -> list[ir.Value]:
    """Combines every element with all before it; `combine` takes later elements first."""
    if rank_of(operands[0]) == 0:
        return list(operands)

    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        size, reach, running = tensors[0].shape[dim], 1, tensors
        while reach < size:
            first = tuple(t.narrow(dim, 0, reach) for t in running)
            rest = tuple(t.narrow(dim, reach, size - reach) for t in running)
            before = tuple(t.narrow(dim, 0, size - reach) for t in running)
            joined = zip(first, combine(rest, before), strict=True)
            running = tuple(torch.cat(pair, dim) for pair in joined)
            reach *= 2
        return running

    return inline(ctx.builder, function, operands)


RULES = (
    (aten.cumsum.default, cumsum),
    (aten.cumprod.default, cumprod),
    (aten.logcumsumexp.default, logcumsumexp),
    (aten.cummax.default, cummax),
    (aten.cummin.default, cummin),
)
