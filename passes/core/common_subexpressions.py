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


def _key(op: ir.OpView) -> Hashable:
    """What two ops must share to be one: all but results, locations and the order of what commutes."""
    attributes = tuple((name, op.attributes[name]) for name in op.attributes)
    operands = tuple(op.operands)
    read = frozenset(Counter(operands).items()) if is_commutative(op) else operands
    return (op_name(op), read, attributes, tuple(r.type for r in op.results))


def _eliminate(function: func.FuncOp) -> bool:
    seen: dict[Hashable, ir.OpView] = {}
    changed = False
    for op in list(body_of(function).operations):
        if not is_pure(op) or len(op.regions) > 0:
            continue
        earlier = seen.setdefault(_key(op), op)
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
