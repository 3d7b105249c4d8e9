"""What observers see of pipelines, and what misses and statistics make of it."""

import time

import pytest

from litewright.compiler.ir import hlo, mlir
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program
from litewright.passes.core import (
    Decline,
    Misses,
    Observer,
    Outcome,
    Pass,
    Pipeline,
    Repeat,
    RuleContext,
    RuleSet,
    Statistics,
    decline,
    rule,
    run_pass,
)
from tests.support.programs import program_of

TEXT = """
module {
  func.func @main(%x: tensor<4xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
    %0 = stablehlo.negate %x : tensor<4xf32> loc("first"("model.py":3:0))
    %1 = stablehlo.abs %0 : tensor<4xf32> loc("second"("model.py":4:0))
    %2 = stablehlo.negate %1 : tensor<4xf32> loc("third"("model.py":5:0))
    return %2 : tensor<4xf32>
  }
}
"""


@rule("stablehlo.negate")
def of_absolute(op: ir.OpView, context: RuleContext) -> Outcome:
    """-|x| -> |x|, wrong and easily seen."""
    inner = hlo.producer(op.operands[0])
    if inner is None or op_name(inner) != "stablehlo.abs":
        return decline("the operand is no absolute value", op.operands[0].type)
    return op.operands[0]


@rule("stablehlo.negate")
def never(op: ir.OpView, context: RuleContext) -> Outcome:
    return decline("on principle")


class Idle(Pass[Program]):
    def run(self, unit: Program) -> bool:
        time.sleep(0.01)
        return False


class Failing(Pass[Program]):
    def run(self, unit: Program) -> bool:
        raise ValueError("on purpose")


class Events(Observer[Program]):
    """Writes down everything."""

    def __init__(self, name: str, events: list[str]) -> None:
        self._name = name
        self._events = events

    def _note(self, *words: object) -> None:
        self._events.append(" ".join(map(str, (self._name, *words))))

    def before(self, pass_name: str, unit: Program) -> None:
        self._note("before", pass_name)

    def after(self, pass_name: str, unit: Program, *, changed: bool) -> None:
        self._note("after", pass_name, changed)

    def failed(self, pass_name: str, unit: Program, error: Exception) -> None:
        self._note("failed", pass_name, error)

    def applied(self, rule: str, op: ir.OpView) -> None:
        self._note("applied", rule, op_name(op))

    def declined(self, rule: str, op: ir.OpView, why: object) -> None:
        self._note("declined", rule, op_name(op), why)


RULES = RuleSet("negations", (never, of_absolute))


def events_of(*passes: Pass[Program]) -> list[str]:
    events: list[str] = []
    with mlir.use(mlir.make_context()):
        Pipeline(passes).run(program_of(TEXT), (Events("a", events), Events("b", events)))
    return events


def test_the_last_observer_stands_closest_to_the_pass() -> None:
    assert events_of(Idle()) == [
        "a before idle",
        "b before idle",
        "b after idle False",
        "a after idle False",
    ]


def test_rules_are_told_between_before_and_after() -> None:
    principle = "declined never stablehlo.negate on principle"
    absolute = (
        "declined of-absolute stablehlo.negate the operand is no absolute value: tensor<4xf32>"
    )
    ours = [each.removeprefix("a ") for each in events_of(RULES) if each.startswith("a ")]
    assert ours == [
        "before negations",
        principle, absolute, principle,
        "applied of-absolute stablehlo.negate",
        principle, absolute,
        "after negations True",
    ]  # fmt: skip


def test_the_parts_of_a_repetition_are_told_not_itself() -> None:
    told = [each for each in events_of(Repeat((RULES, Idle()))) if each.startswith("a ")]
    passes = [each for each in told if "before" in each or "after" in each]
    assert passes == [
        "a before negations", "a after negations True", "a before idle", "a after idle False",
        "a before negations", "a after negations False", "a before idle", "a after idle False",
    ]  # fmt: skip


def test_everyone_is_told_of_a_failure_and_nobody_of_an_end() -> None:
    events: list[str] = []
    with mlir.use(mlir.make_context()), pytest.raises(ValueError, match="on purpose"):
        run_pass(Failing(), program_of(TEXT), (Events("a", events), Events("b", events)))
    assert events == [
        "a before failing", "b before failing", "a failed failing on purpose", "b failed failing on purpose"
    ]  # fmt: skip


def test_an_observer_that_refuses_counts_as_a_failure_of_the_pass() -> None:
    class Refuses(Observer[Program]):
        def after(self, pass_name: str, unit: Program, *, changed: bool) -> None:
            raise ValueError("no")

    events: list[str] = []
    with mlir.use(mlir.make_context()), pytest.raises(ValueError, match="no") as caught:
        Pipeline((Idle(), RULES)).run(program_of(TEXT), (Events("a", events), Refuses()))
    assert events == ["a before idle", "a failed idle no"]
    assert caught.value.__notes__ == ["in pass idle; before it ran: nothing"]


def test_without_observers_a_repetition_does_the_same() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        assert Repeat((RULES,)).run(program)
        assert "negate %1" not in str(program)
        assert not Repeat((RULES,)).run(program)


# ---- misses --------------------------------------------------------------------------------------


def misses_of(name: str, *passes: Pass[Program]) -> Misses:
    misses = Misses(name)
    with mlir.use(mlir.make_context()):
        Pipeline(passes).run(program_of(TEXT), (misses,))
    return misses


def test_misses_of_a_rule_name_op_line_and_reason() -> None:
    found = misses_of("of-absolute", RULES)
    assert found.applied_at == ["third (model.py:5)"]
    (miss,) = found.ranked()
    assert (miss.rule, miss.op, miss.origin) == (
        "of-absolute",
        "stablehlo.negate",
        "first (model.py:3)",
    )
    assert miss.reason == "the operand is no absolute value: tensor<4xf32>"


def test_the_name_of_a_pass_means_all_its_rules() -> None:
    found = misses_of("negations", RULES, RuleSet("others", (never,)))
    assert {miss.rule for miss in found.ranked()} == {"never", "of-absolute"}
    assert not misses_of("other", RULES).ranked()


def test_an_op_that_is_replaced_later_is_no_miss() -> None:
    """The first sweep misses the outer negation, a later pass makes it fit."""

    @rule("stablehlo.abs")
    def gone(op: ir.OpView, context: RuleContext) -> Outcome:
        return op.operands[0]

    @rule("stablehlo.negate")
    def of_negation(op: ir.OpView, context: RuleContext) -> Outcome:
        inner = hlo.producer(op.operands[0])
        if inner is None or op_name(inner) != "stablehlo.negate":
            return decline("no negation")
        return inner.operands[0]

    again = RuleSet("again", (of_negation,))
    found = misses_of("of-negation", again, RuleSet("gone", (gone,)), again)
    assert found.applied_at == ["third (model.py:5)"]
    assert [miss.origin for miss in found.ranked()] == ["first (model.py:3)"]


def test_of_several_misses_at_an_op_the_farthest_is_kept() -> None:
    misses = Misses("rule")
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        first, second, _, _ = next(iter(program.functions())).regions[0].blocks[0].operations
        misses.declined("rule", first, Decline("early", (), 1))
        misses.declined("rule", second, Decline("middle", (), 2))
        misses.declined("rule", first, Decline("late", (7,), 3, "elsewhere"))
        misses.declined("rule", first, Decline("early again", (), 1))
        misses.declined("rule", first, "no decline")
    found = [(miss.reason, miss.progress, miss.at) for miss in misses.ranked()]
    assert found == [("late: 7", 3, "elsewhere"), ("middle", 2, "")]


# ---- statistics ----------------------------------------------------------------------------------


def test_statistics_hold_a_record_of_every_run() -> None:
    statistics = Statistics()
    with mlir.use(mlir.make_context()):
        Pipeline((Idle(), Repeat((RULES,)))).run(program_of(TEXT), (statistics,))
    assert [(each.name, each.changed) for each in statistics.records] == [
        ("idle", False), ("negations", True), ("negations", False)
    ]  # fmt: skip
    _, first, second = statistics.records
    assert dict(first.applied) == {"of-absolute": 1}
    assert dict(first.declined) == {"never": 3, "of-absolute": 2}
    assert not second.applied
    assert dict(statistics.rewrites) == {"of-absolute": 1}


def test_statistics_time_the_passes_alone() -> None:
    """The other observer is slow; it is given first, so its time is nobody's."""

    class Slow(Observer[Program]):
        def before(self, pass_name: str, unit: Program) -> None:
            time.sleep(0.2)

        def after(self, pass_name: str, unit: Program, *, changed: bool) -> None:
            time.sleep(0.2)

    statistics = Statistics()
    with mlir.use(mlir.make_context()):
        Pipeline((Idle(), Idle())).run(program_of(TEXT), (Slow(), statistics))
    seconds = statistics.seconds()
    assert list(seconds) == ["idle"]
    assert 0.02 <= seconds["idle"] < 0.4


def test_lowerings_are_timed_and_their_rules_counted() -> None:
    statistics = Statistics()
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        op = next(iter(next(iter(program.functions())).regions[0].blocks[0].operations))
        statistics.applied("early", op)
        statistics.lowering("tfl")
        statistics.applied("some", op)
        time.sleep(0.01)
        statistics.lowered("tfl", program)
        statistics.lowered("fx_main", program)
    assert [each.name for each in statistics.records] == ["", "lower to tfl"]
    assert statistics.seconds()["lower to tfl"] >= 0.01
    assert statistics.rewrites == {"early": 1, "some": 1}
