"""Normalisations and softmax."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import value_of
from litewright.compiler.ir.types import shape_of

from ..context import LoweringContext
from ..elements import convert, element_of_dtype
from ..traced import decomposition, inline

aten = torch.ops.aten


def _wide(x: torch.Tensor) -> torch.Tensor:
    """x in the precision in which torch computes statistics."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


# ---- softmax -------------------------------------------------------------------------------------


def softmax(
    ctx: LoweringContext, x: ir.Value, dim: int, dtype: object = None, **unused: object
) -> ir.Value:
    """exp(x) over its sum along a dimension."""
    del dtype, unused

    def function(x: torch.Tensor) -> torch.Tensor:
        wide = _wide(x)
        powers = torch.exp(wide - torch.amax(wide, dim, keepdim=True))
        return (powers / torch.sum(powers, dim, keepdim=True)).to(x.dtype)

    return _over_dim(ctx, "aten.softmax", x, dim, function)


def log_softmax(
    ctx: LoweringContext, x: ir.Value, dim: int, dtype: object = None, **unused: object
) -> ir.Value:
    """The logarithm of softmax."""
    del dtype, unused

    def function(x: torch.Tensor) -> torch.Tensor:
        wide = _wide(x)
        shifted = wide - torch.amax(wide, dim, keepdim=True)
        return (shifted - torch.log(torch.sum(torch.exp(shifted), dim, keepdim=True))).to(x.dtype)

    return _over_dim(ctx, "aten.log_softmax", x, dim, function)


def _over_dim(
    ctx: LoweringContext,
    name: str,
    x: ir.Value,
    dim: int,
    function: Callable[[torch.Tensor], torch.Tensor],
) -> ir.Value:
    cast = convert(x, ctx.element)
    if not ctx.shape:  # one number, along its only, imagined, dimension
        return hlo.splat(1 if name == "aten.softmax" else 0, (), ctx.element)
    attributes = {"dim": dim % len(ctx.shape)}
    return ctx.composite(name, [cast], attributes, decomposition(ctx.builder, function))[0]


# ---- batch norm ----------------------------------------------------------------------------------


def batch_norm_inference(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    mean: ir.Value,
    variance: ir.Value,
    eps: float,
) -> ir.Value:
    """(x - mean) / sqrt(variance + eps) * weight + bias per channel, as one scale and one shift."""
    shape = shape_of(x)
    kind = hlo.element_of(variance)
    shifted = hlo.add(variance, hlo.splat_like(eps, variance))
    scale = hlo.unary("rsqrt", shifted)
    if weight is not None:
        scale = hlo.multiply(scale, convert(weight, kind))
    shift = hlo.unary("negate", hlo.multiply(mean, scale))
    if bias is not None:
        shift = hlo.add(convert(bias, kind), shift)
    scale, shift = (hlo.broadcast_in_dim(each, shape, [1]) for each in (scale, shift))
    return convert(hlo.add(hlo.multiply(convert(x, kind), scale), shift), _first_element(ctx))


def _first_element(ctx: LoweringContext) -> ir.Type:
    """Element type of the first result, of ops that have one and of ops that have several."""
    value = value_of(ctx.node)
    return element_of_dtype(value.dtype if isinstance(value, torch.Tensor) else value[0].dtype)


def batch_norm(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    mean: ir.Value | None,
    variance: ir.Value | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> ir.Value:
    """Batch norm in evaluation mode; without running statistics those of the batch."""
    del cudnn_enabled
    if mean is None or variance is None or training:
        return batch_norm_of_batch(ctx, x, weight, bias, training, momentum, eps)[0]
    return batch_norm_inference(ctx, x, weight, bias, mean, variance, eps)


def native_batch_norm(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    mean: ir.Value,
    variance: ir.Value,
    momentum: float,
    eps: float,
) -> tuple[ir.Value, None, None]:
    """Batch norm in evaluation mode; the other results serve gradients only."""
    del momentum
    return batch_norm_inference(ctx, x, weight, bias, mean, variance, eps), None, None


def batch_norm_of_batch(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[ir.Value, None, None]:
    """Batch norm by the statistics of the batch itself; the other results serve gradients only."""
    del training, momentum
    axes = [i for i in range(len(shape_of(x))) if i != 1]

    def function(
        x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
    ) -> torch.Tensor:
        wide = _wide(x)
        centred = wide - torch.mean(wide, axes, keepdim=True)
        variance = torch.mean(centred * centred, axes, keepdim=True)
        return _affine_by_channel(centred * torch.rsqrt(variance + eps), weight, bias).to(x.dtype)

    return inline(ctx.builder, function, [x, weight, bias])[0], None, None


# ---- statistics of each example ------------------------------------------------------------------


def layer_norm(
    ctx: LoweringContext,
    x: ir.Value,
    normalized_shape: Sequence[int],
    weight: ir.Value | None = None,
    bias: ir.Value | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> ir.Value:
    """Mean 0 and variance 1 over the last axes, then weight and bias of their shape."""
    del cudnn_enable
    axes = list(range(-len(normalized_shape), 0))

    def function(
        x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
    ) -> torch.Tensor:
        wide = _wide(x)
        centred = wide - torch.mean(wide, axes, keepdim=True)
        variance = torch.mean(centred * centred, axes, keepdim=True)
        return _affine(centred * torch.rsqrt(variance + eps), weight, bias).to(x.dtype)

    attributes = {
        "axes": len(normalized_shape),
        "eps": float(eps),
        "has_weight": weight is not None,
        "has_bias": bias is not None,
    }
    build = decomposition(ctx.builder, function)
    return ctx.composite("aten.layer_norm", [x, weight, bias], attributes, build, [x.type])[0]


def native_layer_norm(
    ctx: LoweringContext,
    x: ir.Value,
    normalized_shape: Sequence[int],
    weight: ir.Value | None,
    bias: ir.Value | None,
    eps: float,
) -> tuple[ir.Value, None, None]:
    """As `layer_norm`; the other results serve gradients only."""
    return layer_norm(ctx, x, normalized_shape, weight, bias, eps), None, None


def rms_norm(
    ctx: LoweringContext,
    x: ir.Value,
    normalized_shape: Sequence[int],
    weight: ir.Value | None = None,
    eps: float | None = None,
) -> ir.Value:
    """x over its root mean square over the last axes, times a weight of their shape."""
    axes = list(range(-len(normalized_shape), 0))
    small = torch.finfo(ctx.out.dtype).eps if eps is None else eps

    def function(x: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
        wide = _wide(x)
        mean = torch.mean(wide * wide, axes, keepdim=True)
        return _affine(wide * torch.rsqrt(mean + small), weight, None).to(x.dtype)

    build = decomposition(ctx.builder, function)
    if len(axes) == 1:
        attributes = {"eps": float(small)}
        return ctx.composite("litewright.rms_norm", [x, weight], attributes, build)[0]
    attributes = {"axes": len(axes), "eps": float(small), "has_weight": weight is not None}
    return ctx.composite("aten.rms_norm", [x, weight], attributes, build)[0]


def group_norm(
    ctx: LoweringContext,
    x: ir.Value,
    num_groups: int,
    weight: ir.Value | None = None,
    bias: ir.Value | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> ir.Value:
    """Mean 0 and variance 1 over each group of channels, then weight and bias per channel."""
    del cudnn_enabled
    shape = shape_of(x)

    def function(
        x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
    ) -> torch.Tensor:
        groups = _wide(x).reshape(shape[0], num_groups, -1)
        centred = groups - torch.mean(groups, -1, keepdim=True)
        variance = torch.mean(centred * centred, -1, keepdim=True)
        normal = (centred * torch.rsqrt(variance + eps)).reshape(shape)
        return _affine_by_channel(normal, weight, bias).to(x.dtype)

    attributes = {
        "num_groups": num_groups,
        "eps": float(eps),
        "has_weight": weight is not None,
        "has_bias": bias is not None,
    }
    build = decomposition(ctx.builder, function)
    return ctx.composite("aten.group_norm", [x, weight, bias], attributes, build, [x.type])[0]


def native_group_norm(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    n: int,
    c: int,
    hxw: int,
    group: int,
    eps: float,
) -> tuple[ir.Value, None, None]:
    """As `group_norm`; the other results serve gradients only."""
    del n, c, hxw
    return group_norm(ctx, x, group, weight, bias, eps), None, None


def instance_norm(
    ctx: LoweringContext,
    x: ir.Value,
    weight: ir.Value | None,
    bias: ir.Value | None,
    mean: ir.Value | None,
    variance: ir.Value | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> ir.Value:
    """A group norm of groups of one channel; by running statistics a batch norm."""
    del momentum, cudnn_enabled
    if use_input_stats or mean is None or variance is None:
        return group_norm(ctx, x, shape_of(x)[1], weight, bias, eps)
    return batch_norm_inference(ctx, x, weight, bias, mean, variance, eps)


def _affine(
    x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
) -> torch.Tensor:
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _affine_by_channel(
    x: torch.Tensor, weight: torch.Tensor | None, bias: torch.Tensor | None
) -> torch.Tensor:
    shape = [1, -1, *[1] * (x.dim() - 2)]
    return _affine(
        x,
        None if weight is None else weight.reshape(shape),
        None if bias is None else bias.reshape(shape),
    )


RULES = (
    (aten.softmax.int, softmax),
    (aten._softmax.default, softmax),
    (aten.log_softmax.int, log_softmax),
    (aten._log_softmax.default, log_softmax),
    (aten.batch_norm.default, batch_norm),
    (aten._native_batch_norm_legit_no_training.default, native_batch_norm),
    (aten._native_batch_norm_legit.no_stats, batch_norm_of_batch),
    (aten.layer_norm.default, layer_norm),
    (aten.native_layer_norm.default, native_layer_norm),
    (aten.rms_norm.default, rms_norm),
    (aten.group_norm.default, group_norm),
    (aten.native_group_norm.default, native_group_norm),
    (aten.instance_norm.default, instance_norm),
)
