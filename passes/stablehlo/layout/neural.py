"""Convolutions, and the composites that stand for pools, resizes, norms and activations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.ir import cloning, hlo
from litewright.compiler.ir.mlir import func, ir, op_name, stablehlo
from litewright.compiler.ir.program import Program, body_of, owner_function, weight_symbol
from litewright.compiler.ir.types import (
    array_of,
    dense,
    element_count,
    element_of,
    element_type,
    rank_of,
    shape_of,
)
from litewright.compiler.weights import Transpose

from . import channels
from .elementwise import ELEMENTWISE
from .roles import CHANNELS_LAST, FIXED, FOLLOWS, TRANSPOSE, Handler, Role, copy_of

_POOLS = (
    "aten.max_pool2d",
    "aten.avg_pool2d",
    "aten.upsample_bilinear2d",
    "aten.upsample_nearest2d",
)
_SOFTMAX = ("aten.softmax", "aten.log_softmax")


# ---- convolution ---------------------------------------------------------------------------------


def _is_channels_first(numbers: stablehlo.ConvDimensionNumbers, rank: int) -> bool:
    spatial = list(range(2, rank))
    ours = (numbers.input_batch_dimension, numbers.input_feature_dimension)
    theirs = (numbers.output_batch_dimension, numbers.output_feature_dimension)
    return (
        ours == theirs == (0, 1)
        and list(numbers.input_spatial_dimensions) == spatial
        and list(numbers.output_spatial_dimensions) == spatial
    )


def _convolution_role(op: ir.OpView) -> Role:
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    rank = rank_of(op.operands[0])
    return CHANNELS_LAST if 2 < rank < 5 and _is_channels_first(numbers, rank) else FIXED


def _convolution(
    program: Program, op: ir.OpView, operands: Sequence[ir.Value]
) -> Sequence[ir.Value]:
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    rank = rank_of(op.operands[0])
    spatial = list(range(1, rank - 1))
    kernel, order = _kernel(program, op, numbers)
    turned = stablehlo.ConvDimensionNumbers.get(
        input_batch_dimension=0,
        input_feature_dimension=rank - 1,
        input_spatial_dimensions=spatial,
        kernel_input_feature_dimension=order.index(numbers.kernel_input_feature_dimension),
        kernel_output_feature_dimension=order.index(numbers.kernel_output_feature_dimension),
        kernel_spatial_dimensions=[order.index(i) for i in numbers.kernel_spatial_dimensions],
        output_batch_dimension=0,
        output_feature_dimension=rank - 1,
        output_spatial_dimensions=spatial,
    )
    return copy_of(op, [operands[0], kernel], dimension_numbers=turned)


def _kernel(
    program: Program, op: ir.OpView, numbers: stablehlo.ConvDimensionNumbers
) -> tuple[ir.Value, list[int]]:
    """The kernel as TFLite has it, where it is known before the model runs, and the order it is in.

    [o, ..., i], and [i = 1, ..., o] where each channel is convolved by itself.
    """
    kernel, spatial = op.operands[1], list(numbers.kernel_spatial_dimensions)
    out, into = numbers.kernel_output_feature_dimension, numbers.kernel_input_feature_dimension
    groups = ir.IntegerAttr(op.attributes["feature_group_count"]).value
    depthwise = groups > 1 and shape_of(kernel)[into] == 1
    order = [into, *spatial, out] if depthwise else [out, *spatial, into]
    array = hlo.constant_of(kernel)
    if array is not None:
        return hlo.constant(np.ascontiguousarray(array.transpose(order))), order
    symbol = weight_symbol(kernel)
    if symbol is None or not _only_convolves(program, symbol):
        return kernel, list(range(len(order)))
    expression = Transpose(program.weights.expression(symbol), tuple(order))
    return program.weight_argument(owner_function(op.results[0]), expression), order


def _only_convolves(program: Program, symbol: str) -> bool:
    """Whether all readers of a weight, in every function, are convolutions that this pass turns."""
    readers = (
        (use.owner, use.operand_number)
        for function in program.functions()
        for argument in function.arguments
        if weight_symbol(argument) == symbol
        for use in argument.uses
    )
    return all(
        number == 1
        and op_name(op) == "stablehlo.convolution"
        and _convolution_role(op) is CHANNELS_LAST
        for op, number in readers
    )


# ---- composites ----------------------------------------------------------------------------------


def _attributes(op: ir.OpView) -> ir.DictAttr:
    return ir.DictAttr(op.attributes["composite_attributes"])


def _with_attribute(op: ir.OpView, name: str, value: ir.Attribute) -> ir.Attribute:
    own = _attributes(op)
    return ir.DictAttr.get({**{each.name: each.attr for each in own}, name: value})


def _decomposition(program: Program, op: ir.OpView) -> func.FuncOp:
    return program.function(ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value)


def _wrapped(program: Program, op: ir.OpView) -> ir.Attribute:
    """A decomposition of channels-last operands: the one there is, between transposes."""
    inner = _decomposition(program, op)
    turning = _carriers(op)

    def build(arguments: Sequence[ir.Value]) -> Sequence[ir.Value]:
        given = [channels.to_first(a) if i in turning else a for i, a in enumerate(arguments)]
        return [channels.to_last(each) for each in cloning.inline(inner, given)]

    kinds = [
        channels.turned_type(operand.type) if i in turning else operand.type
        for i, operand in enumerate(op.operands)
    ]
    name = hlo.private_function(program.module, f"{hlo.composite_name(op)}.nhwc", kinds, build)
    return ir.FlatSymbolRefAttr.get(name)


def _carriers(op: ir.OpView) -> set[int]:
    return {i for i, operand in enumerate(op.operands) if rank_of(operand) > 2}


def _pool_role(op: ir.OpView) -> Role:
    own = _attributes(op)
    first = "layout" in own and ir.StringAttr(own["layout"]).value == "NCHW"
    return CHANNELS_LAST if first and rank_of(op.operands[0]) == 4 else FIXED


def _pool(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    attributes = _with_attribute(op, "layout", ir.StringAttr.get("NHWC"))
    body = _wrapped(program, op)
    return copy_of(op, operands, composite_attributes=attributes, decomposition=body)


def _softmax_axis(op: ir.OpView) -> int:
    return ir.IntegerAttr(_attributes(op)["dim"]).value % rank_of(op.results[0])


def _softmax_role(op: ir.OpView) -> Role:
    rank = rank_of(op.results[0])
    if rank < 3:
        return FIXED
    # The runtime's SOFTMAX works along the last dimension: elsewhere it costs two transposes.
    twice = 2 * (TRANSPOSE + abs(element_count(shape_of(op.results[0]))))
    axis = _softmax_axis(op)
    plain = 0 if axis == rank - 1 else twice
    last = 0 if channels.place(rank, axis) == rank - 1 else twice
    return Role(FOLLOWS.operands, FOLLOWS.results, cost_plain=plain, cost_last=last)


def _softmax(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    axis = channels.place(rank_of(op.results[0]), _softmax_axis(op))
    attributes = _with_attribute(op, "dim", ir.IntegerAttr.get(element_type("i64"), axis))
    body = _wrapped(program, op)
    return copy_of(op, operands, composite_attributes=attributes, decomposition=body)


def _group_norm_role(op: ir.OpView) -> Role:
    x = op.operands[0]
    known = all(size > 0 for size in shape_of(x))
    return Role(FOLLOWS.operands, FOLLOWS.results, (0,)) if rank_of(x) > 2 and known else FIXED


def _group_norm(
    program: Program, op: ir.OpView, operands: Sequence[ir.Value]
) -> Sequence[ir.Value]:
    """Said in plain ops: the composite's name promises channels first.

    What is one number for each group or channel stays as small as that, so that every element is multiplied once.
    """
    x, *parameters = operands
    own, shape = _attributes(op), shape_of(x)
    groups = ir.IntegerAttr(own["num_groups"]).value
    rows = [shape[0], element_count(shape[1:-1]), groups, shape[-1] // groups]
    with op.location:
        split = hlo.reshape(x, rows)
        centred = hlo.binary("subtract", split, _over(_mean(split), rows))
        variance = _mean(hlo.multiply(centred, centred))
        eps = hlo.splat_like(ir.FloatAttr(own["eps"]).value, variance)
        scale = hlo.unary("rsqrt", hlo.add(variance, eps))
        by_channel = [shape[0], 1, *rows[2:]]
        if ir.BoolAttr(own["has_weight"]).value:
            weight = hlo.reshape(parameters.pop(0), [1, 1, *rows[2:]])
            scale = hlo.multiply(_over(scale, by_channel), _over(weight, by_channel))
        result = hlo.multiply(centred, _over(scale, rows))
        if ir.BoolAttr(own["has_bias"]).value:
            bias = hlo.reshape(parameters.pop(0), [1, 1, *rows[2:]])
            result = hlo.add(result, _over(bias, rows))
        return [hlo.reshape(result, shape)]


def _mean(x: ir.Value) -> ir.Value:
    """The mean of [N, S, G, C] over S and C: [N, 1, G, 1]."""
    shape = shape_of(x)
    total = hlo.reduce("add", x, [1, 3], 0.0)
    mean = hlo.binary("divide", total, hlo.splat_like(shape[1] * shape[3], total))
    return hlo.reshape(mean, [shape[0], 1, shape[2], 1])


def _over(x: ir.Value, shape: Sequence[int]) -> ir.Value:
    """Dimensions of one spread to `shape`."""
    return x if shape_of(x) == tuple(shape) else hlo.broadcast_in_dim(x, shape, range(len(shape)))


# ---- composites that work element by element -----------------------------------------------------


def is_elementwise(function: func.FuncOp, shape: tuple[int, ...]) -> bool:
    """Whether a decomposition treats every element of tensors of one shape alike."""
    if any(shape_of(argument) != shape for argument in function.arguments):
        return False
    return all(
        op_name(op) in ELEMENTWISE
        or op_name(op) == "func.return"
        or (op_name(op) == "stablehlo.constant" and _is_splat(op))
        for op in body_of(function).operations
    )


def _is_splat(op: ir.OpView) -> bool:
    return ir.DenseElementsAttr(op.attributes["value"]).is_splat


def elementwise_composite(
    program: Program, op: ir.OpView, operands: Sequence[ir.Value]
) -> Sequence[ir.Value]:
    """The composite over turned operands; its decomposition holds the same ops on turned types."""
    function = _decomposition(program, op)
    kinds = [operand.type for operand in operands]
    shape = shape_of(operands[0])

    def build(arguments: Sequence[ir.Value]) -> Sequence[ir.Value]:
        mapping: dict[ir.Value, ir.Value] = dict(
            zip(body_of(function).arguments, arguments, strict=True)
        )
        for inner in body_of(function).operations:
            given = [mapping[operand] for operand in inner.operands]
            if op_name(inner) == "func.return":
                return given
            mapping.update(zip(inner.results, _reshaped(inner, given, shape), strict=True))
        raise AssertionError("a function ends with its return")

    name = hlo.private_function(program.module, hlo.composite_name(op), kinds, build)
    return copy_of(op, operands, decomposition=ir.FlatSymbolRefAttr.get(name))


def _reshaped(
    op: ir.OpView, operands: Sequence[ir.Value], shape: tuple[int, ...]
) -> Sequence[ir.Value]:
    """A copy of an elementwise op or splat whose result, unless it is a scalar, has another shape."""
    result = op.results[0]
    sizes = shape if shape_of(result) else ()
    kind = ir.RankedTensorType.get(list(sizes), element_of(result))
    if op_name(op) != "stablehlo.constant":
        return copy_of(op, operands, [kind])
    array = array_of(op.attributes["value"])
    value = dense(np.broadcast_to(array.flat[0], sizes), element_of(result))
    return copy_of(op, [], [kind], value=value)


ELEMENTWISE_COMPOSITE = Handler(lambda op: FOLLOWS, elementwise_composite)

HANDLERS: dict[str, Handler] = {
    "stablehlo.convolution": Handler(_convolution_role, _convolution),
    **{f"composite:{name}": Handler(_pool_role, _pool) for name in _POOLS},
    **{f"composite:{name}": Handler(_softmax_role, _softmax) for name in _SOFTMAX},
    "composite:aten.group_norm": Handler(_group_norm_role, _group_norm),
}
