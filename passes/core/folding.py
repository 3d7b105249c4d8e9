"""Passes that look at the whole program, fold what can be folded, and look again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program

from .base import Pass
from .dead_code import remove_dead
from .rules import Decline

Found = TypeVar("Found")


@dataclass(frozen=True)
class FoldingPass(Pass[Program], Generic[Found]):
    """A pass whose folds must agree with one another, so that all are found before any is made.

    Weights are what they agree on: all signatures read one form of each.
    """

    @abstractmethod
    def outcomes(self, program: Program) -> Sequence[tuple[ir.OpView, Found | Decline]]:
        """What there is to fold, and why not, for every op that might be."""

    @abstractmethod
    def fold(self, program: Program, op: ir.OpView, found: Found) -> None:
        """Makes one of the folds. What it leaves dead is removed afterwards."""

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`; every outcome is told."""
        changed = False
        # No handle to an op may outlive what is erased: each sweep's are gone when it returns.
        while self._sweep(unit, observers):
            remove_dead(unit)
            changed = True
        return changed

    def _sweep(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        outcomes = self.outcomes(unit)
        for op, each in outcomes:
            for observer in observers:
                if isinstance(each, Decline):
                    observer.declined(self.name, op, each)
                else:
                    observer.applied(self.name, op)
        found = [(op, each) for op, each in outcomes if not isinstance(each, Decline)]
        for op, each in found:
            self.fold(unit, op, each)
        return bool(found)
