"""Pooling. In two dimensions a composite; one dimension is a plane of width 1, three are two poolings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import tensors_of
from litewright.compiler.ir.types import dtype_of, element_of, shape_of, tensor_type

from ..context import LoweringContext
from .convolution import spread

aten = torch.ops.aten

Sizes = int | Sequence[int]


@dataclass(frozen=True, slots=True)
class Window:
    """How one dimension is pooled.

    Attributes:
        size: elements of a window.
        stride: from one window to the next.
        padding: at both ends.
        dilation: from one element of a window to the next.
        count: how many windows there are.
    """

    size: int
    stride: int
    padding: int
    dilation: int
    count: int

    def pads(self, size: int) -> tuple[int, int]:
        """Padding at both ends; more at the far end where rounding up makes one window more."""
        reach = (self.count - 1) * self.stride + (self.size - 1) * self.dilation + 1
        return self.padding, max(self.padding, reach - size - self.padding)

    def lengths(
        self, size: int, *, include_padding: bool
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """How many elements each window holds; padding counts, what rounding up adds never does."""
        begin = np.arange(self.count) * self.stride - self.padding
        end = np.minimum(begin + self.size, size + self.padding)
        return end - begin if include_padding else np.minimum(end, size) - np.maximum(begin, 0)


Pool = Callable[[ir.Value, Window, Window], ir.Value]


def _windows(
    kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, counts: Sequence[int]
) -> list[Window]:
    rank = len(counts)
    sizes = spread(kernel_size, rank)
    strides = spread(stride, rank) if stride else sizes
    columns = (sizes, strides, spread(padding, rank), spread(dilation, rank), counts)
    return [Window(*column) for column in zip(*columns, strict=True)]


def _pooled(x: ir.Value, windows: Sequence[Window], pool: Pool) -> ir.Value:
    """Pools the last dimensions of x ([N, C, ...] or [C, ...]), a plane at a time."""
    shape = list(shape_of(x))
    first = len(shape) - len(windows)
    batch = shape[0] if first > 1 else 1
    axes = list(range(first, len(shape)))
    pairs = [axes.pop()] if len(windows) > 1 else []
    for axis in reversed(axes):
        lead, trail = math.prod(shape[:axis]) // batch, math.prod(shape[axis + 1 :])
        height, width = windows[axis - first], Window(1, 1, 0, 1, trail)
        if pairs:
            width = windows[pairs[0] - first]
            shape[pairs.pop()] = width.count
        plane = hlo.reshape(x, (batch, lead, shape_of(x)[axis], trail))
        shape[axis] = height.count
        x = hlo.reshape(pool(plane, height, width), shape)
    return x


def _reduced(
    x: ir.Value, height: Window, width: Window, op: hlo.Reduction, initial: float
) -> ir.Value:
    """The windows of a plane reduced; x: [N, C, H, W]."""
    rows, columns = shape_of(x)[2:]
    pooled = hlo.reduce_window(
        op,
        x,
        initial,
        window=[1, 1, height.size, width.size],
        strides=[1, 1, height.stride, width.stride],
        padding=[(0, 0), (0, 0), height.pads(rows), width.pads(columns)],
        dilation=[1, 1, height.dilation, width.dilation],
    )
    limit = [*shape_of(x)[:2], height.count, width.count]
    return hlo.slice(pooled, [0] * 4, limit)


def _result(x: ir.Value, height: Window, width: Window) -> ir.Type:
    return tensor_type((*shape_of(x)[:2], height.count, width.count), element_of(x))


def lowest(x: ir.Value) -> float | int:
    """The least value of an element type."""
    if str(element_of(x)).startswith(("f", "bf")):
        return float("-inf")
    return torch.iinfo(getattr(torch, dtype_of(x).name)).min


# ---- the greatest --------------------------------------------------------------------------------


def max_pool(
    ctx: LoweringContext,
    x: ir.Value,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> ir.Value:
    """The greatest value of each window, in as many dimensions as the op is for."""
    counts = _spatial(ctx)
    windows = _windows(kernel_size, stride, padding, dilation, counts)

    def pool(x: ir.Value, height: Window, width: Window) -> ir.Value:
        def build(x: ir.Value) -> ir.Value:
            return _reduced(x, height, width, "maximum", lowest(x))

        attributes = {
            **_attributes(height, width),
            "dilation": (height.dilation, width.dilation),
            "ceil_mode": ceil_mode,
        }
        kinds = [_result(x, height, width)]
        return ctx.composite("aten.max_pool2d", [x], attributes, build, kinds)[0]

    return _pooled(x, windows, pool)


def max_pool_with_indices(
    ctx: LoweringContext, x: ir.Value, *args: Sizes, **kwargs: Sizes
) -> tuple[ir.Value, None]:
    """Max pooling; where the greatest values were has no lowering."""
    return max_pool(ctx, x, *args, **kwargs), None  # pyright: ignore[reportArgumentType]


def _attributes(height: Window, width: Window) -> dict[str, tuple[int, ...] | bool | str]:
    return {
        "kernel_size": (height.size, width.size),
        "stride": (height.stride, width.stride),
        "padding": (height.padding, width.padding),
        "layout": "NCHW",
    }


_RANKS = {"1d": 1, "2d": 2, "3d": 3}


def _spatial(ctx: LoweringContext) -> tuple[int, ...]:
    """The pooled dimensions of the result: as many as the op's name says."""
    name = str(ctx.op)
    rank = next(rank for text, rank in _RANKS.items() if text in name)
    return tuple(tensors_of(ctx.node)[0].shape)[-rank:]


# ---- the mean ------------------------------------------------------------------------------------


def avg_pool(
    ctx: LoweringContext,
    x: ir.Value,
    kernel_size: Sizes,
    stride: Sizes = (),
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> ir.Value:
    """The mean of each window, or its sum over a divisor."""
    windows = _windows(kernel_size, stride, padding, 1, _spatial(ctx))
    include = count_include_pad or divisor_override is not None

    def pool(x: ir.Value, height: Window, width: Window) -> ir.Value:
        def build(x: ir.Value) -> ir.Value:
            total = _reduced(x, height, width, "add", 0)
            return hlo.binary("divide", total, _lengths(x, total, height, width, include=include))

        attributes = {
            **_attributes(height, width),
            "ceil_mode": ceil_mode,
            "count_include_pad": include,
        }
        kinds = [_result(x, height, width)]
        means = ctx.composite("aten.avg_pool2d", [x], attributes, build, kinds)[0]
        if divisor_override is None:
            return means
        return hlo.multiply(means, _lengths(x, means, height, width, include=True))

    result = _pooled(x, windows, pool)
    if divisor_override is None:
        return result
    return hlo.binary("divide", result, hlo.splat_like(divisor_override, result))


def _lengths(
    x: ir.Value, like: ir.Value, height: Window, width: Window, *, include: bool
) -> ir.Value:
    """How many elements each window of a plane holds, in the type of `like`."""
    rows = height.lengths(shape_of(x)[2], include_padding=include)
    columns = width.lengths(shape_of(x)[3], include_padding=include)
    counts = np.outer(rows, columns)
    if counts.size and (counts == counts.flat[0]).all():
        return hlo.splat_like(int(counts.flat[0]), like)
    return hlo.broadcast(hlo.constant(counts.astype(dtype_of(like))), shape_of(like))


def mean_over(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """The mean over axes, which go away."""
    total = hlo.reduce("add", x, list(axes), 0)
    count = torch.Size([shape_of(x)[axis] for axis in axes]).numel()
    return hlo.binary("divide", total, hlo.splat_like(count, total))


# ---- parts ---------------------------------------------------------------------------------------


def adaptive_avg_pool(ctx: LoweringContext, x: ir.Value, output_size: Sizes) -> ir.Value:
    """The mean of each of `output_size` equal parts; of everything where that is 1."""
    del output_size
    out = _spatial(ctx)
    first = len(ctx.shape) - len(out)
    spatial = shape_of(x)[first:]
    if any(n % o for n, o in zip(spatial, out, strict=True)):
        return _uneven_parts(ctx, x, len(out))
    if all(o == 1 for o in out):
        return hlo.reshape(mean_over(x, range(first, len(ctx.shape))), ctx.shape)
    return avg_pool(ctx, x, [n // o for n, o in zip(spatial, out, strict=True)])


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
    del output_size
    out = _spatial(ctx)
    spatial = shape_of(x)[-len(out) :]
    if any(n % o for n, o in zip(spatial, out, strict=True)):
        return _greatest_of_parts(x, out), None
    return max_pool(ctx, x, [n // o for n, o in zip(spatial, out, strict=True)]), None


def _greatest_of_parts(x: ir.Value, out: Sequence[int]) -> ir.Value:
    """Each part cut out and reduced, a dimension after the other."""
    for place, count in enumerate(out):
        shape = shape_of(x)
        axis = len(shape) - len(out) + place
        rows = [
            hlo.reduce("maximum", _between(x, axis, begin, end), [axis], lowest(x))
            for begin, end in _parts(shape[axis], count)
        ]
        single = [1 if i == axis else n for i, n in enumerate(shape)]
        x = hlo.concatenate([hlo.reshape(row, single) for row in rows], axis)
    return x


def _between(x: ir.Value, axis: int, begin: int, end: int) -> ir.Value:
    shape = shape_of(x)
    start = [begin if i == axis else 0 for i in range(len(shape))]
    return hlo.slice(x, start, [end if i == axis else n for i, n in enumerate(shape)])


RULES = (
    (aten.max_pool1d.default, max_pool),
    (aten.max_pool2d.default, max_pool),
    (aten.max_pool3d.default, max_pool),
    (aten.max_pool2d_with_indices.default, max_pool_with_indices),
    (aten.max_pool3d_with_indices.default, max_pool_with_indices),
    (aten.avg_pool1d.default, avg_pool),
    (aten.avg_pool2d.default, avg_pool),
    (aten.avg_pool3d.default, avg_pool),
    (aten.adaptive_avg_pool1d.default, adaptive_avg_pool),
    (aten.adaptive_avg_pool2d.default, adaptive_avg_pool),
    (aten._adaptive_avg_pool2d.default, adaptive_avg_pool),
    (aten.adaptive_avg_pool3d.default, adaptive_avg_pool),
    (aten._adaptive_avg_pool3d.default, adaptive_avg_pool),
    (aten.adaptive_max_pool1d.default, adaptive_max_pool),
    (aten.adaptive_max_pool2d.default, adaptive_max_pool),
)
