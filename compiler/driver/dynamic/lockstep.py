"""Functions of different sizes side by side, op by op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...inspect.survey import builtin_name
from ...ir import tfl
from ...ir.mlir import func, ir, op_name
from ...ir.origin import origin_of
from ...ir.program import body_of, input_name, weight_symbol
from ...ir.types import element_of, rank_of

_CONSTANTS = frozenset({"tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two functions part.

    Attributes:
        what: the op in the first of them.
        where: its origin.
        why: what it is in the other.
    """

    what: str
    where: str
    why: str


def calls(function: func.FuncOp) -> list[ir.OpView]:
    """The ops of a function that compute, and the return."""
    return [op for op in body_of(function).operations if op_name(op) not in _CONSTANTS]


def difference(first: func.FuncOp, other: func.FuncOp) -> Difference | None:
    """Where two functions differ in more than sizes and constants; None if they do not."""
    twins: dict[ir.Value, ir.Value] = dict(zip(_inputs(other), _inputs(first), strict=True))
    ours, theirs = calls(first), calls(other)
    for one, two in zip(ours, theirs, strict=False):
        why = _compare(one, two, twins)
        if why is not None:
            return Difference(builtin_name(one), str(origin_of(one.location)), why)
        twins.update(zip(two.results, one.results, strict=True))
    if len(ours) != len(theirs):
        last = ours[min(len(ours), len(theirs)) - 1]
        why = f"there are {len(ours)} ops at one size, {len(theirs)} at another"
        return Difference(builtin_name(last), str(origin_of(last.location)), why)
    return None


def _inputs(function: func.FuncOp) -> list[ir.Value]:
    return [each for each in function.arguments if input_name(each) is not None]


def _compare(one: ir.OpView, two: ir.OpView, twins: dict[ir.Value, ir.Value]) -> str | None:
    """What differs between two ops; None if nothing does."""
    if op_name(one) != op_name(two):
        return f"it is {builtin_name(two)} at another size"
    if len(one.operands) != len(two.operands) or len(one.results) != len(two.results):
        return "it has another number of operands or results at another size"
    for named in {**_attributes(one), **_attributes(two)}:
        if _attributes(one).get(named) != _attributes(two).get(named):
            return f"its {named} is another at another size"
    if list(one.regions):
        return "what it calls has fixed sizes only"
    found = (
        _compare_operands(a, b, twins) for a, b in zip(one.operands, two.operands, strict=True)
    )
    types = (_compare_types(a, b) for a, b in zip(one.results, two.results, strict=True))
    return next((why for why in (*found, *types) if why is not None), None)


def _attributes(op: ir.OpView) -> dict[str, ir.Attribute]:
    return {name: op.attributes[name] for name in op.attributes}


def _compare_operands(one: ir.Value, two: ir.Value, twins: dict[ir.Value, ir.Value]) -> str | None:
    kinds = _kind(one), _kind(two)
    if kinds[0] != kinds[1]:
        return f"it reads {kinds[0]} at one size, {kinds[1]} at another"
    if kinds[0] == "a computed value" and twins.get(two) != one:
        return "it reads another value at another size"
    return None if kinds[0] == "nothing" else _compare_types(one, two)


def _compare_types(one: ir.Value, two: ir.Value) -> str | None:
    if element_of(one) != element_of(two):
        return "an element type is another at another size"
    return "a value has more dimensions at another size" if rank_of(one) != rank_of(two) else None


def _kind(value: ir.Value) -> str:
    if tfl.is_no_value(value):
        return "nothing"
    if weight_symbol(value) is not None:
        return "a weight"
    return "a constant" if tfl.is_constant(value) else "a computed value"


def together(functions: Sequence[func.FuncOp]) -> Iterator[tuple[ir.OpView, ...]]:
    """The ops of functions that do not differ: each with its like in the others."""
    return zip(*(calls(function) for function in functions), strict=True)
