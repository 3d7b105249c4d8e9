"""Resizing of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from litewright.compiler.ir import hlo, hlo_indexing
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import items_of
from litewright.compiler.ir.types import shape_of

from ..composites import Attribute, Decompose
from ..context import LoweringContext
from ..traced import decomposition

aten = torch.ops.aten

Factors = tuple[float | None, float | None]
"""What a caller wants height and width multiplied by, if he says so."""


def upsample_nearest(
    ctx: LoweringContext,
    x: ir.Value,
    output_size: Sequence[int] | None = None,
    *scales: object,
    **named: object,
) -> ir.Value:
    """Each pixel from the nearest one below; x: [N, C, H, W]."""
    del output_size
    scale = _scale_factors(scales, named)

    def build(x: ir.Value) -> ir.Value:
        for axis in (2, 3):
            indices = _nearest(shape_of(x)[axis], ctx.shape[axis], scale[axis - 2])
            x = hlo_indexing.take(x, hlo.constant(indices.numpy()), axis)
        return x

    return _composite(ctx, "aten.upsample_nearest2d", x, scale, build)


def _composite(
    ctx: LoweringContext,
    name: str,
    x: ir.Value,
    factors: Factors,
    build: Decompose,
    *,
    align_corners: bool = False,
) -> ir.Value:
    attributes: dict[str, Attribute] = {
        "output_size": tuple(ctx.shape[2:]),
        "align_corners": align_corners,
        "layout": "NCHW",
    }
    sizes = zip(shape_of(x)[2:], ctx.shape[2:], factors, strict=True)
    if any(factor is not None and size * factor != out for size, out, factor in sizes):
        # No runtime op takes a factor that is not the ratio of the sizes.
        attributes["factors"] = tuple(factor or 0.0 for factor in factors)
        name = f"{name}.by_factor"
    return ctx.composite(name, [x], attributes, build)[0]


def _nearest(size: int, out: int, scale: float | None) -> torch.Tensor:
    factor = size / out if scale is None else 1 / scale
    indices = torch.floor(torch.arange(out, dtype=torch.float32) * factor).to(torch.int32)
    return indices.clamp(max=size - 1)


def _scale_factors(scales: Sequence[object], named: dict[str, object]) -> Factors:
    """The factors that a caller gave for height and width; torch prefers them to the sizes' ratio."""
    given: list[Any] = [each for each in (*scales, *named.values()) if each is not None]
    if given:
        given = items_of(given[0]) or given
    pair = [float(each) if isinstance(each, int | float) else None for each in given]
    return (pair[0], pair[1]) if len(pair) == 2 else (None, None)


def upsample_bilinear(
    ctx: LoweringContext,
    x: ir.Value,
    output_size: Sequence[int] | None,
    align_corners: bool,
    *scales: object,
    **named: object,
) -> ir.Value:
    """Each pixel from the four around it; x: [N, C, H, W]."""
    del output_size
    factors = _scale_factors(scales, named)

    def function(x: torch.Tensor) -> torch.Tensor:
        for axis in (2, 3):
            x = _interpolate(x, axis, ctx.shape[axis], factors[axis - 2], align_corners)
        return x

    build = decomposition(ctx.builder, function)
    return _composite(
        ctx, "aten.upsample_bilinear2d", x, factors, build, align_corners=align_corners
    )


def _interpolate(
    x: torch.Tensor,
    axis: int,
    out: int,
    scale: float | None,
    align_corners: bool,
) -> torch.Tensor:
    size = x.shape[axis]
    positions = torch.arange(out, dtype=torch.float32)
    if align_corners:
        source = positions * ((size - 1) / (out - 1) if out > 1 else 0.0)
    else:
        factor = size / out if scale is None else 1 / scale
        source = ((positions + 0.5) * factor - 0.5).clamp(min=0)
    low = source.to(torch.int64).clamp(max=size - 1)
    high = (low + 1).clamp(max=size - 1)
    share = (source - low).clamp(0, 1).to(x.dtype)
    shape = [-1 if i == axis else 1 for i in range(x.dim())]
    first, second = x.index_select(axis, low), x.index_select(axis, high)
    return first + (second - first) * share.reshape(shape)


RULES = (
    (aten.upsample_nearest2d.default, upsample_nearest),
    (aten.upsample_nearest2d.vec, upsample_nearest),
    (aten.upsample_bilinear2d.default, upsample_bilinear),
    (aten.upsample_bilinear2d.vec, upsample_bilinear),
)
