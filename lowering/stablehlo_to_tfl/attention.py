"""Scaled dot product attention as two BATCH_MATMULs, without a transpose or a copy of keys and values.

Query heads that share a key head are contiguous, so [B, KV * G, T, H] is [B, KV, G * T, H] by RESHAPE:
grouped queries cost no repetition of keys or values. Measured against the runtime's own composite this
is the fastest form by a third where caches are long.
"""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import (
    binary,
    constant_integers,
    defined_by,
    reshape,
    scalar,
    unary,
)
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import boolean, number
from .contraction import constant_array
from .normalisation import softmax_last

MASKED = -0.7 * float(np.finfo(np.float32).max)
"""What is added where nothing may be seen: finite, so that a row that sees nothing has no NaN."""


@rule("composite:aten.scaled_dot_product_attention", "composite:litewright.soft_capped_attention")
def attention(op: ir.OpView, context: RuleContext) -> Outcome:
    """softmax(scale q k^T + mask) v for q [B, N, T, H], k and v [B, KV, S, H]; scores may be bounded."""
    query, key, value, *masks = op.operands
    if str(element_of(query)) != "f32" or rank_of(query) != 4:
        return decline("attention is written for f32 of rank 4", query.type)
    batch, heads, length, width = shape_of(query)
    once = [_without_repeats(each) for each in (key, value)]
    if shape_of(once[0])[1] == shape_of(once[1])[1]:
        key, value = once
    groups, span = shape_of(key)[1:3]
    repeats = heads // groups
    is_bounded = composite_name(op) == "litewright.soft_capped_attention"
    cap = number(op, "logit_cap") if is_bounded else 1.0
    # Scores are cap * tanh(score / cap): the queries are fewer numbers to divide than the scores.
    query = binary("mul", query, scalar(number(op, "scale") / cap, query))
    grouped = [batch, groups, repeats * length]
    scores = _matmul(reshape(query, [*grouped, width]), key, adjoint=True)
    if is_bounded:
        scores = binary("mul", unary("tanh", scores), scalar(cap, scores))
    masks = [_without_spread(mask) for mask in masks if not _hides_nothing(mask)]
    additive = [_additive(mask) for mask in masks]
    if boolean(op, "is_causal"):
        additive.append(_causal(length, span))
    if not all(_is_one_row(mask) for mask in additive):
        # ADD spreads a mask over heads: a mask for all queries of a group in one would be G times as large.
        scores = reshape(scores, [batch, heads, length, span])
    for mask in additive:
        scores = binary("add", scores, mask)
    attended = _matmul(reshape(softmax_last(scores), [*grouped, span]), value, adjoint=False)
    attended = reshape(attended, [batch, heads, length, shape_of(value)[-1]])
    for mask in masks:
        if str(element_of(mask)) == "i1" and not _is_seen_everywhere(mask):
            attended = binary("mul", attended, _sees_anything(mask))
    return attended


def _matmul(x: ir.Value, y: ir.Value, *, adjoint: bool) -> ir.Value:
    columns = shape_of(y)[-2 if adjoint else -1]
    kind = tensor_type([*shape_of(x)[:-1], columns], element_of(x))
    return tfl.emit("batch_matmul", [x, y], kind, adj_x=False, adj_y=adjoint)


def _without_repeats(heads: ir.Value) -> ir.Value:
    """Keys or values before a model repeated them for each query head of a group, if it did.

    transformers writes [B, KV, S, H] as [B, KV, 1, S, H], spreads it to [B, KV, G, S, H] and flattens that to
    [B, N, S, H]: two copies of the cache, by an op that no delegate takes.
    """
    flat = defined_by(heads, "reshape")
    spread = defined_by(flat.operands[0] if flat is not None else heads, "broadcast_to")
    if spread is None:
        return heads
    batch, _, span, width = shape_of(heads)
    before, after = shape_of(spread.operands[0]), shape_of(spread.results[0])
    if flat is not None and before == (batch, after[1], 1, span, width):
        return reshape(spread.operands[0], [batch, after[1], span, width])
    if flat is None and before == (batch, 1, span, width):
        return spread.operands[0]
    return heads


def _without_spread(mask: ir.Value) -> ir.Value:
    """A mask before it was spread over queries and heads, which ADD does by itself."""
    spread = defined_by(mask, "broadcast_to")
    while spread is not None and shape_of(spread.operands[0])[-1:] == shape_of(mask)[-1:]:
        mask = spread.operands[0]
        spread = defined_by(mask, "broadcast_to")
    return mask


def _additive(mask: ir.Value) -> ir.Value:
    """A boolean mask (true is visible) as numbers to add."""
    if str(element_of(mask)) != "i1":
        return mask
    known = constant_array(mask)
    if known is not None:
        return tfl.constant(np.where(known, 0.0, MASKED).astype(np.float32))
    zero, masked = (tfl.constant(np.array(n, np.float32)) for n in (0.0, MASKED))
    return tfl.emit("select_v2", [mask, zero, masked], tensor_type(shape_of(mask), "f32"))


def _causal(length: int, span: int) -> ir.Value:
    """[1, 1, T, S]: token i sees keys 0 to i, as torch defines it also where S is larger than T."""
    visible = np.tril(np.ones((length, span), bool))
    return tfl.constant(np.where(visible, 0.0, MASKED).astype(np.float32)[None, None])


def _is_one_row(mask: ir.Value) -> bool:
    """Whether a mask is the same for all queries and heads."""
    return all(size == 1 for size in shape_of(mask)[-3:-1])


def _hides_nothing(mask: ir.Value) -> bool:
    """Whether a mask is known to be true everywhere, or to add zeros."""
    known = constant_array(mask)
    return known is not None and bool((known if known.dtype == bool else known == 0).all())


def _is_seen_everywhere(mask: ir.Value) -> bool:
    """Whether a boolean mask is known to leave every query something to see."""
    known = constant_array(mask)
    return known is not None and bool(known.any(axis=-1).all())


def _sees_anything(mask: ir.Value) -> ir.Value:
    """[..., 1]: 0 where a boolean mask hides every key from a query, as torch has it, else 1."""
    shape = [*shape_of(mask)[:-1], 1]
    axes = constant_integers([rank_of(mask) - 1])
    seen = tfl.emit("reduce_any", [mask, axes], tensor_type(shape, "i1"), keep_dims=True)
    return tfl.emit("cast", [seen], tensor_type(shape, "f32"))


RULES: tuple[Rule, ...] = (attention,)
