"""Composites that a target runs as one op: which of ours is which of the runtime's.

A row says how one of our composites is spelt in the runtime's: its operands in their order of dimensions,
and attributes. Where the target knows the name and has nothing against this one, it is what stays; the
decomposition of ours, in that order of dimensions, stays beside it for whoever does not know the name.

Names and attributes are those that `ml_drift_delegate/tflite/support` of LiteRT reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from litewright.compiler.ir import cloning, hlo, tfl
from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.program import is_signature
from litewright.compiler.ir.tfl.shorthand import reshape, transpose
from litewright.compiler.ir.types import element_of, element_type, rank_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.passes.core import Decline, Outcome, Rule, RuleContext, decline

from .attention import MASKED
from .attributes import boolean, integer, number

_CHANNELS_LAST = 1  # of odml.group_norm: normalise the last axis, as layer norm does
_IN_GROUPS = 0

Order = tuple[int, ...]
"""A permutation of dimensions; empty for none."""

Attributes = Mapping[str, float | int]


@dataclass(frozen=True, slots=True)
class Spelling:
    """One composite of ours in the runtime's terms.

    Attributes:
        operands: as ours has them; more may follow.
        attributes: what the runtime reads.
        orders: the dimensions of each operand, in the order that the runtime wants.
        result: the dimensions of its result, in the order that ours has.
    """

    operands: Sequence[ir.Value]
    attributes: Attributes
    orders: Sequence[Order] = field(default=())
    result: Order = ()


@dataclass(frozen=True, slots=True)
class Row:
    """How a composite of ours is spelt in one of the runtime's.

    Attributes:
        runtime: the name that delegates know.
        ours: our name.
        spell: the spelling, or why there is none.
    """

    runtime: str
    ours: str
    spell: Callable[[ir.OpView], Spelling | Decline]


def rules(target: Target) -> tuple[Rule, ...]:
    """A rule for each composite of ours that the target wants to see as one of the runtime's."""
    rows = [row for row in TABLE if row.runtime in target.emits]
    return tuple(_rule(row, target) for row in rows)


def stays(op: ir.OpView, context: RuleContext, target: Target) -> bool:
    """Whether a composite of the runtime is one that the target takes. None stays inside another."""
    if op_name(op) != "stablehlo.composite" or not is_signature(context.function):
        return False
    return hlo.composite_name(op) in target.emits and target.why_not_delegated(op) is None


def _rule(row: Row, target: Target) -> Rule:
    def emit(op: ir.OpView, context: RuleContext) -> Outcome:
        if not is_signature(context.function):
            return decline("inside of a composite there is none of the runtime's")
        spelling = row.spell(op)
        if isinstance(spelling, Decline):
            return spelling
        made = _composite(op, context, row, spelling)
        reason = target.why_not_delegated(made)
        if reason is not None:
            # Nothing else knows of it yet.
            made.erase()
            return decline(f"{target.name} does not take {row.runtime}", reason)
        return transpose(made.results[0], spelling.result)

    return Rule(
        f"emit-{row.runtime.removeprefix('odml.')}-of-{_kebab(row.ours)}",
        (f"composite:{row.ours}",),
        emit,
    )


def _kebab(name: str) -> str:
    return name.partition(".")[2].replace("_", "-")


def _composite(op: ir.OpView, context: RuleContext, row: Row, spelling: Spelling) -> ir.OpView:
    orders = [*spelling.orders, *[()] * (len(spelling.operands) - len(spelling.orders))]
    operands = [transpose(x, order) for x, order in zip(spelling.operands, orders, strict=True)]
    result = op.results[0]
    shape = shape_of(result)
    if spelling.result:
        shape = tuple(shape[spelling.result.index(axis)] for axis in range(len(shape)))
    attributes = {name: _attribute(value) for name, value in spelling.attributes.items()}
    function = context.program.function(ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value)
    name = _decomposition(function, context, row, spelling, operands)
    kind = tensor_type(shape, element_of(result))
    [made] = hlo.composite(row.runtime, operands, [kind], attributes, name)
    owner = hlo.producer(made)
    assert owner is not None, "an op makes it"
    return owner


def _decomposition(
    function: func.FuncOp,
    context: RuleContext,
    row: Row,
    spelling: Spelling,
    operands: Sequence[ir.Value],
) -> str:
    """The function that computes it in the runtime's order; one for all composites that are alike."""
    name = f"{row.runtime}.{function.name.value}"
    if any(each.name.value == name for each in context.program.functions()):
        return name
    given = len(function.arguments)

    def build(arguments: Sequence[ir.Value]) -> Sequence[ir.Value]:
        orders = [*spelling.orders, *[()] * given]
        turned = [
            transpose(x, _inverse(order)) for x, order in zip(arguments, orders, strict=False)
        ]
        # A mask of fewer dimensions has been given leading ones; one of our own making is left out.
        ours = [reshape(x, shape_of(y)) for x, y in zip(turned, function.arguments, strict=False)]
        [result] = cloning.inline(function, ours)
        return [transpose(result, _inverse(spelling.result))]

    with ir.Location.unknown():
        return hlo.private_function(context.program.module, name, [x.type for x in operands], build)


def _inverse(order: Order) -> Order:
    return tuple(order.index(axis) for axis in range(len(order)))


def _attribute(value: float) -> ir.Attribute:
    if isinstance(value, int):
        return ir.IntegerAttr.get(element_type("i32"), value)
    return ir.FloatAttr.get(element_type("f32"), value)


# ---- the spellings -------------------------------------------------------------------------------


def _rms_norm(op: ir.OpView) -> Spelling | Decline:
    if len(op.operands) != 2:
        return decline("the runtime's RMS norm has a scale")
    return Spelling(op.operands, {"epsilon": number(op, "eps")})


def _layer_norm(op: ir.OpView) -> Spelling | Decline:
    if integer(op, "axes") != 1:
        return decline("the runtime normalises one axis", integer(op, "axes"))
    if boolean(op, "has_bias") and not boolean(op, "has_weight"):
        return decline("the runtime knows no bias without a scale")
    attributes = {"sub_type": _CHANNELS_LAST, "epsilon": number(op, "eps")}
    return Spelling(op.operands, attributes)


def _group_norm(op: ir.OpView) -> Spelling | Decline:
    """[N, C, ...] to [N, ..., C] and back."""
    if boolean(op, "has_bias") and not boolean(op, "has_weight"):
        return decline("the runtime knows no bias without a scale")
    rank = rank_of(op.operands[0])
    attributes = {
        "sub_type": _IN_GROUPS,
        "num_groups": integer(op, "num_groups"),
        "channel_axis": rank - 1,
        "epsilon": number(op, "eps"),
    }
    last = (0, *range(2, rank), 1)
    return Spelling(op.operands, attributes, [last], _inverse(last))


def _attention(op: ir.OpView) -> Spelling | Decline:
    """[B, N, T, H] to [B, T, N, H] and back, where a model has turned its projections the other way."""
    query, key, value, *masks = op.operands
    if any(str(element_of(mask)) == "i1" for mask in masks):
        return decline("the runtime adds masks, and this one is boolean")
    if rank_of(query) != 4 or not all(_is_turned(x) for x in (key, value)):
        return decline("keys and values would have to be transposed")
    if boolean(op, "is_causal"):
        if masks:
            return decline("a causal mask beside another one")
        visible = np.tril(np.ones((shape_of(query)[2], shape_of(key)[2]), bool))
        masks = [tfl.constant(np.where(visible, 0.0, MASKED).astype(np.float32))]
    masks = [reshape(mask, [*[1] * (4 - rank_of(mask)), *shape_of(mask)]) for mask in masks]
    turned = (0, 2, 1, 3)
    attributes = {"scale": float(np.float32(number(op, "scale")))}
    return Spelling([query, key, value, *masks], attributes, [turned] * 3, turned)


def _is_turned(value: ir.Value) -> bool:
    """Whether it is a TRANSPOSE of what the runtime wants."""
    op = hlo.producer(value)
    if op is None:
        return False
    if op_name(op) == "stablehlo.transpose":
        return hlo.ints(op, "permutation") == [0, 2, 1, 3]
    order = tfl.constant_of(op.operands[1]) if op_name(op) == "tfl.transpose" else None
    return order is not None and order.tolist() == [0, 2, 1, 3]


TABLE: tuple[Row, ...] = (
    Row("odml.rms_norm", "litewright.rms_norm", _rms_norm),
    Row("odml.group_norm", "aten.layer_norm", _layer_norm),
    Row("odml.group_norm", "aten.group_norm", _group_norm),
    Row("odml.scaled_dot_product_attention", "aten.scaled_dot_product_attention", _attention),
)
"""All that is known both here and by a delegate."""
