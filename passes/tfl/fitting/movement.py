"""Ops on a few axes, for targets that know them at four dimensions alone, and copies."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import defined_by, permutation_of, reshape, transpose
from litewright.compiler.ir.types import element_count, element_of, rank_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .candidates import again, can_change, fitting, reshaped, spread, with_rank
from .elementwise import HIGHEST, as_booleans, as_integers, is_boolean


def rules(target: Target) -> tuple[Rule, ...]:
    """The rules for a target."""
    return (
        fitting(target, "fit-softmax", ["tfl.softmax"], [_softmax]),
        fitting(target, "fit-pad", ["tfl.pad", "tfl.padv2", "tfl.mirror_pad"], [_pad]),
        fitting(target, "fit-update", ["tfl.dynamic_update_slice"], [_update]),
        fitting(target, "fit-blocks", ["tfl.depth_to_space", "tfl.space_to_depth"], [_blocks]),
        fitting(target, "fit-broadcast", ["tfl.broadcast_to"], [_broadcast]),
        fitting(target, "fit-gather", ["tfl.gather"], [_gather]),
        turn_fewer_dimensions,
    )


def _is_low(op: ir.OpView, context: RuleContext) -> bool:
    x = op.operands[0]
    shape = with_rank(shape_of(x), HIGHEST)
    return rank_of(x) < HIGHEST and can_change(x, shape, context)


def _raised(x: ir.Value, context: RuleContext) -> ir.Value:
    return reshaped(x, with_rank(shape_of(x), HIGHEST), context)


def _softmax(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    x = op.operands[0]
    if rank_of(x) != 1:
        return None
    row = reshape(x, [1, *shape_of(x)])
    return reshape(again(op, [row], shape_of(row)), shape_of(x))


def _pad(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    amounts = tfl.constant_of(op.operands[1])
    if amounts is None or not _is_low(op, context):
        return None
    missing = HIGHEST - len(amounts)
    more = np.concatenate([np.zeros((missing, 2), amounts.dtype), amounts])
    shape = shape_of(op.results[0])
    operands = [_raised(op.operands[0], context), tfl.constant(more), *list(op.operands)[2:]]
    return reshape(again(op, operands, with_rank(shape, HIGHEST)), shape)


def _update(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """The same update of a tensor of four dimensions: zeros stand in front of where it starts."""
    x, update, starts = op.operands
    fits = can_change(update, with_rank(shape_of(update), HIGHEST), context)
    if not fits or not _is_low(op, context) or str(element_of(starts)) != "i32":
        return None
    zeros = tfl.constant(np.zeros(HIGHEST - rank_of(x), np.int32))
    kind = tensor_type([HIGHEST], element_of(starts))
    where = tfl.emit("concatenation", [zeros, starts], kind, axis=0)
    raised = _raised(x, context)
    made = again(op, [raised, _raised(update, context), where], shape_of(raised))
    return reshape(made, shape_of(op.results[0]))


def _blocks(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """A batch of images as one that is as high as all of them: blocks do not reach over an edge."""
    x = op.operands[0]
    batch, height, *rest = shape_of(x)
    _, result_height, *result_rest = shape_of(op.results[0])
    if batch == 1:
        return None
    tall = reshape(x, [1, batch * height, *rest])
    made = again(op, [tall], [1, batch * result_height, *result_rest])
    return reshape(made, shape_of(op.results[0]))


def _broadcast(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """BROADCAST_TO -> TILE."""
    shape = shape_of(op.results[0])
    if not can_change(op.operands[0], shape, context):
        return None
    x = reshaped(op.operands[0], with_rank(shape_of(op.operands[0]), len(shape)), context)
    return as_booleans(spread(as_integers(x), shape)) if is_boolean(x) else spread(x, shape)


def _gather(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """Indices in a row, whatever their shape."""
    x, indices = op.operands
    if rank_of(indices) == 1 or tfl.attribute(op, "batch_dims"):
        return None
    axis: int = tfl.attribute(op, "axis") % rank_of(x)
    count = element_count(shape_of(indices))
    if not can_change(indices, [count], context):
        return None
    flat = reshaped(indices, [count], context)
    shape = shape_of(x)
    made = again(op, [x, flat], [*shape[:axis], count, *shape[axis + 1 :]])
    return reshape(made, shape_of(op.results[0]))


@rule("tfl.reshape")
def turn_fewer_dimensions(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(transpose(reshape(x))) with dimensions that stay together, or are one, as one: four at the most."""
    turned = defined_by(op.operands[0], "transpose")
    if turned is None or rank_of(turned.operands[0]) <= HIGHEST:
        return decline("nothing of more dimensions than the target takes is turned")
    before, order = defined_by(turned.operands[0], "reshape"), permutation_of(turned)
    if before is None or order is None:
        return decline("what is turned has these dimensions by itself")
    sizes, fewer = _merged(shape_of(turned.operands[0]), order)
    if len(sizes) > HIGHEST:
        return decline("no two of its dimensions stay together", len(sizes))
    return reshape(transpose(reshape(before.operands[0], sizes), fewer), shape_of(op.results[0]))


def _merged(shape: Sequence[int], order: Sequence[int]) -> tuple[list[int], list[int]]:
    """The same TRANSPOSE of the fewest dimensions: its shape and order."""
    kept = [axis for axis in order if shape[axis] > 1]
    following = dict(zip(sorted(kept), sorted(kept)[1:], strict=False))
    groups: list[list[int]] = []
    for axis in kept:
        if groups and following.get(groups[-1][-1]) == axis:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    inner = sorted(groups)
    sizes = [math.prod(shape[axis] for axis in group) for group in inner]
    return sizes, [inner.index(group) for group in groups]
