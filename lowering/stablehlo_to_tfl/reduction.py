"""Reductions."""

from __future__ import annotations

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import constant_integers
from litewright.compiler.ir.types import element_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

REDUCTIONS = {
    "stablehlo.add": "sum",
    "stablehlo.maximum": "reduce_max",
    "stablehlo.minimum": "reduce_min",
    "stablehlo.multiply": "reduce_prod",
    "stablehlo.and": "reduce_all",
    "stablehlo.or": "reduce_any",
}
NEUTRAL = {"stablehlo.add": 0.0, "stablehlo.multiply": 1.0}


def _is_neutral(kind: str, value: ir.Value) -> bool:
    array = hlo.constant_of(value)
    if array is None:
        array = tfl.constant_of(value)
    if array is None:
        return False
    return kind not in NEUTRAL or float(array) == NEUTRAL[kind]


@rule("stablehlo.reduce")
def reduce_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """reduce by one op -> SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ALL, REDUCE_ANY."""
    kind = hlo.reduction_kind(op)
    if kind not in REDUCTIONS or len(op.operands) != 2:
        return decline("not a reduction by one op", kind)
    if not _is_neutral(kind, op.operands[1]):
        return decline("the initial value is not the neutral element")
    axes = hlo.ints(op, "dimensions")
    x, name = op.operands[0], REDUCTIONS[kind]
    if str(element_of(x)) == "i1":
        name = {"sum": "reduce_any", "reduce_max": "reduce_any", "reduce_min": "reduce_all"}.get(
            name, name
        )
    return tfl.emit(name, [x, constant_integers(axes)], op.results[0].type, keep_dims=False)


@rule("composite:aten.mean")
def mean(op: ir.OpView, context: RuleContext) -> Outcome:
    """The mean over axes -> MEAN."""
    attributes = ir.DictAttr(op.attributes["composite_attributes"])
    axes = constant_integers(list(ir.DenseI64ArrayAttr(attributes["axes"])))
    keep = ir.BoolAttr(attributes["keepdim"]).value
    return tfl.emit("mean", [op.operands[0], axes], op.results[0].type, keep_dims=keep)


RULES: tuple[Rule, ...] = (reduce_op, mean)
