"""An observer that keeps what a page shows of a conversion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...ir.mlir import ir
from ...ir.observer import Observer
from ...ir.origin import origin_of
from ...ir.program import Program
from . import changes
from .origins import Origins
from .snapshots import (
    Snapshot,
    is_constant,
    kind_of,
    snapshot_of_function,
    snapshot_of_graph,
    steps_of,
)

if TYPE_CHECKING:
    from ...ir.fx import FxProgram

Stage = str
Watched = Any
"""A `Program` or an `FxProgram`; the latter's module would load torch."""


@dataclass(slots=True)
class Step:
    """One run of one pass or lowering.

    Attributes:
        name: the pass; `lower to STAGE` for a lowering.
        stage: fx, stablehlo or tfl; that which a lowering leads to.
        signature: of a pass on FX; empty for others, which see all signatures at once.
        changed: what the pass said.
        before: ops by name.
        after: ops by name.
        changes: what it changed; None for a lowering, which leaves nothing as it was.
        applied: by rule, how often it applied in which module.
        declined: by rule, how often it was tried in vain.
        dump: number of the dump that holds the result, where dumps are written.
    """

    name: str
    stage: Stage
    signature: str = ""
    changed: bool = True
    before: Counter[str] = field(default_factory=Counter[str])
    after: Counter[str] = field(default_factory=Counter[str])
    changes: changes.Changes | None = None
    applied: dict[str, Counter[int]] = field(default_factory=dict[str, Counter[int]])
    declined: Counter[str] = field(default_factory=Counter[str])
    dump: int = -1

    def payload(self) -> Mapping[str, Any]:
        """Ready for JSON."""
        return {
            "name": self.name,
            "stage": self.stage,
            "signature": self.signature,
            "changed": self.changed,
            "before": dict(sorted(self.before.items())),
            "after": dict(sorted(self.after.items())),
            "changes": self.changes.payload() if self.changes is not None else None,
            "applied": {rule: list(places.items()) for rule, places in self.applied.items()},
            "declined": dict(self.declined.most_common()),
            "dump": self.dump,
        }


class Recorder(Observer[Watched]):
    """Keeps the ops of every stage, and what each pass did.

    Attributes:
        origins: the tables that everything kept refers to.
        steps: passes and lowerings in the order in which they ran.
        graphs: the captured signatures by name, as the passes on FX have left them.
        snapshots: by signature and stage, the ops as the stage began and as its passes left them.
    """

    def __init__(self) -> None:
        self.origins = Origins()
        self.steps: list[Step] = []
        self.graphs: dict[str, FxProgram] = {}
        self.snapshots: dict[str, dict[Stage, list[Snapshot]]] = {}
        self._stage: Stage = "fx"
        self._before: changes.Lines = {}
        self._current: Program | None = None
        self._dumps = 0

    def lowering(self, name: str) -> None:
        """Keeps what the passes of the stage before have made."""
        if name == "stablehlo":
            for signature, graph in self.graphs.items():
                self._keep(signature, "fx", snapshot_of_graph(graph, self.origins))
        elif self._current is not None:
            self._keep_program(self._current)
        self.steps.append(Step(f"lower to {name}", name, before=self._last_counts()))
        self._stage = name

    def lowered(self, name: str, unit: Watched) -> None:
        """Keeps what a lowering has made."""
        number = self._next_dump()
        if not isinstance(unit, Program):
            self.graphs[unit.name] = unit
            self._keep(unit.name, "fx", snapshot_of_graph(unit, self.origins))
            self._before = {}
            self._before = self._lines_of(unit)
            return
        self._current = unit
        self._keep_program(unit)
        self._before = {}
        self._before = self._lines_of(unit)
        self.steps[-1].after = _counts(unit)
        self.steps[-1].dump = number

    def finish(self, program: Program) -> None:
        """Keeps the program that the last pass has left, or that was read. Its context must be current."""
        self._stage = "tfl"
        self._keep_program(program)

    def before(self, pass_name: str, unit: Watched) -> None:
        """Begins a step."""
        signature = "" if isinstance(unit, Program) else unit.name
        self.steps.append(Step(pass_name, self._stage, signature, before=_counts(unit)))

    def after(self, pass_name: str, unit: Watched, *, changed: bool) -> None:
        """Ends it."""
        step = self.steps[-1]
        step.changed, step.dump = changed, self._next_dump()
        if not changed:
            step.after = step.before
            return
        step.after = _counts(unit)
        lines = self._lines_of(unit)
        step.changes = changes.compare(self._before, lines)
        self._before = lines

    def applied(self, rule: str, op: ir.OpView) -> None:
        """Counts."""
        if self.steps:
            module = self.origins.module(origin_of(op.location).path)
            self.steps[-1].applied.setdefault(rule, Counter())[module] += 1

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        """Counts."""
        if self.steps:
            self.steps[-1].declined[rule] += 1

    def _lines_of(self, unit: Watched) -> changes.Lines:
        if not isinstance(unit, Program):
            return {unit.name: self._lines(unit.name, snapshot_of_graph(unit, self.origins))}
        functions = {each.name.value: each for each in unit.functions()}
        return {
            name: self._lines(name, snapshot_of_function(function, self.origins))
            for name, function in functions.items()
        }

    def _lines(self, function: str, snapshot: Snapshot) -> list[changes.Line]:
        return changes.lines_of(snapshot, self.origins, self._before.get(function, ()))

    def _next_dump(self) -> int:
        """Dumps are numbered as this counts: one for each lowering and pass."""
        self._dumps += 1
        return self._dumps - 1

    def _last_counts(self) -> Counter[str]:
        if self._current is not None:
            return _counts(self._current)
        return sum((_counts(graph) for graph in self.graphs.values()), Counter[str]())

    def _keep_program(self, program: Program) -> None:
        for function in program.signatures():
            name = function.name.value
            self._keep(name, self._stage, snapshot_of_function(function, self.origins))

    def _keep(self, signature: str, stage: Stage, snapshot: Snapshot) -> None:
        self.snapshots.setdefault(signature, {}).setdefault(stage, []).append(snapshot)


def _counts(unit: Watched) -> Counter[str]:
    """Ops of all signatures by kind, constants left out."""
    if not isinstance(unit, Program):
        from .graphs import calls_of
        from .graphs import kind_of as kind_of_node

        return Counter(map(kind_of_node, calls_of(unit)))
    ops = (op for function in unit.signatures() for op in steps_of(function))
    return Counter(kind_of(op) for op in ops if not is_constant(op))
