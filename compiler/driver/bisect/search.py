"""The search inside of a step that makes results wrong: for the first op, and a small program around it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from litewright.compiler.diagnostics import LitewrightError
from litewright.compiler.inspect.differences import Difference
from litewright.compiler.inspect.dump import print_program
from litewright.compiler.inspect.exposing import Place
from litewright.compiler.inspect.running import run_graph
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program, input_name, inputs_of
from litewright.passes.core import Decline, RewritePass, Rule, RuleSet, decline

from ..options import Options
from ..running import interior_values
from .by_origin import first_by_origin
from .case import Case, Inputs, difference_after
from .cuts import Cuts, Unit, cuts_of, op_facts
from .findings import Applied, Region
from .steps import Step, apply_pass

# How far behind a wrong op the search for a small program goes, in ops.
_DEPTHS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64)

# Ops that a pattern may have.
_FEW = 4


@dataclass(slots=True)
class Search:
    """The search inside of one step."""

    step: Step
    inputs: Inputs
    tolerance: float
    options: Options
    _interior: dict[str, Array] = field(default_factory=dict[str, Array])

    def run(self) -> tuple[Region, Case | None] | None:
        """The smallest program found that the step makes wrong; None if nothing is known of where it is."""
        if self.step.apply is None or self.step.before is None:
            return None
        cuts = cuts_of(self.step.before, self.step.signature)
        if not self._is_wrong(cuts, len(cuts)):
            return self._of_whole(self.step.before)
        count = _smallest(lambda n: self._is_wrong(cuts, n), len(cuts))
        ends = cuts.live_after(count)
        failure = self._probe(cuts.part(ends))
        assert failure is not None, "it was wrong a moment ago"
        # The op that completes what goes wrong is the last one; what it makes wrong may be another's.
        end = failure.name if failure.name in ends else ends[-1]
        return self._shrink(cuts, end, count, ends)

    def _is_wrong(self, cuts: Cuts, count: int) -> bool:
        ends = cuts.live_after(count)
        return bool(ends) and self._probe(cuts.part(ends)) is not None

    def _of_whole(self, before: Unit) -> tuple[Region, None] | None:
        """No part of the program is wrong: the first value that differs in all of it."""
        found = first_by_origin(self.step, before, self.step.after, self.inputs, self.tolerance)
        if found is None:
            return None
        return Region(found.op, (found.op,), (), found.difference, "", ""), None

    def _shrink(self, cuts: Cuts, end: str, count: int, ends: Sequence[str]) -> tuple[Region, Case]:
        for depth in _DEPTHS:
            ops, starts = cuts.behind(end, depth)
            part = cuts.part([end], starts)
            given = self._given(part, starts)
            failure = self._probe(part, given)
            if failure is not None:
                return self._found(cuts, part, given, ops, failure)
            if not starts:
                break
        part = cuts.part(ends)
        given = self._given(part, ())
        failure = self._probe(part, given)
        assert failure is not None, "it was wrong a moment ago"
        return self._found(cuts, part, given, list(range(count)), failure)

    def _found(
        self, cuts: Cuts, part: Unit, inputs: Inputs, ops: Sequence[int], failure: Difference
    ) -> tuple[Region, Case]:
        facts = tuple(cuts.facts(n) for n in ops)
        log = _Log()
        after = self._apply(part, log)
        rules, item = log.rules, self.step.item
        if isinstance(item, RewritePass) and len(rules) > 1:
            last = self._last_rule(part, inputs, item, len(rules))
            rules = rules if last is None else [last]
        op = facts[-1]
        if len(facts) > _FEW:
            # A pattern has not so many ops: the step is wrong only on longer programs, anywhere in it.
            suspect = first_by_origin(self.step, part, after, inputs, self.tolerance)
            op = op if suspect is None else suspect.op
        region = Region(
            op, facts, tuple(rules), failure, text_of(part),
            "" if self.step.kind == "delegate" or after is None else text_of(after),
        )  # fmt: skip
        return region, Case(self.step, part, inputs, self.tolerance, self.options)

    def _last_rule(
        self, part: Unit, inputs: Inputs, item: RewritePass, count: int
    ) -> Applied | None:
        """The application of a rule without which the part is still right, with which it is wrong."""

        def is_wrong(budget: int) -> bool:
            return self._probe(part, inputs, budget=budget) is not None

        if not is_wrong(count):
            return None
        log = _Log()
        limited = apply_pass(limit(item, _smallest(is_wrong, count)))
        limited(part, (log,))
        return log.rules[-1]

    def _probe(
        self, part: Unit, inputs: Inputs | None = None, *, budget: int | None = None
    ) -> Difference | None:
        """How a part is wrong after the step; None if it is right, or cannot be judged."""
        given = self._given(part, ()) if inputs is None else inputs
        try:
            expected = self.step.run_before(part, given)
        except LitewrightError:
            return None
        after = self._apply(part, _Log(), budget)
        if after is None:
            return None
        found = difference_after(self.step, after, given, expected, self.tolerance)
        return found if found.error > self.tolerance else None

    def _apply(self, part: Unit, log: _Log, budget: int | None = None) -> Unit | None:
        """The part after the step; None where the step cannot be made on it."""
        assert self.step.apply is not None, "asked before"
        apply = self.step.apply
        if budget is not None and isinstance(self.step.item, RewritePass):
            apply = apply_pass(limit(self.step.item, budget))
        try:
            return apply(part, (log,))
        except Exception:  # noqa: BLE001 (a pass may raise anything on what it was not written for)
            return None

    def _given(self, part: Unit, starts: Sequence[str]) -> dict[str, Array]:
        values = {**self._values(starts), **self.inputs}
        return {name: values[name] for name in _names_of(part, self.step.signature)}

    def _values(self, names: Sequence[str]) -> dict[str, Array]:
        """What the program before the step computes in these places, exactly."""
        before = self.step.before
        missing = [name for name in names if name not in self._interior]
        if missing and isinstance(before, FxProgram):
            _, self._interior = run_graph(before, self.inputs, weights=self.step.weights)
        elif missing and isinstance(before, Program):
            places = {name: Place.parse(name) for name in missing}
            found = interior_values(before, self.step.signature, self.inputs, list(places.values()))
            self._interior |= {name: found[place] for name, place in places.items()}
        return {name: self._interior[name] for name in names}


class _Log(Observer[Any]):
    """Remembers which rules applied where."""

    def __init__(self) -> None:
        self.rules: list[Applied] = []

    def applied(self, rule: str, op: ir.OpView) -> None:
        """Notes it."""
        self.rules.append(Applied(rule, op_facts(op)))


def limit(item: RewritePass, budget: int) -> RuleSet:
    """A pass whose rules apply at most `budget` times, as if all later ones declined.

    What a rule leaves behind is a sound program that means the same, so each of these passes is one too.
    """
    left = itertools.count(budget, -1)
    spent = [budget <= 0]

    def limited(each: Rule) -> Rule:
        def rewrite(op: ir.OpView, context: Any) -> Any:
            if spent[0]:
                return decline("the budget is spent")
            outcome = each.rewrite(op, context)
            if not isinstance(outcome, Decline):
                spent[0] = next(left) <= 1
            return outcome

        return replace(each, rewrite=rewrite)

    return RuleSet(item.name, tuple(limited(each) for each in item.rules()))


def _smallest(is_wrong: Callable[[int], bool], highest: int) -> int:
    """A number at which something is wrong and below which it is not; at `highest` it is wrong."""
    lowest = 0
    while highest - lowest > 1:
        middle = (lowest + highest) // 2
        if is_wrong(middle):
            highest = middle
        else:
            lowest = middle
    return highest


def text_of(unit: Unit) -> str:
    """A part as reports show it."""
    if isinstance(unit, FxProgram):
        return str(unit)
    with mlir.use(unit.context):
        return print_program(unit)


def _names_of(part: Unit, signature: str) -> list[str]:
    if isinstance(part, FxProgram):
        return [each.name for each in part.inputs]
    with mlir.use(part.context):
        return [input_name(argument) or "" for argument in inputs_of(part.signature(signature))]
