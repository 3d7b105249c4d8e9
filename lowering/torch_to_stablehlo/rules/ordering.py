"""Sorting, and what is known once values are in order: all of it by the k greatest along the last axis.

`aten.topk` is a composite: it is what TFLite has.
"""

from __future__ import annotations

import torch
from torch import Tensor

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import rank_of

from ..context import LoweringContext
from ..jnp import from_jax
from ..traced import inline

aten = torch.ops.aten

_k_greatest = from_jax("k_greatest")


def topk(
    ctx: LoweringContext,
    x: ir.Value,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,  # noqa: A002
) -> list[ir.Value]:
    """The k greatest or least values along a dimension, in order, and where they were."""
    if largest and rank_of(x) > 0 and dim % rank_of(x) == rank_of(x) - 1:
        results = _k_greatest(ctx, x, k, rank_of(x) - 1, largest, sorted)
        return (
            [] if isinstance(results, ir.Value) else [each for each in results if each is not None]
        )

    def function(x: Tensor) -> tuple[Tensor, Tensor]:
        return _first(x, k, dim, descending=largest)

    return inline(ctx.builder, function, [x])


def sort(
    ctx: LoweringContext, x: ir.Value, dim: int = -1, descending: bool = False
) -> list[ir.Value]:
    """Values in order, and where they were; equal ones keep their order."""

    def function(x: Tensor) -> tuple[Tensor, Tensor]:
        return _first(x, x.shape[dim] if x.dim() else 1, dim, descending=descending)

    return inline(ctx.builder, function, [x])


def sort_stable(
    ctx: LoweringContext,
    x: ir.Value,
    *,
    stable: bool | None = None,
    dim: int = -1,
    descending: bool = False,
) -> list[ir.Value]:
    """As `sort`."""
    del stable
    return sort(ctx, x, dim, descending)


def argsort(ctx: LoweringContext, x: ir.Value, dim: int = -1, descending: bool = False) -> ir.Value:
    """Where the values in order were."""
    return sort(ctx, x, dim, descending)[1]


def argsort_stable(
    ctx: LoweringContext, x: ir.Value, *, stable: bool, dim: int = -1, descending: bool = False
) -> ir.Value:
    """As `argsort`."""
    del stable
    return sort(ctx, x, dim, descending)[1]


def kthvalue(
    ctx: LoweringContext, x: ir.Value, k: int, dim: int = -1, keepdim: bool = False
) -> list[ir.Value]:
    """The k-th least value, and where it was."""

    def function(x: Tensor) -> tuple[Tensor, Tensor]:
        return _kth(x, k, dim, keepdim=keepdim)

    return inline(ctx.builder, function, [x])


def median(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The lower median of all values."""

    def function(x: Tensor) -> Tensor:
        return _kth(x.reshape(-1), (x.numel() - 1) // 2 + 1, 0, keepdim=False)[0]

    return inline(ctx.builder, function, [x])[0]


def median_dim(
    ctx: LoweringContext, x: ir.Value, dim: int, keepdim: bool = False
) -> list[ir.Value]:
    """The lower median along a dimension, and where it was."""

    def function(x: Tensor) -> tuple[Tensor, Tensor]:
        size = x.shape[dim] if x.dim() else 1
        return _kth(x, (size - 1) // 2 + 1, dim, keepdim=keepdim)

    return inline(ctx.builder, function, [x])


def _first(x: Tensor, k: int, dim: int, *, descending: bool) -> tuple[Tensor, Tensor]:
    """The first k values in order along a dimension, and where they were."""
    row = x.movedim(dim, -1) if x.dim() else x.reshape(1)
    values, places = torch.topk(row if descending else _reversed(row), k)
    values = values if descending else _reversed(values)
    if not x.dim():
        return values.reshape(()), places.reshape(())
    return values.movedim(-1, dim), places.movedim(-1, dim)


def _kth(x: Tensor, k: int, dim: int, *, keepdim: bool) -> tuple[Tensor, Tensor]:
    values, places = _first(x, k, dim, descending=False)
    if not x.dim():
        return values, places
    value, place = values.select(dim, k - 1), places.select(dim, k - 1)
    return (value.unsqueeze(dim), place.unsqueeze(dim)) if keepdim else (value, place)


def _reversed(x: Tensor) -> Tensor:
    """Values in the reverse order of x; the least integer has no negative, but -1 less it there is."""
    if x.is_floating_point():
        return -x
    if x.dtype == torch.bool:
        return torch.logical_not(x)
    return (-1 if x.dtype.is_signed else torch.iinfo(x.dtype).max) - x


RULES = (
    (aten.topk.default, topk),
    (aten.sort.default, sort),
    (aten.sort.stable, sort_stable),
    (aten.argsort.default, argsort),
    (aten.argsort.stable, argsort_stable),
    (aten.kthvalue.default, kthvalue),
    (aten.median.default, median),
    (aten.median.dim, median_dim),
)
