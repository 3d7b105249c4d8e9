"""Predicates of which the rows of a target are made. Each makes a check: a reason, or None."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir import tfl
from ..ir.mlir import ir
from ..ir.tfl import TensorFact
from .target import Check, Miscomputed


def refused(reason: str) -> Check:
    """The op is never taken."""
    return lambda _: reason


def miscomputed(check: Check) -> Check:
    """What the check has against an op keeps the delegate neither from taking it nor from being wrong."""

    def turned(op: ir.OpView) -> str | None:
        reason = check(op)
        return None if reason is None else Miscomputed(reason)

    return turned


def elements(types: str, *positions: int) -> Check:
    """Results and the operands at `positions` (all of them if empty) have one of the element types."""
    taken = types.split()

    def check(op: ir.OpView) -> str | None:
        operands = [op.operands[i] for i in positions] if positions else list(op.operands)
        for fact in facts([*operands, *op.results]):
            if fact.element not in taken:
                return f"element type {fact.element}, only {', '.join(taken)}"
        return None

    return check


def rank_at_most(limit: int) -> Check:
    """No operand and no result has more dimensions."""

    def check(op: ir.OpView) -> str | None:
        highest = max((fact.rank for fact in facts([*op.operands, *op.results])), default=0)
        return f"rank {highest}, at most {limit}" if highest > limit else None

    return check


def static(position: int, what: str) -> Check:
    """The operand at `position` is known before the model runs, or is not there."""

    def check(op: ir.OpView) -> str | None:
        if position >= len(op.operands) or is_static_operand(op.operands[position]):
            return None
        return f"{what} is computed at run time"

    return check


def runtime(position: int) -> Check:
    """The operand at `position` is computed as the model runs."""

    def check(op: ir.OpView) -> str | None:
        known = is_static_operand(op.operands[position])
        return "what it works on is known before the model runs" if known else None

    return check


def operands_at_most(limit: int) -> Check:
    """The op reads no more values."""
    return lambda op: (
        f"{len(op.operands)} inputs, at most {limit}" if len(op.operands) > limit else None
    )


def results_between(low: int, high: int) -> Check:
    """The op yields so many values."""

    def check(op: ir.OpView) -> str | None:
        count = len(op.results)
        return None if low <= count <= high else f"{count} outputs, only {low} to {high}"

    return check


def attribute_in(name: str, values: Sequence[object]) -> Check:
    """An attribute has one of the values."""

    def check(op: ir.OpView) -> str | None:
        value = tfl.attribute(op, name)
        return None if value in values else f"{name} is {value}"

    return check


def whole_steps(*, lowest: int, highest: int | None = None) -> Check:
    """Strided slices that only cut, in steps between the two."""

    def check(op: ir.OpView) -> str | None:
        for mask in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"):
            if tfl.attribute(op, mask):
                return f"{mask} is set"
        steps = tfl.constant_of(op.operands[3])
        if steps is None or bool((steps < lowest).any()):
            return "strides that are not positive"
        return None if highest is None or (steps <= highest).all() else f"strides over {highest}"

    return check


def facts(values: Sequence[ir.Value]) -> list[TensorFact]:
    """What is known about the values; operands that are not there are left out."""
    return [fact for value in values if (fact := tfl.tensor_fact(value)) is not None]


def is_static_operand(value: ir.Value) -> bool:
    """Whether a value is missing, constant, or a constant that a DEQUANTIZE unpacks."""
    if tfl.is_no_value(value) or tfl.is_constant(value):
        return True
    owner = value.owner
    if isinstance(owner, ir.Block):
        return False
    spec = tfl.spec_of(owner)
    unpacks = spec is not None and spec.name in ("dequantize", "densify")
    return unpacks and tfl.is_constant(owner.operands[0])
