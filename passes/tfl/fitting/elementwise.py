"""Elementwise ops whose operands are laid out in a way that the target would not broadcast."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.tfl.shorthand import reshape
from litewright.compiler.ir.types import element_of, element_type, rank_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.passes.core import Rule, RuleContext

from .candidates import Candidate, again, can_change, fitting, reshaped, spread, with_rank

_BINARY = (
    "add sub mul div maximum minimum pow squared_difference floor_div floor_mod atan2 equal not_equal less "
    "less_equal greater greater_equal logical_and logical_or"
)  # fmt: skip
HIGHEST = 4
"""The rank at which operands are aligned as NumPy aligns them, computed or not."""


def rules(target: Target) -> tuple[Rule, ...]:
    """The rules for a target."""
    aligned = [_aligned(0), _beside_known, _aligned(HIGHEST), _aligned(HIGHEST, whole=True)]
    return (
        fitting(target, "align-operands", _full(_BINARY.split()), aligned),
        fitting(target, "align-choice", _full(["select_v2", "select"]), [_choice]),
    )


def _full(names: Sequence[str]) -> list[str]:
    return [f"tfl.{name}" for name in names]


def _aligned(rank: int, *, whole: bool = False) -> Candidate:
    """add(x, y) -> reshape(add(reshape(x), reshape(y))), at a rank or the result's; if whole, nothing is broadcast."""

    def candidate(op: ir.OpView, context: RuleContext) -> ir.Value | None:
        shape = shape_of(op.results[0])
        wanted = with_rank(shape, max(rank, len(shape)))
        goals = [_goal(x, wanted, whole=whole) for x in op.operands]
        given = [list(shape_of(x)) for x in op.operands]
        possible = all(map(can_change, op.operands, goals, [context] * 2))
        if len(wanted) > HIGHEST or goals == given or not possible:
            return None
        operands = [_changed(x, goal, context) for x, goal in zip(op.operands, goals, strict=True)]
        return reshape(again(op, operands, wanted), shape)

    return candidate


def _beside_known(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """add(x, table) -> reshape(add(reshape(x), table)), x with one dimension more: the table keeps its form."""
    known = [tfl.is_constant(x) or weight_symbol(x) is not None for x in op.operands]
    shape = shape_of(op.results[0])
    if known.count(True) != 1 or len(shape) >= HIGHEST:
        return None
    operands = [
        x if is_known else reshape(x, with_rank(shape_of(x), len(shape) + 1))
        for x, is_known in zip(op.operands, known, strict=True)
    ]
    return reshape(again(op, operands, [1, *shape]), shape)


def _goal(x: ir.Value, shape: Sequence[int], *, whole: bool) -> list[int]:
    """The shape that an operand shall have; a known number may stay one."""
    if tfl.constant_of(x) is not None and rank_of(x) == 0:
        return []
    return list(shape) if whole else with_rank(shape_of(x), len(shape))


def _changed(x: ir.Value, goal: Sequence[int], context: RuleContext) -> ir.Value:
    return spread(reshaped(x, with_rank(shape_of(x), len(goal)), context), goal)


def _choice(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """A choice by a condition of the result's rank, between numbers or values of the result's shape."""
    shape = shape_of(op.results[0])
    goals = [_goal(x, shape, whole=n > 0) for n, x in enumerate(op.operands)]
    if not all(map(can_change, op.operands, goals, [context] * 3)):
        return None
    operands = [_changed(x, goal, context) for x, goal in zip(op.operands, goals, strict=True)]
    return again(op, operands, shape)


def as_integers(x: ir.Value) -> ir.Value:
    """A boolean value as zeros and ones."""
    return tfl.emit("cast", [x], tensor_type(shape_of(x), element_type("i32")))


def as_booleans(x: ir.Value) -> ir.Value:
    """Zeros and ones as a boolean value."""
    return tfl.emit("cast", [x], tensor_type(shape_of(x), element_type("i1")))


def is_boolean(x: ir.Value) -> bool:
    """Whether a value is boolean."""
    return str(element_of(x)) == "i1"
