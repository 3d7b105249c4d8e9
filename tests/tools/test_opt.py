"""`litewright opt` on text, dumps and .tflite files; what it prints, saves and refuses."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import litewright
from litewright.compiler.driver.extensions import REGISTRY
from litewright.compiler.ir.mlir import ir
from litewright.passes.core import Outcome, RuleContext, decline, rule
from litewright.tools.main import main
from tests.support.tolerances import assert_close

FACTORY = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 32)
        self.down = nn.Linear(32, 4)

    def forward(self, x):
        return self.down(torch.relu(self.up(x))) + x[:, :4]


def gate():
    torch.manual_seed(0)
    return Gate().eval(), (torch.ones(2, 8),)
"""
NEGATIONS = """
func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = "tfl.add"(%x, %x) {fused_activation_function = "NONE"} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = "tfl.relu"(%0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
"""


@pytest.fixture(name="factory")
def _factory(tmp_path: Path) -> str:
    path = tmp_path / "factories.py"
    path.write_text(FACTORY)
    return f"{path}:gate"


@pytest.fixture(name="text")
def _text(tmp_path: Path) -> Path:
    path = tmp_path / "program.mlir"
    path.write_text(NEGATIONS)
    return path


def litewright_(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_runs_a_pass_on_text_and_prints_the_result(text: Path) -> None:
    result = litewright_("opt", text, "-p", "fuse-activations")
    assert result.exit_code == 0, result.output
    assert 'fused_activation_function = "RELU"' in result.stdout
    assert "tfl.relu" not in result.stdout


def test_without_passes_the_program_stays(text: Path) -> None:
    assert "tfl.relu" in litewright_("opt", text).stdout


def test_prints_changes_and_times(text: Path) -> None:
    result = litewright_("opt", text, "-p", "default", "--print-changed", "--timing")
    assert "+++ after fuse-activations" in result.stderr
    assert "fuse-into-producer" in result.stderr
    result = litewright_("opt", text, "-p", "default", "--print-after", "fuse-biases")
    assert "after fuse-biases (changed nothing)" in result.stderr


def test_saved_text_is_the_same_program(text: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.mlir"
    assert litewright_("opt", text, "-p", "fuse-activations", "-o", saved).exit_code == 0
    again = litewright_("opt", saved)
    assert again.stdout == litewright_("opt", text, "-p", "fuse-activations").stdout


def test_a_dump_of_any_stage_is_run_further(factory: str, tmp_path: Path) -> None:
    folder = tmp_path / "ir"
    arguments = ("-o", tmp_path / "model.tflite", "--dump-ir", folder)
    assert litewright_("convert", factory, *arguments).exit_code == 0
    dumps = [path for path in sorted(folder.iterdir()) if path.suffix == ".mlir"]
    assert len(dumps) > 10
    for path in dumps:
        if "changed nothing" not in path.read_text():
            result = litewright_("opt", path, "-p", "default")
            assert result.exit_code == 0, (path, result.output)


def test_a_tflite_is_optimised_and_computes_the_same(factory: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tflite", tmp_path / "second.tflite"
    assert litewright_("convert", factory, "-o", first).exit_code == 0
    assert litewright_("opt", first, "-p", "default", "-o", second).exit_code == 0
    x = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    assert_close(litewright.read(second)(x), litewright.read(first)(x), "float32 op")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("fuse-activations", "applied 1 times"),
        ("add-is-bias", "the addend is no constant per channel"),
        ("maximum-with-zero", "applied 1 times"),
    ],
)
def test_why_not_tells_where_a_rule_stopped(rule: str, expected: str, factory: str) -> None:
    result = litewright_("opt", factory, "--why-not", rule)
    assert result.exit_code == 0, result.output
    assert expected in result.stdout
    assert "factories.py:" in result.stdout


def test_why_not_of_the_last_pass_before_a_lowering(factory: str) -> None:
    with REGISTRY.isolated():
        litewright.register_pass(stage="stablehlo")(rule("stablehlo.tanh")(_never))
        result = litewright_("opt", factory, "--why-not", "never")
    assert "never applied 0 times" in result.stdout
    assert "dot_general" not in result.stdout


def _never(op: ir.OpView, context: RuleContext) -> Outcome:
    return decline("never")


def test_why_not_on_a_file(factory: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    assert litewright_("convert", factory, "-o", path).exit_code == 0
    result = litewright_("opt", path, "--why-not", "add-is-bias")
    assert "the addend is no constant per channel" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-p", "fuse-activation"), "did you mean fuse-activations or "),
        (("-p", "fuse-activations{limit=3}"), "has no option 'limit=3'"),
        (("-p", "fuse-activations;"), "cannot read the pipeline"),
        (("-o", "program.txt"), "saved as .mlir or .tflite"),
        (("--why-not", "nothing"), "no rule or pass 'nothing'"),
        (("--why-not", "fold-constants"), "no rule or pass"),
        (("--target", "abacus"), "no target 'abacus'"),
    ],
)
def test_refusals(arguments: tuple[str, ...], message: str, text: Path) -> None:
    result = litewright_("opt", text, *arguments)
    assert result.exit_code == 1
    assert message in result.output


@pytest.mark.parametrize("content", ["func.func @main(", "hello", "\xff\xfe"])
def test_text_that_is_no_program(content: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.mlir"
    path.write_text(content, encoding="latin-1")
    result = litewright_("opt", path)
    assert result.exit_code == 1
    assert "broken.mlir" in result.output


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = litewright_("opt", tmp_path / "nothing.mlir")
    assert result.exit_code == 1
    assert "cannot read" in result.output


def test_passes_of_recipes_may_change_what_callers_see(tmp_path: Path) -> None:
    path = tmp_path / "state.mlir"
    path.write_text(
        """
        func.func @main(%s: tensor<2xf32> {litewright.name = "s", litewright.range = [-1.0, 1.0]})
            -> (tensor<2xf32> {litewright.name = "s"}) {
          %0 = "tfl.abs"(%s) {litewright.range = [[0.0, 1.0]]} : (tensor<2xf32>) -> tensor<2xf32>
          return %0 : tensor<2xf32>
        }
        """
    )
    result = litewright_("opt", path, "-p", "quantize-state")
    assert result.exit_code == 0, result.output
    assert "%arg0: tensor<2x!quant.uniform<i8:f32" in result.stdout


def test_lists_passes(text: Path) -> None:
    result = litewright_("opt", text, "--list")
    assert "fuse-activations: Fuses RELU" in result.stdout
