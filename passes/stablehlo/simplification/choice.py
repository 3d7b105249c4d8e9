"""Comparisons and selections whose outcome is known, or that say another one again."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, stablehlo
from litewright.compiler.ir.types import dtype_of, rank_of, shape_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from ..splats import is_number, number_of
from .arithmetic import is_float
from .movement import made_by


@rule("stablehlo.select")
def known_select(op: ir.OpView, context: RuleContext) -> Outcome:
    """select(true, x, y) -> x, select(p, x, x) -> x."""
    predicate, on_true, on_false = op.operands
    if on_true == on_false:
        return on_true
    number = number_of(predicate)
    if number is None:
        return decline("the predicate is not one truth")
    return on_true if number else on_false


@rule("stablehlo.select")
def select_of_negation(op: ir.OpView, context: RuleContext) -> Outcome:
    """select(not p, x, y) -> select(p, y, x)."""
    negation = made_by(op.operands[0], "not")
    if negation is None:
        return decline("the predicate is not negated")
    return hlo.select(negation.operands[0], op.operands[2], op.operands[1])


@rule("stablehlo.select")
def select_of_truths(op: ir.OpView, context: RuleContext) -> Outcome:
    """select(p, true, false) -> p, select(p, false, true) -> not p."""
    predicate, on_true, on_false = op.operands
    if dtype_of(on_true).kind != "b" or rank_of(predicate) != rank_of(on_true):
        return decline("no truths of the predicate's shape are selected")
    truths = number_of(on_true), number_of(on_false)
    if None in truths or truths[0] == truths[1]:
        return decline("the truths are not true and false")
    return predicate if truths[0] else hlo.unary("not", predicate)


@rule("stablehlo.select")
def nested_select(op: ir.OpView, context: RuleContext) -> Outcome:
    """select(p, select(p, x, y), z) -> select(p, x, z), and the mirror of it."""
    predicate, on_true, on_false = op.operands
    inner = made_by(on_true, "select")
    if inner is not None and inner.operands[0] == predicate:
        return hlo.select(predicate, inner.operands[1], on_false)
    inner = made_by(on_false, "select")
    if inner is not None and inner.operands[0] == predicate:
        return hlo.select(predicate, on_true, inner.operands[2])
    return decline("no operand is selected by the same predicate")


def _direction(op: ir.OpView) -> str:
    return stablehlo.ComparisonDirectionAttr(op.attributes["comparison_direction"]).value


@rule("stablehlo.compare")
def comparison_with_itself(op: ir.OpView, context: RuleContext) -> Outcome:
    """x == x -> true for integers; a float may be NaN."""
    if op.operands[0] != op.operands[1]:
        return decline("the operands differ")
    if is_float(op.operands[0]):
        return decline("NaN differs from itself")
    return hlo.splat(_direction(op) in {"EQ", "GE", "LE"}, shape_of(op.results[0]), _i1(op))


def _i1(op: ir.OpView) -> ir.Type:
    return ir.RankedTensorType(op.results[0].type).element_type


@rule("stablehlo.compare")
def comparison_of_truth(op: ir.OpView, context: RuleContext) -> Outcome:
    """convert(p) != 0 -> p, convert(p) == 0 -> not p, and with 1 the other way round."""
    converted = made_by(op.operands[0], "convert")
    direction = _direction(op)
    if converted is None or dtype_of(converted.operands[0]).kind != "b":
        return decline("the left operand is no converted truth")
    zero, one = is_number(op.operands[1], 0), is_number(op.operands[1], 1)
    if direction not in {"EQ", "NE"} or not (zero or one):
        return decline("not compared for being 0 or 1")
    truth = converted.operands[0]
    return truth if (direction == "NE") == zero else hlo.unary("not", truth)


_OPPOSITE = {"EQ": "NE", "NE": "EQ", "GE": "LT", "LT": "GE", "GT": "LE", "LE": "GT"}


@rule("stablehlo.not")
def negated_comparison(op: ir.OpView, context: RuleContext) -> Outcome:
    """not(x < y) -> x >= y for integers; with a NaN neither holds. not(x == y) -> x != y for all."""
    compared = made_by(op.operands[0], "compare")
    if compared is None:
        return decline("the operand is no comparison")
    direction = _direction(compared)
    if is_float(compared.operands[0]) and direction not in {"EQ", "NE"}:
        return decline("with NaN neither an order nor its opposite holds")
    if not hlo.has_one_use(op.operands[0]):
        return decline("the comparison is read elsewhere too")
    x, y = compared.operands
    match _OPPOSITE[direction]:
        case ("EQ" | "NE" | "GE" | "LT" | "GT" | "LE") as opposite:
            return hlo.compare(opposite, x, y)
        case _:
            raise AssertionError(direction)


RULES: Sequence[Rule] = (
    known_select,
    select_of_negation,
    select_of_truths,
    nested_select,
    comparison_with_itself,
    comparison_of_truth,
    negated_comparison,
)
