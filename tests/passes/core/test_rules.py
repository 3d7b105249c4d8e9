"""The driver of rules: what it applies, what it refuses, and that it ends."""

import pytest

from litewright.compiler.diagnostics import PassError
from litewright.compiler.ir import hlo, mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.passes.core import (
    Observer,
    Outcome,
    Pass,
    Pipeline,
    Repeat,
    RuleContext,
    Statistics,
    apply_rules,
    decline,
    rule,
)
from tests.support.programs import function, ops_of, program_of

X = "tensor<4xf32>"
BODY = f"""%0 = stablehlo.negate %a0 : {X}
%1 = stablehlo.negate %0 : {X}
%2 = stablehlo.negate %1 : {X}
return %2 : {X}"""
TEXT = f"module {{\n{function([X], [X], BODY)}\n}}"


@rule("stablehlo.negate")
def double_negation(op: ir.OpView, context: RuleContext) -> Outcome:
    inner = hlo.producer(op.operands[0])
    if inner is None or mlir.op_name(inner) != "stablehlo.negate":
        return decline("the operand is no negation", op.operands[0].type)
    return inner.operands[0]


@rule("stablehlo.negate")
def endless(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.unary("negate", op.operands[0])


@rule("stablehlo.negate")
def misfit(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.reshape(op.operands[0], [2, 2])


def test_applies_until_nothing_applies_and_counts() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        counts = Statistics()
        assert apply_rules(program, [double_negation], [counts])
        assert dict(ops_of(program)) == {"negate": 1}
        assert counts.rewrites == {"double-negation": 1}
        assert not apply_rules(program, [double_negation])


def test_rules_that_never_settle_are_an_error() -> None:
    with mlir.use(mlir.make_context()), pytest.raises(PassError, match="endless"):
        apply_rules(program_of(TEXT), [endless])


def test_replacement_of_another_type_is_an_error() -> None:
    with mlir.use(mlir.make_context()), pytest.raises(PassError, match="misfit replaced"):
        apply_rules(program_of(TEXT), [misfit])


def test_decline_is_false_and_tells_why() -> None:
    reason = decline("too large", 7)
    assert not reason
    assert str(reason) == "too large: 7"


class Raises(Pass[Program]):
    def run(self, unit: Program) -> bool:
        raise ValueError("broken")


class Nothing(Pass[Program]):
    def run(self, unit: Program) -> bool:
        return False


class Always(Pass[Program]):
    def run(self, unit: Program) -> bool:
        return True


def test_error_names_the_pass_and_what_ran_before() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        with pytest.raises(ValueError, match="broken") as caught:
            Pipeline((Nothing(), Raises())).run(program)
    assert caught.value.__notes__ == ["in pass raises; before it ran: nothing (no change)"]


def test_repeat_ends_or_says_so() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        assert not Repeat((Nothing(),)).run(program)
        with pytest.raises(PassError, match="always"):
            Repeat((Always(),), limit=3).run(program)


def test_observers_are_told_of_every_pass() -> None:
    seen: list[tuple[str, bool]] = []

    class Watch(Observer[Program]):
        def after(self, pass_name: str, unit: Program, *, changed: bool) -> None:
            seen.append((pass_name, changed))

    with mlir.use(mlir.make_context()):
        assert Pipeline((Nothing(), Always())).run(program_of(TEXT), [Watch()])
    assert seen == [("nothing", False), ("always", True)]
