"""Ops that compute what an earlier op computed already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.program import Program, body_of

from .base import Pass
from .dead_code import is_pure
from .matching import is_commutative


def _brief(op: ir.OpView) -> Hashable:
    """Kind and operands, the order of what commutes left out: few ops share even that."""
    operands = tuple(op.operands)
    read = frozenset(Counter(operands).items()) if is_commutative(op) else operands
    return (op_name(op), read)


def _rest(op: ir.OpView) -> Hashable:
    """What else two ops must share to be one: all but results and locations. Costly to ask for."""
    attributes = tuple((name, op.attributes[name]) for name in op.attributes)
    return (attributes, tuple(r.type for r in op.results))


class _Seen:
    """The first of each kind of op."""

    def __init__(self) -> None:
        self._first: dict[Hashable, ir.OpView] = {}
        self._alike: dict[Hashable, dict[Hashable, ir.OpView]] = {}

    def earlier(self, op: ir.OpView) -> ir.OpView:
        """The op that computes the same, if there is one; else this one, which is the first from now on."""
        brief = _brief(op)
        first = self._first.setdefault(brief, op)
        if first is op:
            return op
        if brief not in self._alike:
            self._alike[brief] = {_rest(first): first}
        return self._alike[brief].setdefault(_rest(op), op)


def _eliminate(function: func.FuncOp) -> bool:
    seen = _Seen()
    changed = False
    for op in list(body_of(function).operations):
        if not is_pure(op) or len(op.regions) > 0:
            continue
        earlier = seen.earlier(op)
        if earlier is op:
            continue
        for old, new in zip(op.results, earlier.results, strict=True):
            old.replace_all_uses_with(new)
        op.erase()
        changed = True
    return changed


@dataclass(frozen=True)
class EliminateCommonSubexpressions(Pass[Program]):
    """Computes equal pure ops once, composites among them. Linear in the number of ops.

    Before::

        %1 = stablehlo.multiply %pos, %unit
        %2 = stablehlo.multiply %unit, %pos
        %3 = stablehlo.add %1, %2

    After::

        %1 = stablehlo.multiply %pos, %unit
        %3 = stablehlo.add %1, %1
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return sum(_eliminate(function) for function in unit.functions()) > 0
