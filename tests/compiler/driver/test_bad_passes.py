"""Bad passes given to `convert`: what the caller is told, with and without a folder of dumps, on every level."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.diagnostics import PassError, UserError, VerifyError
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.passes.core import Match, Operation, Operations, Pass, PatternRule, Repeat, Variable


class Double(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x) * 2


@dataclass(frozen=True)
class DropTypes(Pass[FxProgram]):
    """Leaves nodes without their fake values."""

    def run(self, unit: FxProgram) -> bool:
        for node in unit.graph_module.graph.find_nodes(
            op="call_function", target=torch.ops.aten.tanh.default
        ):
            del node.meta["val"]
        return False


@dataclass(frozen=True)
class SwallowResult(Pass[FxProgram]):
    """Forgets what the model returns."""

    def run(self, unit: FxProgram) -> bool:
        (output,) = unit.graph_module.graph.find_nodes(op="output")
        output.args = ((output.args[0][0], output.args[0][0]),)
        return True


class TanhFails(PatternRule):
    def pattern(self, op: Operations, x: Variable) -> Operation:
        return op.stablehlo.tanh(x)

    def rewrite(self, found: Match) -> ir.Value:
        raise RuntimeError("on purpose")


@dataclass(frozen=True)
class Restless(Pass[Program]):
    """Says that it changes something, for ever."""

    def run(self, unit: Program) -> bool:
        function = unit.signatures()[0]
        count = "acme.count"
        old = function.attributes.get(count)
        number = 0 if old is None else ir.IntegerAttr(old).value
        function.attributes[count] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number + 1)
        return True


def told(item: object, stage: str, folder: Path | None = None) -> tuple[Exception, str]:
    """The error of a conversion with one more pass, and all that it says."""
    x = torch.randn(2, 3)
    placed = litewright.place(item, stage=stage)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception) as caught:  # noqa: PT011
        litewright.convert(Double().eval(), (x,), passes=[placed], dump_ir=folder)
    return caught.value, "\n".join([str(caught.value), *caught.value.__notes__])


def test_a_pass_on_fx_that_breaks_the_graph(tmp_path: Path) -> None:
    error, text = told(DropTypes(), "fx", tmp_path)
    assert isinstance(error, VerifyError)
    assert "node tanh (aten.tanh.default) has no fake value" in text
    assert "in pass drop-types; before it ran: " in text
    (line,) = [each for each in text.splitlines() if each.startswith("the graph before it: ")]
    graph = Path(line.removeprefix("the graph before it: "))
    assert graph.parent == tmp_path
    assert "torch.ops.aten.tanh.default" in graph.read_text()


def test_a_pass_on_fx_that_changes_the_signature() -> None:
    error, text = told(SwallowResult(), "fx")
    assert isinstance(error, (PassError, VerifyError))
    assert "in pass swallow-result; before it ran: " in text
    assert "names for them" in text or "changed what callers see" in text


def test_without_a_folder_the_caller_is_told_how_to_get_a_replay(tmp_path: Path) -> None:
    _, text = told(TanhFails, "stablehlo")
    assert "in rule tanh-fails at stablehlo.tanh, tanh (" in text
    assert f"{Path(__file__).name}:" in text
    assert "convert again with dump_ir=FOLDER (or LITEWRIGHT=dump=FOLDER)" in text
    assert "to replay: " not in text
    _, text = told(TanhFails, "stablehlo", tmp_path)
    assert "convert again" not in text
    assert f"opt {tmp_path / 'replay.mlir'} --pass tanh-fails" in text


@dataclass(frozen=True)
class Refuses(Pass[Program]):
    """Cannot do with what the caller gave."""

    def run(self, unit: Program) -> bool:
        raise UserError("recipe: no weight is meant")


def test_an_error_about_what_the_caller_gave_is_told_briefly() -> None:
    _, text = told(Refuses(), "tfl")
    assert text == "recipe: no weight is meant\nin pass refuses"


def test_passes_that_never_settle_are_replayed_together(tmp_path: Path) -> None:
    error, text = told(Repeat((Restless(),), limit=4), "tfl", tmp_path)
    assert isinstance(error, PassError)
    assert "passes do not settle after 4 rounds; these still change something: restless" in text
    assert f"opt {tmp_path / 'replay.mlir'} --pass restless" in text
    assert "acme.count = 3" in (tmp_path / "replay.mlir").read_text()
