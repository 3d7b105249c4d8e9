"""How long passes take, and how often rules apply: an observer."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.observer import Observer


@dataclass(slots=True)
class PassRecord:
    """One run of one pass or lowering.

    Attributes:
        name: the pass; `lower to STAGE` for a lowering.
        seconds: wall time; give this observer last, and the others' work is not counted.
        changed: what the pass said.
        applied: applications by rule.
        declined: how often each rule was tried in vain.
    """

    name: str
    seconds: float = 0.0
    changed: bool = False
    applied: Counter[str] = field(default_factory=Counter[str])
    declined: Counter[str] = field(default_factory=Counter[str])


class Statistics(Observer[object]):
    """Keeps a record of every run of every pass.

    Attributes:
        records: in the order in which the passes ran.
    """

    def __init__(self) -> None:
        self.records: list[PassRecord] = []
        self._start = 0.0

    @property
    def rewrites(self) -> Counter[str]:
        """Applications by rule, over all passes."""
        return sum((record.applied for record in self.records), Counter[str]())

    def seconds(self) -> dict[str, float]:
        """Wall time by pass, over all its runs, in the order of the first."""
        total: dict[str, float] = {}
        for record in self.records:
            total[record.name] = total.get(record.name, 0.0) + record.seconds
        return total

    def lowering(self, name: str) -> None:
        """Starts the clock."""
        self.records.append(PassRecord(f"lower to {name}", changed=True))
        self._start = time.perf_counter()

    def lowered(self, name: str, unit: object) -> None:
        """Stops it. Captured signatures come without an announcement."""
        if self.records and self.records[-1].name == f"lower to {name}":
            self.records[-1].seconds = time.perf_counter() - self._start

    def before(self, pass_name: str, unit: object) -> None:
        """Starts the clock."""
        self.records.append(PassRecord(pass_name))
        self._start = time.perf_counter()

    def after(self, pass_name: str, unit: object, *, changed: bool) -> None:
        """Stops it."""
        self.records[-1].seconds = time.perf_counter() - self._start
        self.records[-1].changed = changed

    def applied(self, rule: str, op: ir.OpView) -> None:
        """Counts."""
        self._record().applied[rule] += 1

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        """Counts."""
        self._record().declined[rule] += 1

    def _record(self) -> PassRecord:
        # Rules may be applied outside of any pass.
        if not self.records:
            self.records.append(PassRecord(""))
        return self.records[-1]
