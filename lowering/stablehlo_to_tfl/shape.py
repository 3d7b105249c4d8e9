"""Ops that move elements without computing: reshape, transpose, broadcast, slice, pad, concatenate."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import constant_integers, reshape, slice_of, transpose
from litewright.compiler.ir.types import element_of, shape_of, tensor_type
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

MOST_OPERANDS = 5  # of a CONCATENATION, on the delegate


@rule("stablehlo.reshape")
def reshape_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape -> RESHAPE."""
    return reshape(op.operands[0], shape_of(op.results[0]))


@rule("stablehlo.transpose")
def transpose_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """transpose -> TRANSPOSE."""
    return transpose(op.operands[0], hlo.ints(op, "permutation"))


@rule("stablehlo.broadcast_in_dim")
def broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """broadcast_in_dim -> TRANSPOSE if dimensions trade places, RESHAPE, BROADCAST_TO."""
    x, shape = op.operands[0], shape_of(op.results[0])
    dimensions = hlo.ints(op, "broadcast_dimensions")
    order = sorted(range(len(dimensions)), key=dimensions.__getitem__)
    x = transpose(x, order)
    sizes = dict(zip(sorted(dimensions), shape_of(x), strict=True))
    x = reshape(x, [sizes.get(i, 1) for i in range(len(shape))])
    if shape_of(x) == shape:
        return x
    return tfl.emit("broadcast_to", [x, constant_integers(shape)], op.results[0].type)


@rule("stablehlo.slice")
def slice_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """slice -> SLICE, or STRIDED_SLICE where a stride is not 1."""
    start, limit = hlo.ints(op, "start_indices"), hlo.ints(op, "limit_indices")
    strides = hlo.ints(op, "strides")
    if all(stride == 1 for stride in strides):
        return slice_of(op.operands[0], start, shape_of(op.results[0]))
    bounds = [constant_integers(numbers) for numbers in (start, limit, strides)]
    return tfl.emit("strided_slice", [op.operands[0], *bounds], op.results[0].type)


@rule("stablehlo.dynamic_slice")
def dynamic_slice(op: ir.OpView, context: RuleContext) -> Outcome:
    """dynamic_slice -> SLICE at clamped starts known at run time."""
    x, *starts = op.operands
    size = hlo.ints(op, "slice_sizes")
    room = [n - s for n, s in zip(shape_of(x), size, strict=True)]
    begin = index_vector(starts)
    element = element_of(begin)
    for name, bound in (("maximum", [0] * len(room)), ("minimum", room)):
        limit = tfl.constant(np.array(bound, np.int64 if str(element) == "i64" else np.int32))
        begin = tfl.emit(name, [begin, limit], begin.type)
    sizes = tfl.constant(np.array(size, np.int64 if str(element) == "i64" else np.int32))
    return tfl.emit("slice", [x, begin, sizes], op.results[0].type)


@rule("stablehlo.dynamic_update_slice")
def dynamic_update_slice(op: ir.OpView, context: RuleContext) -> Outcome:
    """dynamic_update_slice -> DYNAMIC_UPDATE_SLICE, which clamps the starts as StableHLO does."""
    x, update, *starts = op.operands
    return tfl.emit("dynamic_update_slice", [x, update, index_vector(starts)], op.results[0].type)


def index_vector(starts: list[ir.Value]) -> ir.Value:
    """Scalar indices as one vector."""
    return concatenation([reshape(start, [1]) for start in starts], 0)


@rule("stablehlo.concatenate")
def concatenate(op: ir.OpView, context: RuleContext) -> Outcome:
    """concatenate -> CONCATENATION, of at most five at a time."""
    axis = ir.IntegerAttr(op.attributes["dimension"]).value
    return concatenation(list(op.operands), axis)


def concatenation(values: list[ir.Value], axis: int) -> ir.Value:
    """CONCATENATION, in a tree where there are more operands than the delegate takes."""
    while len(values) > MOST_OPERANDS:
        groups = [values[i : i + MOST_OPERANDS] for i in range(0, len(values), MOST_OPERANDS)]
        values = [concatenation(group, axis) for group in groups]
    if len(values) == 1:
        return values[0]
    shape = list(shape_of(values[0]))
    shape[axis] = sum(shape_of(value)[axis] for value in values)
    return tfl.emit("concatenation", values, tensor_type(shape, element_of(values[0])), axis=axis)


@rule("stablehlo.pad")
def pad_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """pad -> PAD with zeros or PADV2; negative padding is a slice."""
    x, value = op.operands
    low, high = hlo.ints(op, "edge_padding_low"), hlo.ints(op, "edge_padding_high")
    if any(hlo.ints(op, "interior_padding")):
        return decline("interior padding")
    cut = [max(-n, 0) for n in low], [max(-n, 0) for n in high]
    sizes = [n - a - b for n, a, b in zip(shape_of(x), *cut, strict=True)]
    x = slice_of(x, cut[0], sizes)
    return pad(x, [max(n, 0) for n in low], [max(n, 0) for n in high], value)


def pad(x: ir.Value, low: list[int], high: list[int], value: ir.Value | None = None) -> ir.Value:
    """PAD with zeros, or PADV2 with a scalar `value`; x itself where nothing is added."""
    if not any(low) and not any(high):
        return x
    shape = [a + n + b for a, n, b in zip(low, shape_of(x), high, strict=True)]
    amounts = tfl.constant(np.array(list(zip(low, high, strict=True)), np.int32))
    kind = tensor_type(shape, element_of(x))
    number = None if value is None else hlo.constant_of(value)
    if value is not None and number is None:
        number = tfl.constant_of(value)
    if value is None or (number is not None and not number.any()):
        return tfl.emit("pad", [x, amounts], kind)
    return tfl.emit("padv2", [x, amounts, value], kind)


@rule("stablehlo.reverse")
def reverse(op: ir.OpView, context: RuleContext) -> Outcome:
    """reverse -> REVERSE_V2."""
    x = op.operands[0]
    # One axis at a time: the kernel refuses axes that are not neighbours.
    for axis in hlo.ints(op, "dimensions"):
        x = tfl.emit("reverse_v2", [x, constant_integers([axis])], x.type)
    return x


RULES: tuple[Rule, ...] = (
    reshape_op, transpose_op, broadcast, slice_op, dynamic_slice, dynamic_update_slice, concatenate, pad_op,
    reverse,
)  # fmt: skip
