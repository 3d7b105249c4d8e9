"""Pooling, and resizing of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from litewright.compiler.ir import hlo, hlo_indexing
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import items_of, value_of
from litewright.compiler.ir.types import dtype_of, element_of, shape_of

from ..context import LoweringContext
from ..traced import decomposition
from .convolution import spread

aten = torch.ops.aten

Sizes = int | Sequence[int]


# ---- windows -------------------------------------------------------------------------------------


def _extra_padding(
    shape: Sequence[int], out: Sequence[int], window: Sequence[int], stride: Sequence[int],
    padding: Sequence[int], dilation: Sequence[int],
) -> list[tuple[int, int]]:  # fmt: skip
    """Padding at both ends; more at the far end where rounding up makes one window more."""
    pads: list[tuple[int, int]] = []
    for size, count, k, s, p, d in zip(shape, out, window, stride, padding, dilation, strict=True):
        reach = (count - 1) * s + (k - 1) * d + 1
        pads.append((p, max(p, reach - size - p)))
    return pads


def _windows(
    x: ir.Value, out: Sequence[int], window: list[int], stride: list[int], padding: list[int],
    dilation: list[int], op: hlo.Reduction, initial: float | int,
) -> ir.Value:  # fmt: skip
    """A pooling of the last dimensions of x; cut to the counts in `out`."""
    rank = len(window)
    lead = len(shape_of(x)) - rank
    pads = _extra_padding(shape_of(x)[lead:], out, window, stride, padding, dilation)
    pooled = hlo.reduce_window(
        op,
        x,
        initial,
        window=[1] * lead + window,
        strides=[1] * lead + stride,
        padding=[(0, 0)] * lead + pads,
        dilation=[1] * lead + dilation,
    )
    shape = shape_of(pooled)
    return hlo.slice(pooled, [0] * len(shape), [*shape[:lead], *out])


def lowest(x: ir.Value) -> float | int:
    """The least value of an element type."""
    if str(element_of(x)).startswith(("f", "bf")):
        return float("-inf")
    limits = torch.iinfo(getattr(torch, dtype_of(x).name))
    return limits.min


def max_pool(
    ctx: LoweringContext,
    x: ir.Value,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    *,
    rank: int = 2,
) -> ir.Value:
    """The greatest value of each window; x: [N, C, ...] or [C, ...]."""
    window = spread(kernel_size, rank)
    steps = spread(stride, rank) if stride else window
    pads, dilations = spread(padding, rank), spread(dilation, rank)
    out = _first_shape(ctx)

    def build(x: ir.Value) -> ir.Value:
        return _windows(x, out[-rank:], window, steps, pads, dilations, "maximum", lowest(x))

    if rank != 2:
        return build(x)
    attributes = {
        "kernel_size": tuple(window),
        "stride": tuple(steps),
        "padding": tuple(pads),
        "dilation": tuple(dilations),
        "ceil_mode": ceil_mode,
        "layout": "NCHW",
    }
    return _batched(ctx, "aten.max_pool2d", x, attributes, build, out)


def _batched(
    ctx: LoweringContext,
    name: str,
    x: ir.Value,
    attributes: dict[str, tuple[int, ...] | bool | str],
    build: Callable[..., ir.Value | list[ir.Value]],
    out: tuple[int, ...],
) -> ir.Value:
    """A composite over [N, C, H, W], of x that may lack N."""
    batched = x if len(shape_of(x)) == 4 else hlo.reshape(x, (1, *shape_of(x)))
    kind = ir.RankedTensorType.get([shape_of(batched)[0], *out[-3:]], element_of(x))
    (result,) = ctx.composite(name, [batched], {**attributes}, build, [kind])
    return hlo.reshape(result, out)


def _first_shape(ctx: LoweringContext) -> tuple[int, ...]:
    value = value_of(ctx.node)
    return tuple(value.shape if isinstance(value, torch.Tensor) else value[0].shape)


def max_pool_1d(ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes) -> ir.Value:
    """Max pooling over one dimension."""
    return max_pool(ctx, x, *args, rank=1, **kwargs)  # pyright: ignore[reportArgumentType]


def max_pool_3d(ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes) -> ir.Value:
    """Max pooling over three dimensions."""
    return max_pool(ctx, x, *args, rank=3, **kwargs)  # pyright: ignore[reportArgumentType]


def max_pool_with_indices(
    ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes
) -> tuple[ir.Value, None]:
    """Max pooling; where the greatest values were has no lowering."""
    return max_pool(ctx, x, *args, **kwargs), None  # pyright: ignore[reportArgumentType]


def max_pool_3d_with_indices(
    ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes
) -> tuple[ir.Value, None]:
    """As `max_pool_with_indices`, over three dimensions."""
    return max_pool_3d(ctx, x, *args, **kwargs), None


def avg_pool(
    ctx: LoweringContext,
    x: ir.Value,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    rank: int = 2,
) -> ir.Value:
    """The mean of each window; x: [N, C, ...] or [C, ...]."""
    window = spread(kernel_size, rank)
    steps = spread(stride, rank) if stride else window
    pads, ones = spread(padding, rank), [1] * rank

    def sums(x: ir.Value) -> ir.Value:
        return _windows(x, ctx.shape[-rank:], window, steps, pads, ones, "add", 0)

    def build(x: ir.Value) -> ir.Value:
        total = sums(x)
        if divisor_override is not None:
            return hlo.binary("divide", total, hlo.splat_like(divisor_override, total))
        return hlo.binary("divide", total, _counts(x, total))

    def _counts(x: ir.Value, total: ir.Value) -> ir.Value:
        """How many elements each window is the mean of; windows may run over the edge."""
        spatial = shape_of(x)[-rank:]
        last = [(n - 1) * s + k for n, s, k in zip(ctx.shape[-rank:], steps, window, strict=True)]
        inside = all(reach <= n + 2 * p for reach, n, p in zip(last, spatial, pads, strict=True))
        if inside and (count_include_pad or not any(pads)):
            return hlo.splat_like(float(torch.Size(window).numel()), total)
        one = hlo.splat(1, spatial, element_of(x))
        margin = pads if count_include_pad else [0] * rank
        padded = hlo.pad(one, hlo.splat(1, (), element_of(x)), margin, margin)
        rest = [p - m for p, m in zip(pads, margin, strict=True)]
        counts = _windows(padded, ctx.shape[-rank:], window, steps, rest, ones, "add", 0)
        return hlo.broadcast(counts, shape_of(total))

    if rank != 2 or divisor_override is not None:
        return build(x)
    attributes = {
        "kernel_size": tuple(window),
        "stride": tuple(steps),
        "padding": tuple(pads),
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
        "layout": "NCHW",
    }
    return _batched(ctx, "aten.avg_pool2d", x, attributes, build, ctx.shape)


def avg_pool_1d(ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes) -> ir.Value:
    """Mean pooling over one dimension."""
    return avg_pool(ctx, x, *args, rank=1, **kwargs)  # pyright: ignore[reportArgumentType]


def avg_pool_3d(ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes) -> ir.Value:
    """Mean pooling over three dimensions."""
    return avg_pool(ctx, x, *args, rank=3, **kwargs)  # pyright: ignore[reportArgumentType]


def adaptive_avg_pool(ctx: LoweringContext, x: ir.Value, output_size: Sizes) -> ir.Value:
    """The mean of each of `output_size` equal parts; of everything where that is 1."""
    rank = len([output_size] if isinstance(output_size, int) else output_size)
    spatial, out = shape_of(x)[-rank:], ctx.shape[-rank:]
    if any(n % o for n, o in zip(spatial, out, strict=True)):
        return _uneven_parts(ctx, x, rank)
    window = [n // o for n, o in zip(spatial, out, strict=True)]
    if all(o == 1 for o in out):
        return hlo.reshape(
            mean_over(x, range(len(shape_of(x)) - rank, len(shape_of(x)))), ctx.shape
        )
    return avg_pool(ctx, x, window, window, rank=rank)


def mean_over(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """The mean over axes, which go away."""
    total = hlo.reduce("add", x, list(axes), 0)
    count = torch.Size([shape_of(x)[axis] for axis in axes]).numel()
    return hlo.binary("divide", total, hlo.splat_like(count, total))


def _parts(size: int, count: int) -> list[tuple[int, int]]:
    """Where each part begins and ends: parts overlap where the size is no multiple."""
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _uneven_parts(ctx: LoweringContext, x: ir.Value, rank: int) -> ir.Value:
    """A matrix per dimension that takes the means of its parts."""
    result = x
    for axis in range(len(shape_of(x)) - rank, len(shape_of(x))):
        size, count = shape_of(x)[axis], ctx.shape[axis]
        matrix = torch.zeros(count, size)
        for row, (begin, end) in enumerate(_parts(size, count)):
            matrix[row, begin:end] = 1 / (end - begin)
        weights = hlo.convert(hlo.constant(matrix.numpy()), element_of(x))
        product = hlo.dot_general(result, weights, contracting=([axis], [1]))
        last = len(shape_of(x)) - 1
        order = [*range(axis), last, *range(axis, last)]
        result = hlo.transpose(product, order)
    return result


def adaptive_max_pool(
    ctx: LoweringContext, x: ir.Value, output_size: Sizes
) -> tuple[ir.Value, None]:
    """The greatest value of each of `output_size` equal parts."""
    out = _first_shape(ctx)
    rank = len([output_size] if isinstance(output_size, int) else output_size)
    spatial = shape_of(x)[-rank:]
    if any(n % o for n, o in zip(spatial, out[-rank:], strict=True)):
        raise ctx.refuse(f"adaptive max pooling of {list(spatial)} to {list(out[-rank:])}")
    window = [n // o for n, o in zip(spatial, out[-rank:], strict=True)]
    return max_pool(ctx, x, window, window, rank=rank), None


# ---- resizing ------------------------------------------------------------------------------------


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

    attributes = {"output_size": tuple(ctx.shape[2:]), "align_corners": False, "layout": "NCHW"}
    fits = all(
        factor is None or size * factor == out
        for size, out, factor in zip(shape_of(x)[-2:], ctx.shape[-2:], scale, strict=True)
    )
    name = "aten.upsample_nearest2d" if fits else "aten.upsample_nearest2d.by_factor"
    return _batched(ctx, name, x, {**attributes}, build, ctx.shape)


def _nearest(size: int, out: int, scale: float | None) -> torch.Tensor:
    factor = size / out if scale is None else 1 / scale
    indices = torch.floor(torch.arange(out, dtype=torch.float32) * factor).to(torch.int32)
    return indices.clamp(max=size - 1)


def _scale_factors(
    scales: Sequence[object], named: dict[str, object]
) -> tuple[float | None, float | None]:
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

    attributes = {
        "output_size": tuple(ctx.shape[2:]),
        "align_corners": align_corners,
        "layout": "NCHW",
    }
    build = decomposition(ctx.builder, function)
    # No runtime op takes a factor that is not the ratio of the sizes.
    fits = all(
        factor is None or size * factor == out
        for size, out, factor in zip(shape_of(x)[-2:], ctx.shape[-2:], factors, strict=True)
    )
    name = "aten.upsample_bilinear2d" if fits else "aten.upsample_bilinear2d.by_factor"
    return _batched(ctx, name, x, {**attributes}, build, ctx.shape)


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
    (aten.max_pool1d.default, max_pool_1d),
    (aten.max_pool2d.default, max_pool),
    (aten.max_pool3d.default, max_pool_3d),
    (aten.max_pool2d_with_indices.default, max_pool_with_indices),
    (aten.max_pool3d_with_indices.default, max_pool_3d_with_indices),
    (aten.avg_pool1d.default, avg_pool_1d),
    (aten.avg_pool2d.default, avg_pool),
    (aten.avg_pool3d.default, avg_pool_3d),
    (aten.adaptive_avg_pool1d.default, adaptive_avg_pool),
    (aten.adaptive_avg_pool2d.default, adaptive_avg_pool),
    (aten._adaptive_avg_pool2d.default, adaptive_avg_pool),
    (aten.adaptive_avg_pool3d.default, adaptive_avg_pool),
    (aten._adaptive_avg_pool3d.default, adaptive_avg_pool),
    (aten.adaptive_max_pool1d.default, adaptive_max_pool),
    (aten.adaptive_max_pool2d.default, adaptive_max_pool),
    (aten.upsample_nearest2d.default, upsample_nearest),
    (aten.upsample_nearest2d.vec, upsample_nearest),
    (aten.upsample_bilinear2d.default, upsample_bilinear),
    (aten.upsample_bilinear2d.vec, upsample_bilinear),
)
