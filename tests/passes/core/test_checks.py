"""Passes that break their contract: the error says which pass, which rule, which op, and what to do."""

from pathlib import Path

import pytest

from litewright.compiler.diagnostics import VerifyError
from litewright.compiler.driver.plan import PassPlan
from litewright.compiler.driver.replay import replay_command
from litewright.compiler.inspect.dump import DumpObserver
from litewright.compiler.ir import hlo, mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of, set_result_names
from litewright.compiler.ir.verify import verify
from litewright.passes.core import (
    CheckHonesty,
    CheckInterface,
    CheckVerified,
    Observer,
    Outcome,
    Pass,
    Pipeline,
    Repeat,
    Rule,
    RuleContext,
    RuleSet,
    rule,
)
from tests.support.programs import program_of

TEXT = """
module {
  func.func @main(%x: tensor<4xf32> {litewright.name = "x"}) -> (tensor<4xf32> {litewright.name = "y"}) {
    %0 = stablehlo.negate %x : tensor<4xf32> loc("block.0.neg"("model.py":7:0))
    %1 = stablehlo.abs %0 : tensor<4xf32> loc("block.1.abs"("model.py":9:0))
    return %1 : tensor<4xf32>
  }
}
"""


@rule("stablehlo.abs")
def breaks(op: ir.OpView, context: RuleContext) -> Outcome:
    """Two inputs of different shapes: MLIR lets tfl be; our table does not."""
    short = hlo.slice(op.operands[0], [0], [3], [1])
    return tfl.emit("add", [op.operands[0], short], op.results[0].type)


@rule("stablehlo.abs")
def raises(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.transpose(op.operands[0], hlo.ints(op, "permutation"))


@rule("stablehlo.abs")
def abs_to_negate(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.unary("negate", op.operands[0])


@rule("stablehlo.negate")
def negate_to_abs(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.unary("abs", op.operands[0])


@rule("stablehlo.negate")
def negate_to_exponential(op: ir.OpView, context: RuleContext) -> Outcome:
    return hlo.unary("exponential", op.operands[0])


class Idle(Pass[Program]):
    def run(self, unit: Program) -> bool:
        return False


class Liar(Pass[Program]):
    """Changes the program and denies it."""

    def run(self, unit: Program) -> bool:
        first, second, _ = body_of(unit.signature("main")).operations
        with ir.InsertionPoint(second), second.location:
            second.operands[0] = hlo.unary("exponential", first.results[0])
        return False


class Boaster(Pass[Program]):
    """Claims a change that there is not."""

    def run(self, unit: Program) -> bool:
        return True


class Renames(Pass[Program]):
    def run(self, unit: Program) -> bool:
        set_result_names(unit.signature("main"), ["z"])
        return True


class Swaps(Pass[Program]):
    """Two signatures trade places: the same lines in another order."""

    def run(self, unit: Program) -> bool:
        first, second = unit.signatures()
        second.operation.move_before(first.operation)
        return True


def watching(*more: Observer[Program]) -> tuple[Observer[Program], ...]:
    return (*more, CheckVerified(verify), CheckInterface(), CheckHonesty())


def failure(item: Pass[Program], text: str = TEXT, *more: Observer[Program]) -> str:
    """The error of a pass behind one that does nothing, with its notes."""
    with mlir.use(mlir.make_context()):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            Pipeline((Idle(), item)).run(program_of(text), watching(*more))
        return "\n".join([f"{caught.type.__name__}: {caught.value}", *caught.value.__notes__])


def test_a_rule_that_breaks_the_program_is_named_with_op_and_line() -> None:
    message = failure(RuleSet("break-it", (negate_to_exponential, breaks)))
    assert message.startswith("VerifyError: tfl.add")
    assert "block.1.abs (model.py:9)" in message
    assert "rule breaks applied at stablehlo.abs, block.1.abs (model.py:9)" in message
    assert "negate-to-exponential applied" not in message
    assert "in pass break-it; before it ran: idle (no change)" in message


def test_rules_of_earlier_passes_are_not_suspected() -> None:
    anywhere = Rule("breaks", ("stablehlo.negate",), breaks.rewrite)
    with mlir.use(mlir.make_context()):
        first, second = RuleSet("first", (abs_to_negate,)), RuleSet("second", (anywhere,))
        with pytest.raises(VerifyError) as caught:
            Pipeline((first, second)).run(program_of(TEXT), (CheckVerified[Program](verify),))
    suspected = caught.value.__notes__[0]
    assert suspected.startswith("rule breaks applied at stablehlo.negate")
    assert "abs-to-negate" not in suspected


def test_a_rule_that_raises_is_named_with_op_and_line() -> None:
    message = failure(RuleSet("raise-it", (raises,)))
    assert message.startswith("KeyError")
    assert "in rule raises at stablehlo.abs, block.1.abs (model.py:9)" in message
    assert "in pass raise-it; before it ran: idle (no change)" in message


def test_rules_that_undo_each_other_are_named_with_op_and_line() -> None:
    message = failure(RuleSet("loop", (abs_to_negate, negate_to_abs)))
    assert message.startswith("PassError: rules do not settle after 64 sweeps")
    for name in ("abs-to-negate", "negate-to-abs"):
        assert f"{name} (1 times, the last at stablehlo." in message
    assert "block.1.abs (model.py:9)" in message
    assert "in pass loop" in message


def test_passes_that_undo_each_other_are_named() -> None:
    back, forth = RuleSet("back", (abs_to_negate,)), RuleSet("forth", (negate_to_abs,))
    message = failure(Repeat((back, forth), limit=3))
    assert "PassError: passes do not settle after 3 rounds" in message
    assert "back, forth" in message
    assert "before it ran: idle (no change), back, forth, back" in message


def test_a_pass_that_denies_a_change_is_shown_it_with_the_line() -> None:
    message = failure(Liar())
    assert message.startswith("PassError: pass liar says that it changed nothing")
    assert "%1 = stablehlo.abs %0 : tensor<4xf32>\nbecame\n" in message
    assert (
        '%1 = stablehlo.exponential %0 : tensor<4xf32> loc("block.1.abs"("model.py":9:0))'
        in message
    )


def test_a_pass_that_claims_a_change_is_an_error() -> None:
    assert "pass boaster says that it changed something, but the text is the same" in failure(
        Boaster()
    )


def test_a_pass_that_changes_a_signature_is_told_what() -> None:
    message = failure(Renames())
    assert "pass renames changed what callers see of the model" in message
    assert "result y float32[4] became result z float32[4]" in message


def test_signatures_keep_their_order() -> None:
    second = TEXT.replace("module {", "").replace("@main", "@other").rstrip().removesuffix("}")
    message = failure(Swaps(), TEXT.rstrip().removesuffix("}") + second + "}")
    assert "changed what callers see of the model: the order became another order" in message


@pytest.mark.parametrize(
    "item",
    [
        RuleSet("break-it", (breaks,)),
        RuleSet("raise-it", (raises,)),
        RuleSet("loop", (abs_to_negate, negate_to_abs)),
        Liar(),
        Renames(),
    ],
    ids=lambda item: item.name,
)
def test_the_program_before_the_error_is_kept_with_the_command(
    item: Pass[Program], tmp_path: Path
) -> None:
    message = failure(item, TEXT, DumpObserver(tmp_path))
    path = tmp_path / "replay.mlir"
    assert f"to replay: litewright opt {path} --pass {item.name}" in message
    with mlir.use(mlir.make_context()):
        assert str(program_of(path.read_text()).module) == str(program_of(TEXT).module)


def test_the_last_program_of_a_loop_is_kept_with_the_command(tmp_path: Path) -> None:
    back, forth = RuleSet("back", (abs_to_negate,)), RuleSet("forth", (negate_to_abs,))
    message = failure(Repeat((back, forth), limit=3), TEXT, DumpObserver(tmp_path))
    path = tmp_path / "replay.mlir"
    assert f"to replay: litewright opt {path} --pass back,forth" in message
    assert path.read_text().count("stablehlo.negate") == 2


def test_the_command_names_options_and_where_rules_are_defined() -> None:
    from litewright.passes.stablehlo.fold_constants import FoldConstants

    plan = PassPlan(stablehlo=(FoldConstants(max_bytes=1024), RuleSet("break-it", (breaks,))))
    here = Path("it's.mlir")
    assert replay_command(plan, "fold-constants", here) == (
        "litewright opt 'it'\"'\"'s.mlir' --pass 'fold-constants{max-bytes=1024}'"
    )
    assert replay_command(plan, "break-it", Path("a.mlir")) == (
        f"litewright --import {__name__} opt a.mlir --pass break-it"
    )
