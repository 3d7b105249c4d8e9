"""Norms, softmax and activations: composites said in ops that the delegate takes."""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import binary, mean, reshape, scalar, transpose, unary
from litewright.compiler.ir.types import element_count, element_of, rank_of, shape_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import boolean, integer, number, text


def normalise(x: ir.Value, axes: list[int], eps: float) -> ir.Value:
    """(x - mean) / sqrt(variance + eps) over axes: seven ops, all of them delegated."""
    centred = binary("sub", x, mean(x, axes))
    variance = mean(binary("mul", centred, centred), axes)
    return binary("mul", centred, unary("rsqrt", binary("add", variance, scalar(eps, x))))


@rule("composite:aten.layer_norm")
def layer_norm(op: ir.OpView, context: RuleContext) -> Outcome:
    """Layer norm over the trailing axes, scaled and shifted: nine ops, all of them delegated."""
    x, *parameters = op.operands
    if str(element_of(x)) != "f32":
        return decline("norms are computed in f32", element_of(x))
    count, rank = integer(op, "axes"), rank_of(x)
    result = normalise(x, list(range(rank - count, rank)), number(op, "eps"))
    if boolean(op, "has_weight"):
        result = binary("mul", result, parameters.pop(0))
    if boolean(op, "has_bias"):
        result = binary("add", result, parameters.pop(0))
    return result


@rule("composite:aten.group_norm")
def group_norm(op: ir.OpView, context: RuleContext) -> Outcome:
    """Group norm of [N, C, ...]: each group of channels is a row, which is normalised."""
    x, *parameters = op.operands
    if str(element_of(x)) != "f32":
        return decline("norms are computed in f32", element_of(x))
    shape, groups = shape_of(x), integer(op, "num_groups")
    rows = reshape(x, [shape[0], groups, element_count(shape[1:]) // groups])
    result = reshape(normalise(rows, [2], number(op, "eps")), shape)
    per_channel = [shape[1], *([1] * (len(shape) - 2))]
    if boolean(op, "has_weight"):
        result = binary("mul", result, reshape(parameters.pop(0), per_channel))
    if boolean(op, "has_bias"):
        result = binary("add", result, reshape(parameters.pop(0), per_channel))
    return result


def softmax_last(x: ir.Value, name: str = "softmax") -> ir.Value:
    """SOFTMAX or LOG_SOFTMAX over the last axis."""
    return tfl.emit(name, [x], x.type, **({"beta": 1.0} if name == "softmax" else {}))


@rule("composite:aten.softmax", "composite:aten.log_softmax")
def softmax(op: ir.OpView, context: RuleContext) -> Outcome:
    """Softmax over an axis, which is moved to the end where it is not there."""
    x = op.operands[0]
    if str(element_of(x)) != "f32":
        return decline("softmax is computed in f32", element_of(x))
    name = text(op, "name", composite=False).removeprefix("aten.")
    rank, axis = rank_of(x), integer(op, "dim") % max(rank_of(x), 1)
    swapped = list(range(rank))
    swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
    return transpose(softmax_last(transpose(x, swapped), name), swapped)


@rule("composite:aten.gelu")
def gelu(op: ir.OpView, context: RuleContext) -> Outcome:
    """GELU -> GELU, exact or by tanh."""
    x = op.operands[0]
    if str(element_of(x)) != "f32":
        return decline("GELU is computed in f32", element_of(x))
    return tfl.emit("gelu", [x], x.type, approximate=text(op, "approximate") == "tanh")


RULES: tuple[Rule, ...] = (layer_norm, group_norm, softmax, gelu)
