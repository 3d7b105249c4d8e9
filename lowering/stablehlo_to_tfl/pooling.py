"""Pools and resizes of images."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.program import ANY_SIZE
from litewright.compiler.ir.tfl.shorthand import binary, constant_integers, transpose
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import boolean, integers, text
from .contraction import constant_array
from .convolution import Window, is_same, padding_for
from .shape import concatenation, pad

TO_NHWC, TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)
LOWEST = float(np.finfo(np.float32).min)

_NON_NEGATIVE = frozenset({
    "tfl.relu", "tfl.relu6", "tfl.logistic", "tfl.softmax", "tfl.abs", "tfl.exp", "stablehlo.logistic",
    "stablehlo.exponential", "stablehlo.abs",
})  # fmt: skip
_MOVING = frozenset({
    "tfl.transpose", "tfl.reshape", "stablehlo.transpose", "stablehlo.reshape", "tfl.slice",
    "stablehlo.slice",
})  # fmt: skip


def is_non_negative(value: ir.Value) -> bool:
    """Whether a value is known to hold no negative number, by the op that made it."""
    op = hlo.producer(value)
    while op is not None and op_name(op) in _MOVING:
        op = hlo.producer(op.operands[0])
    if op is None:
        return False
    if op_name(op) == "stablehlo.maximum":
        arrays = [constant_array(operand) for operand in op.operands]
        return any(array is not None and (array >= 0).all() for array in arrays)
    return op_name(op) in _NON_NEGATIVE


def _window(
    op: ir.OpView, image: tuple[int, ...], result: tuple[int, ...], context: RuleContext
) -> Window:
    """The window of a pool; a last window that overhangs (ceil_mode) is padding at the end.

    Where sizes are any, the end is padded as the start is, whether the last window reaches it or not.
    """
    size, stride = integers(op, "kernel_size"), integers(op, "stride")
    low = integers(op, "padding")
    needed = [(n - 1) * s + k for n, s, k in zip(result[1:3], stride, size, strict=True)]
    high = [max(n - a - i, 0) for n, a, i in zip(needed, low, image[1:3], strict=True)]
    if ANY_SIZE in context.function.attributes and not boolean(op, "ceil_mode"):
        high = low
    return Window(
        (size[0], size[1]), (stride[0], stride[1]), (1, 1), (low[0], low[1]), (high[0], high[1])
    )


def _pool(name: str, window: Window, x: ir.Value, mode: str, kind: ir.Type) -> ir.Value:
    return tfl.emit(
        name,
        [x],
        kind,
        padding=mode,
        stride_h=window.stride[0],
        stride_w=window.stride[1],
        filter_height=window.size[0],
        filter_width=window.size[1],
    )


def _nhwc(op: ir.OpView) -> tuple[ir.Value, ir.RankedTensorType]:
    """The operand as [N, H, W, C], and the type of the result in that order."""
    x, shape = op.operands[0], shape_of(op.results[0])
    if text(op, "layout") == "NCHW":
        x = transpose(x, TO_NHWC)
        shape = tuple(shape[i] for i in TO_NHWC)
    return x, tensor_type(shape, element_of(x))


def _as_promised(op: ir.OpView, value: ir.Value) -> ir.Value:
    return transpose(value, TO_NCHW) if text(op, "layout") == "NCHW" else value


@rule("composite:aten.max_pool2d")
def max_pool(op: ir.OpView, context: RuleContext) -> Outcome:
    """MAX_POOL_2D. Around values that are never negative zeros will do; else the lowest number is added."""
    if any(n != 1 for n in integers(op, "dilation")) or rank_of(op.operands[0]) != 4:
        return decline("a dilated window, or no batch dimension")
    if str(element_of(op.operands[0])) != "f32":
        return decline("pools are computed in f32")
    non_negative = is_non_negative(op.operands[0])
    x, kind = _nhwc(op)
    window = _window(op, shape_of(x), shape_of(kind), context)
    mode = "VALID"
    if is_same(window, x, context) and window.is_padded:
        mode = "SAME"
    elif window.is_padded:
        x = padding_for(window, x, context)[1] if non_negative else _surround(x, window)
    return _as_promised(op, _pool("max_pool_2d", window, x, mode, kind))


def _surround(x: ir.Value, window: Window) -> ir.Value:
    """x with the lowest number around it, by CONCATENATION: the delegate takes no PADV2."""
    for axis, low, high in ((1, window.low[0], window.high[0]), (2, window.low[1], window.high[1])):
        parts = [x]
        if low:
            parts.insert(0, _edge(x, axis, low))
        if high:
            parts.append(_edge(x, axis, high))
        x = concatenation(parts, axis)
    return x


def _edge(x: ir.Value, axis: int, size: int) -> ir.Value:
    shape = list(shape_of(x))
    shape[axis] = size
    return tfl.constant(np.full(shape, LOWEST, np.float32))


@rule("composite:aten.avg_pool2d")
def average_pool(op: ir.OpView, context: RuleContext) -> Outcome:
    """AVERAGE_POOL_2D; where its count of elements differs from torch's, corrected by one MUL."""
    if rank_of(op.operands[0]) != 4 or str(element_of(op.operands[0])) != "f32":
        return decline("no batch dimension, or not f32")
    x, kind = _nhwc(op)
    image = shape_of(x)[1:3]
    window = _window(op, shape_of(x), shape_of(kind), context)
    area = window.size[0] * window.size[1]
    mode, padded = padding_for(window, x, context)
    included = boolean(op, "count_include_pad")
    counts = _counts(window, image, shape_of(kind)[1:3], integers(op, "padding"), included=included)
    if mode == "SAME" and not included:
        return _as_promised(op, _pool("average_pool_2d", window, x, mode, kind))
    if mode == "SAME":
        padded = pad(x, [0, *window.low, 0], [0, *window.high, 0])
    pooled = _pool("average_pool_2d", window, padded, "VALID", kind)
    if (counts != area).any():
        factor = (area / counts).astype(np.float32)[None, :, :, None]
        pooled = binary("mul", pooled, tfl.constant(factor))
    return _as_promised(op, pooled)


def _counts(
    window: Window,
    image: tuple[int, ...],
    result: tuple[int, ...],
    padding: list[int],
    *,
    included: bool,
) -> Array:
    """How many elements torch divides by at each place: padding counts or not, an overhang never."""
    along: list[Array] = []
    for i in (0, 1):
        start = np.arange(result[i]) * window.stride[i] - window.low[i]
        end = start + window.size[i]
        lowest, highest = (-padding[i], image[i] + padding[i]) if included else (0, image[i])
        along.append(np.minimum(end, highest) - np.maximum(start, lowest))
    return along[0][:, None] * along[1][None, :]


@rule("composite:aten.upsample_bilinear2d", "composite:aten.upsample_nearest2d")
def resize(op: ir.OpView, context: RuleContext) -> Outcome:
    """RESIZE_BILINEAR or RESIZE_NEAREST_NEIGHBOR."""
    x, kind = _nhwc(op)
    bilinear = "bilinear" in text(op, "name", composite=False)
    aligned = bilinear and boolean(op, "align_corners")
    size = constant_integers(shape_of(kind)[1:3])
    name = "resize_bilinear" if bilinear else "resize_nearest_neighbor"
    half = bilinear and not aligned
    resized = tfl.emit(name, [x, size], kind, align_corners=aligned, half_pixel_centers=half)
    return _as_promised(op, resized)


RULES: tuple[Rule, ...] = (max_pool, average_pool, resize)
