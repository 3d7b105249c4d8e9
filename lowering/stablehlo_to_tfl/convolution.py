"""Convolutions of any dimension numbers, as CONV_2D, DEPTHWISE_CONV_2D or TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, stablehlo
from litewright.compiler.ir.program import ANY_SIZE, weight_symbol
from litewright.compiler.ir.tfl.shorthand import constant_integers, reshape, slice_of, transpose
from litewright.compiler.ir.types import array_of, element_of, shape_of, tensor_type
from litewright.compiler.weights import Expression, Reshape, Transpose
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .contraction import constant_array
from .shape import pad


@dataclass(frozen=True, slots=True)
class Window:
    """A convolution's or pool's window along height and width."""

    size: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    low: tuple[int, int]
    high: tuple[int, int]

    def is_same(self, image: Sequence[int]) -> bool:
        """Whether the padding is what TFLite's SAME adds to an image of [height, width]."""
        for i in (0, 1):
            reach = (self.size[i] - 1) * self.dilation[i] + 1
            total = max((-(-image[i] // self.stride[i]) - 1) * self.stride[i] + reach - image[i], 0)
            if (self.low[i], self.high[i]) != (total // 2, total - total // 2):
                return False
        return True

    @property
    def is_padded(self) -> bool:
        """Whether anything is added around the image."""
        return any(self.low) or any(self.high)


def is_same(window: Window, x: ir.Value, context: RuleContext) -> bool:
    """Whether the padding is what SAME adds to x [N, H, W, C], in signatures for any size at all of these.

    What SAME adds goes by the remainder of a size divided by the stride.
    """
    always = window.stride == (1, 1) or ANY_SIZE not in context.function.attributes
    return always and window.is_same(shape_of(x)[1:3])


def padding_for(window: Window, x: ir.Value, context: RuleContext) -> tuple[str, ir.Value]:
    """The padding mode, and x [N, H, W, C] with zeros around it where no mode says what is wanted."""
    if not window.is_padded:
        return "VALID", x
    if is_same(window, x, context):
        return "SAME", x
    return "VALID", pad(x, [0, *window.low, 0], [0, *window.high, 0])


@dataclass(frozen=True, slots=True)
class _Convolution:
    """A two-dimensional convolution with its operands in TFLite's order of dimensions."""

    window: Window
    lhs_dilation: tuple[int, int]
    groups: int


def _pair(numbers: Sequence[int], fill: int) -> tuple[int, int]:
    """A window attribute as (height, width); one-dimensional convolutions have height 1."""
    first, *rest = numbers
    return (first, rest[0]) if rest else (fill, first)


def _ints(op: ir.OpView, name: str, count: int, fill: int) -> list[int]:
    attribute = op.attributes.get(name)
    return [fill] * count if attribute is None else list(ir.DenseI64ArrayAttr(attribute))


def _padding(op: ir.OpView, count: int) -> list[list[int]]:
    attribute = op.attributes.get("padding")
    return [[0, 0]] * count if attribute is None else array_of(attribute).tolist()


def _numbers(op: ir.OpView, kernel: Sequence[int]) -> _Convolution:
    count = len(kernel)
    padding = _padding(op, count)
    window = Window(
        _pair(kernel, 1),
        _pair(_ints(op, "window_strides", count, 1), 1),
        _pair(_ints(op, "rhs_dilation", count, 1), 1),
        _pair([p[0] for p in padding], 0),
        _pair([p[1] for p in padding], 0),
    )
    groups = ir.IntegerAttr(op.attributes["feature_group_count"]).value
    return _Convolution(window, _pair(_ints(op, "lhs_dilation", count, 1), 1), groups)


def _as_image(x: ir.Value) -> ir.Value:
    """[N, W, C] as [N, 1, W, C]; four dimensions stay."""
    shape = shape_of(x)
    return x if len(shape) == 4 else reshape(x, [shape[0], 1, *shape[1:]])


def _known(
    value: ir.Value, context: RuleContext, permutation: Sequence[int], shape: Sequence[int]
) -> ir.Value:
    """A kernel transposed and reshaped: before the model runs where it is known then."""
    array = constant_array(value)
    if array is not None:
        return tfl.constant(np.ascontiguousarray(array.transpose(permutation).reshape(shape)))
    symbol = weight_symbol(value)
    if symbol is None:
        return reshape(transpose(value, permutation), shape)
    expression: Expression = context.program.weights.expression(symbol)
    if list(permutation) != list(range(len(permutation))):
        expression = Transpose(expression, tuple(permutation))
    if tuple(shape) != tuple(shape_of(value)[i] for i in permutation):
        expression = Reshape(expression, tuple(shape))
    return context.program.weight_argument(context.function, expression)


def _kernel(op: ir.OpView, context: RuleContext, groups: int, channels: int) -> ir.Value:
    """The kernel as [O, H, W, I], or [1, H, W, O] for a depthwise convolution."""
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    kernel, spatial = op.operands[1], list(numbers.kernel_spatial_dimensions)
    out, into = numbers.kernel_output_feature_dimension, numbers.kernel_input_feature_dimension
    sizes = _pair([shape_of(kernel)[i] for i in spatial], 1)
    if groups == channels > 1:
        return _known(kernel, context, [into, *spatial, out], [1, *sizes, shape_of(kernel)[out]])
    shape = [shape_of(kernel)[out], *sizes, shape_of(kernel)[into]]
    return _known(kernel, context, [out, *spatial, into], shape)


@rule("stablehlo.convolution")
def convolution(op: ir.OpView, context: RuleContext) -> Outcome:
    """convolution -> CONV_2D or DEPTHWISE_CONV_2D, in TFLite's order of dimensions."""
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    x, spatial = op.operands[0], list(numbers.input_spatial_dimensions)
    if len(spatial) not in {1, 2} or str(element_of(x)) != "f32":
        return decline("not a convolution of f32 over one or two dimensions", x.type)
    kernel = [shape_of(op.operands[1])[i] for i in numbers.kernel_spatial_dimensions]
    facts = _numbers(op, kernel)
    if ir.IntegerAttr(op.attributes["batch_group_count"]).value != 1:
        return decline("batch groups")
    image = _as_image(
        transpose(x, [numbers.input_batch_dimension, *spatial, numbers.input_feature_dimension])
    )
    channels = shape_of(image)[-1]
    if facts.lhs_dilation != (1, 1):
        if facts.groups != 1 or facts.window.dilation != (1, 1) or facts.window.stride != (1, 1):
            return decline("a transposed convolution with groups, strides or dilation")
        product = _transposed(op, context, facts, image)
    else:
        product = _plain(_kernel(op, context, facts.groups, channels), facts, image, context)
    return _restore(op, product, numbers)


def _restore(op: ir.OpView, product: ir.Value, numbers: stablehlo.ConvDimensionNumbers) -> ir.Value:
    """[N, H, W, C] in the order of dimensions that the convolution promised."""
    spatial = list(numbers.output_spatial_dimensions)
    order = [numbers.output_batch_dimension, *spatial, numbers.output_feature_dimension]
    shape = shape_of(op.results[0])
    product = reshape(product, [shape[i] for i in order])
    return transpose(product, [order.index(i) for i in range(len(order))])


def _plain(
    kernel: ir.Value, facts: _Convolution, image: ir.Value, context: RuleContext
) -> ir.Value:
    channels, depthwise = shape_of(image)[-1], facts.groups == shape_of(image)[-1] > 1
    filters = shape_of(kernel)[-1] if depthwise else shape_of(kernel)[0]
    mode, padded = padding_for(facts.window, image, context)
    bias = tfl.splat(0.0, [filters], element_of(image))
    low, high = facts.window.low, facts.window.high
    sizes = [
        (n + a + b - (k - 1) * d - 1) // s + 1
        for n, a, b, k, d, s in zip(
            shape_of(image)[1:3], low, high, facts.window.size, facts.window.dilation,
            facts.window.stride, strict=True,
        )
    ]  # fmt: skip
    kind = tensor_type([shape_of(image)[0], *sizes, filters], element_of(image))
    options: dict[str, int | str] = {
        "padding": mode,
        "stride_h": facts.window.stride[0],
        "stride_w": facts.window.stride[1],
        "dilation_h_factor": facts.window.dilation[0],
        "dilation_w_factor": facts.window.dilation[1],
    }
    if depthwise:
        options["depth_multiplier"] = filters // channels
    name = "depthwise_conv_2d" if depthwise else "conv_2d"
    return tfl.emit(name, [padded, kernel, bias], kind, **options)


def _transposed(
    op: ir.OpView, context: RuleContext, facts: _Convolution, image: ir.Value
) -> ir.Value:
    """A convolution over an image spread by `lhs_dilation` -> TRANSPOSE_CONV with that stride.

    TRANSPOSE_CONV without padding yields (n - 1) * stride + k; StableHLO's padding p leaves
    k - 1 - p of it off at each end. The kernel is mirrored.
    """
    stride, window = facts.lhs_dilation, facts.window
    kernel = _kernel(op, context, 1, shape_of(image)[-1])
    axes = constant_integers([1, 2])
    mirrored = tfl.emit("reverse_v2", [kernel, axes], kernel.type)
    array = tfl.constant_of(kernel)
    if array is not None:
        mirrored = tfl.constant(np.ascontiguousarray(array[:, ::-1, ::-1]))
    batch, height, width, _ = shape_of(image)
    full = [(n - 1) * s + k for n, s, k in zip((height, width), stride, window.size, strict=True)]
    filters = shape_of(kernel)[0]
    kind = tensor_type([batch, *full, filters], element_of(image))
    bias = tfl.splat(0.0, [filters], element_of(image))
    product = tfl.emit(
        "transpose_conv",
        [constant_integers(shape_of(kind)), mirrored, image, bias],
        kind,
        padding="VALID",
        stride_h=stride[0],
        stride_w=stride[1],
    )
    cut = [k - 1 - p for k, p in zip(window.size, window.low, strict=True)]
    end = [k - 1 - p for k, p in zip(window.size, window.high, strict=True)]
    low, high = [max(-n, 0) for n in cut], [max(-n, 0) for n in end]
    product = pad(product, [0, *low, 0], [0, *high, 0])
    begin = [0, *(max(n, 0) for n in cut), 0]
    sizes = [
        n + a + b - max(c, 0) - max(e, 0)
        for n, a, b, c, e in zip(full, low, high, cut, end, strict=True)
    ]
    return slice_of(product, begin, [batch, *sizes, filters])


RULES: tuple[Rule, ...] = (convolution,)
