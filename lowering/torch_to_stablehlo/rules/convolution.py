"""Convolutions, in torch's layout: activations [N, C, spatial ...], kernels [O, I, spatial ...]."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, stablehlo
from litewright.compiler.ir.types import shape_of

from ..context import LoweringContext

aten = torch.ops.aten

Padding = Sequence[tuple[int, int]]


def spread(values: int | Sequence[int], count: int) -> list[int]:
    """One value per spatial dimension from one for all, or one each."""
    listed = [values] if isinstance(values, int) else list(values)
    return listed * count if len(listed) == 1 else listed


def convolution(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value,
    bias: ir.Value | None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    transposed: bool = False,
    output_padding: Sequence[int] = (0,),
    groups: int = 1,
) -> ir.Value:
    """The op to which torch reduces all convolutions."""
    if transposed:
        return conv_transpose(
            ctx, x, weight, bias, stride, padding, output_padding, groups, dilation
        )
    return conv(ctx, x, weight, bias, stride, padding, dilation, groups)


def conv(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value,
    bias: ir.Value | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] | str = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> ir.Value:
    """x: [N, C, ...] or [C, ...]; weight: [O, C / groups, ...]; bias: [O]."""
    rank = len(shape_of(weight)) - 2
    dilations = spread(dilation, rank)
    batched = _with_batch(x, rank)
    result = hlo.convolution(
        batched,
        weight,
        _dimension_numbers(rank, "oi"),
        strides=spread(stride, rank),
        padding=_pads(padding, shape_of(weight)[2:], dilations),
        rhs_dilation=dilations,
        groups=groups,
    )
    return _finish(ctx, result, bias)


def conv_transpose(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value,
    bias: ir.Value | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    output_padding: Sequence[int] = (0,),
    groups: int = 1,
    dilation: Sequence[int] = (1,),
) -> ir.Value:
    """The transpose of `conv`; weight: [C, O / groups, ...].

    It is a convolution of x with `stride - 1` zeros between elements, with the kernel reversed.
    """
    rank = len(shape_of(weight)) - 2
    dilations = spread(dilation, rank)
    pads = [
        (reach - low, reach - low + extra)
        for reach, low, extra in zip(
            [(k - 1) * d for k, d in zip(shape_of(weight)[2:], dilations, strict=True)],
            spread(padding, rank),
            spread(output_padding, rank),
            strict=True,
        )
    ]
    kernel = hlo.reverse(_kernel_by_group(weight, groups), range(2, rank + 2))
    result = hlo.convolution(
        _with_batch(x, rank),
        kernel,
        _dimension_numbers(rank, "io"),
        strides=[1] * rank,
        padding=pads,
        lhs_dilation=spread(stride, rank),
        rhs_dilation=dilations,
        groups=groups,
    )
    return _finish(ctx, result, bias)


def _kernel_by_group(weight: ir.Value, groups: int) -> ir.Value:
    """[C, O / groups, ...] to [C / groups, O, ...], where each group's outputs lie together."""
    if groups == 1:
        return weight
    inputs, outputs, *window = shape_of(weight)
    split = hlo.reshape(weight, [groups, inputs // groups, outputs, *window])
    swapped = hlo.transpose(split, [1, 0, *range(2, len(window) + 3)])
    return hlo.reshape(swapped, [inputs // groups, groups * outputs, *window])


def _with_batch(x: ir.Value, rank: int) -> ir.Value:
    shape = shape_of(x)
    return x if len(shape) == rank + 2 else hlo.reshape(x, (1, *shape))


def _finish(ctx: LoweringContext, result: ir.Value, bias: ir.Value | None) -> ir.Value:
    if bias is not None:
        result = hlo.add(result, hlo.broadcast_in_dim(bias, shape_of(result), [1]))
    return hlo.reshape(result, ctx.shape)


def _pads(padding: Sequence[int] | str, window: Sequence[int], dilation: Sequence[int]) -> Padding:
    if padding == "valid":
        return [(0, 0)] * len(window)
    if padding == "same":
        reach = [(k - 1) * d for k, d in zip(window, dilation, strict=True)]
        return [(r // 2, r - r // 2) for r in reach]
    return [(p, p) for p in spread([int(p) for p in padding], len(window))]


def _dimension_numbers(rank: int, kernel: str) -> ir.Attribute:
    spatial = list(range(2, rank + 2))
    return stablehlo.ConvDimensionNumbers.get(
        input_batch_dimension=0,
        input_feature_dimension=1,
        input_spatial_dimensions=spatial,
        kernel_input_feature_dimension=kernel.index("i"),
        kernel_output_feature_dimension=kernel.index("o"),
        kernel_spatial_dimensions=spatial,
        output_batch_dimension=0,
        output_feature_dimension=1,
        output_spatial_dimensions=spatial,
    )


RULES = (
    (aten.convolution.default, convolution),
    (aten.conv1d.default, conv),
    (aten.conv2d.default, conv),
    (aten.conv3d.default, conv),
    (aten.conv1d.padding, conv),
    (aten.conv2d.padding, conv),
    (aten.conv3d.padding, conv),
    (aten.conv_transpose1d.default, conv_transpose),
    (aten.conv_transpose2d.input, conv_transpose),
    (aten.conv_transpose3d.input, conv_transpose),
)
