"""Activation functions: composites where TFLite has an op of the kind, plain StableHLO otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import shape_of

from ..context import LoweringContext
from ..elements import Number
from ..traced import TorchFunction, decomposition, inline
from .elementwise import aten


def _composite(
    ctx: LoweringContext,
    name: str,
    x: ir.Value,
    attributes: Mapping[str, bool | int | float | str],
    function: TorchFunction,
) -> ir.Value:
    (result,) = ctx.composite(f"aten.{name}", [x], attributes, decomposition(ctx.builder, function))
    return result


def silu(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x * sigmoid(x)."""
    del ctx
    return hlo.multiply(x, hlo.unary("logistic", x))


def gelu(ctx: LoweringContext, x: ir.Value, *, approximate: str = "none") -> ir.Value:
    """The Gaussian error linear unit, exact or by tanh."""

    def exact(x: torch.Tensor) -> torch.Tensor:
        return 0.5 * x * (1 + torch.erf(x * 0.5**0.5))

    def by_tanh(x: torch.Tensor) -> torch.Tensor:
        inner = (2 / torch.pi) ** 0.5 * (x + 0.044715 * (x * x * x))
        return 0.5 * x * (1 + torch.tanh(inner))

    function = exact if approximate == "none" else by_tanh
    return _composite(ctx, "gelu", x, {"approximate": approximate}, function)


def leaky_relu(ctx: LoweringContext, x: ir.Value, negative_slope: Number = 0.01) -> ir.Value:
    """x where it is positive, else a fraction of it."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x, x * negative_slope)

    attributes = {"negative_slope": float(negative_slope)}
    return _composite(ctx, "leaky_relu", x, attributes, function)


def elu(
    ctx: LoweringContext, x: ir.Value, alpha: Number = 1, scale: Number = 1, input_scale: Number = 1
) -> ir.Value:
    """scale * x where x is positive, else scale * alpha * (exp(input_scale * x) - 1)."""

    def function(x: torch.Tensor) -> torch.Tensor:
        negative = alpha * torch.expm1(x if input_scale == 1 else x * input_scale)
        result = torch.where(x > 0, x, negative)
        return result if scale == 1 else result * scale

    attributes = {
        "alpha": float(alpha),
        "scale": float(scale),
        "input_scale": float(input_scale),
    }
    return _composite(ctx, "elu", x, attributes, function)


def celu(ctx: LoweringContext, x: ir.Value, alpha: Number = 1.0) -> ir.Value:
    """The continuously differentiable exponential linear unit."""
    return elu(ctx, x, alpha, 1, 1 / alpha)


def selu(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The scaled exponential linear unit."""
    return elu(ctx, x, 1.6732632423543772, 1.0507009873554805)


def hardswish(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x * relu6(x + 3) / 6."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return x * torch.clamp(x + 3, 0, 6) / 6

    return _composite(ctx, "hardswish", x, {}, function)


def hardsigmoid(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """relu6(x + 3) / 6."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x + 3, 0, 6) / 6

    return _composite(ctx, "hardsigmoid", x, {}, function)


def prelu(ctx: LoweringContext, x: ir.Value, weight: ir.Value) -> ir.Value:
    """x where it is positive, else weight * x, a weight per channel (dimension 1)."""
    rank = len(shape_of(x))
    shape = [1] * rank
    if rank > 1:
        shape[1] = shape_of(weight)[0] if shape_of(weight) else 1
    return prelu_kernel(ctx, x, hlo.reshape(weight, shape))


def prelu_kernel(ctx: LoweringContext, x: ir.Value, slope: ir.Value) -> ir.Value:
    """x where it is positive, else slope * x."""

    def function(x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x, x * slope)

    build = decomposition(ctx.builder, function)
    return ctx.composite("aten.prelu", [x, slope], {}, build)[0]


def softplus(
    ctx: LoweringContext, x: ir.Value, beta: Number = 1, threshold: Number = 20
) -> ir.Value:
    """log(1 + exp(beta * x)) / beta, x itself where beta * x is above the threshold."""

    def function(x: torch.Tensor) -> torch.Tensor:
        scaled = x * beta
        return torch.where(scaled > threshold, x, torch.log1p(torch.exp(scaled)) / beta)

    return inline(ctx.builder, function, [x])[0]


def mish(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x * tanh(log(1 + exp(x)))."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return x * torch.tanh(F.softplus(x))

    return inline(ctx.builder, function, [x])[0]


def log_sigmoid(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """log(sigmoid(x)), without overflow."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.clamp(x, max=0) - torch.log1p(torch.exp(-torch.abs(x)))

    return inline(ctx.builder, function, [x])[0]


def hardshrink(ctx: LoweringContext, x: ir.Value, limit: Number = 0.5) -> ir.Value:
    """x where its magnitude is above the limit, else 0."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.where(torch.abs(x) > limit, x, 0)

    return inline(ctx.builder, function, [x])[0]


def softshrink(ctx: LoweringContext, x: ir.Value, limit: Number = 0.5) -> ir.Value:
    """x moved towards 0 by the limit, 0 where it would pass it."""

    def function(x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > limit, x - limit, torch.where(x < -limit, x + limit, 0))

    return inline(ctx.builder, function, [x])[0]


def glu(ctx: LoweringContext, x: ir.Value, dim: int = -1) -> ir.Value:
    """The first half along a dimension times the sigmoid of the second."""

    def function(x: torch.Tensor) -> torch.Tensor:
        first, second = x.chunk(2, dim)
        return first * torch.sigmoid(second)

    return inline(ctx.builder, function, [x])[0]


def log_sigmoid_forward(ctx: LoweringContext, x: ir.Value) -> tuple[ir.Value, None]:
    """As `log_sigmoid`; the second result serves gradients only."""
    return log_sigmoid(ctx, x), None


RULES = (
    (aten.silu.default, silu),
    (aten.gelu.default, gelu),
    (aten.leaky_relu.default, leaky_relu),
    (aten.elu.default, elu),
    (aten.celu.default, celu),
    (aten.selu.default, selu),
    (aten.hardswish.default, hardswish),
    (aten.hardsigmoid.default, hardsigmoid),
    (aten.prelu.default, prelu),
    (aten._prelu_kernel.default, prelu_kernel),
    (aten.softplus.default, softplus),
    (aten.mish.default, mish),
    (aten.log_sigmoid.default, log_sigmoid),
    (aten.log_sigmoid_forward.default, log_sigmoid_forward),
    (aten.hardshrink.default, hardshrink),
    (aten.softshrink.default, softshrink),
    (aten.glu.default, glu),
)
