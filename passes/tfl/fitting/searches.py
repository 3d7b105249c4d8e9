"""Sums, searches and norms along an axis, by ops that the target knows."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import binary, constant_integers, reshape, slice_of, unary
from litewright.compiler.ir.types import element_count, element_of, rank_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.passes.core import Rule, RuleContext

from .candidates import fitting, with_rank
from .elementwise import HIGHEST

_LOWEST = -float(np.finfo(np.float32).max)
_LANES = 4


def rules(target: Target) -> tuple[Rule, ...]:
    """The rules for a target."""
    return (
        fitting(target, "fit-reversal", ["tfl.reverse_v2"], [_reversal]),
        fitting(target, "fit-sum", ["tfl.cumsum"], [_running_sum]),
        fitting(target, "fit-arg-min", ["tfl.arg_min"], [_arg_min]),
        fitting(target, "fit-log-softmax", ["tfl.log_softmax"], [_log_softmax]),
        fitting(target, "fit-top", ["tfl.topk_v2"], [_top]),
    )


def _running_sum(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """Forwards, along an axis counted from the front that is not the first, each element included."""
    x, rank = op.operands[0], rank_of(op.operands[0])
    axis = tfl.constant_of(op.operands[1])
    if axis is None or not 0 < rank < HIGHEST:
        return None
    place = int(axis) % rank + 1
    raised = reshape(x, [1, *shape_of(x)])
    backwards: bool = tfl.attribute(op, "reverse")
    given = _reversed(raised, place) if backwards else raised
    where = tfl.constant(np.array(place, np.int32))
    summed = tfl.emit("cumsum", [given, where], raised.type, exclusive=False, reverse=False)
    if tfl.attribute(op, "exclusive"):
        summed = binary("sub", summed, given)
    return reshape(_reversed(summed, place) if backwards else summed, shape_of(x))


def _reversed(x: ir.Value, axis: int) -> ir.Value:
    """Along an axis that is not the last, where there are dimensions left for that."""
    shape = shape_of(x)
    inner = axis == len(shape) - 1 and len(shape) < HIGHEST
    given = reshape(x, [*shape, 1]) if inner else x
    return reshape(tfl.emit("reverse_v2", [given, constant_integers([axis])], given.type), shape)


def _reversal(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    axes = tfl.constant_of(op.operands[1])
    x = op.operands[0]
    if axes is None or axes.size != 1 or rank_of(x) >= HIGHEST:
        return None
    return _reversed(x, int(axes.reshape(-1)[0]) % rank_of(x))


def _arg_min(op: ir.OpView, context: RuleContext) -> ir.Value:
    operands = [unary("neg", op.operands[0]), op.operands[1]]
    return tfl.emit("arg_max", operands, op.results[0].type, **tfl.attributes_of(op))


def _log_softmax(op: ir.OpView, context: RuleContext) -> ir.Value:
    """x - max - log(sum(exp(x - max))), which loses nothing where a probability is no number of 32 bits."""
    x = op.operands[0]
    last = constant_integers([rank_of(x) - 1])
    kind = tensor_type([*shape_of(x)[:-1], 1], element_of(x))
    highest = tfl.emit("reduce_max", [x, last], kind, keep_dims=True)
    lower = binary("sub", x, highest)
    total = tfl.emit("sum", [unary("exp", lower), last], kind, keep_dims=True)
    return binary("sub", lower, unary("log", total))


def _top(op: ir.OpView, context: RuleContext) -> list[ir.Value] | None:
    """Candidates in whole fours: the lowest number fills them up, behind all others, so no place moves."""
    x = op.operands[0]
    count = shape_of(x)[-1]
    missing = -count % _LANES
    if not missing or str(element_of(x)) != "f32":
        return None
    rows = element_count(shape_of(x)[:-1])
    flat = reshape(x, with_rank([rows, count], HIGHEST))
    amounts = np.zeros((HIGHEST, 2), np.int32)
    amounts[-1, 1] = missing
    lowest = tfl.constant(np.array(_LOWEST, np.float32))
    kind = tensor_type([1, 1, rows, count + missing], element_of(x))
    filled = tfl.emit("padv2", [flat, tfl.constant(amounts), lowest], kind)
    kinds = [
        tensor_type([1, 1, rows, shape_of(result)[-1]], element_of(result)) for result in op.results
    ]
    found = tfl.emit_many("topk_v2", [filled, op.operands[1]], kinds)
    return [reshape(new, shape_of(old)) for new, old in zip(found, op.results, strict=True)]


def split_channels(x: ir.Value, groups: int) -> list[ir.Value]:
    """The last axis in equal parts."""
    *outer, channels = shape_of(x)
    width = channels // groups
    return [
        slice_of(x, [*[0] * len(outer), part * width], [*outer, width]) for part in range(groups)
    ]
