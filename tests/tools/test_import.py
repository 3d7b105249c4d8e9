"""`litewright --import`: what a file registers is known to the command, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from litewright.compiler.driver.extensions import REGISTRY
from litewright.tools.main import main

SWISH = """
from __future__ import annotations

from dataclasses import dataclass

import torch

import litewright
from litewright.compiler.ir import tfl
from litewright.passes.core import Pass, PatternRule


@dataclass(frozen=True)
class Idle(Pass):
    limit: int = 3

    def run(self, unit):
        return False


@litewright.register_pass(stage="tfl", after="fuse-activations")
class FuseSwish(PatternRule):
    def pattern(self, op, x):
        return op.tfl.mul(x, op.tfl.logistic(x))

    def rewrite(self, found):
        return tfl.emit("hard_swish", [found["x"]], found.root.results[0].type)


class Gate(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)


def gate():
    return Gate().eval(), (torch.ones(2, 8),)
"""
TEXT = """
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = "tfl.logistic"(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = "tfl.mul"(%0, %x) {fused_activation_function = "NONE"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
"""


@pytest.fixture(name="swish")
def _swish(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "swish.py"
    path.write_text(SWISH)
    with REGISTRY.isolated():
        yield path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_passes_of_a_file_run_by_name(swish: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.mlir"
    text.write_text(TEXT)
    assert "no pass 'fuse-swish'" in run("opt", text, "-p", "fuse-swish").output
    result = run("--import", swish, "opt", text, "-p", "fuse-swish")
    assert "tfl.hard_swish" in result.output
    assert "fuse-swish" in run("--import", swish, "opt", text, "--list").output


def test_a_file_that_is_imported_and_holds_the_model_runs_once(swish: Path, tmp_path: Path) -> None:
    result = run("--import", swish, "convert", f"{swish}:gate", "-o", tmp_path / "a.tflite")
    assert result.exit_code == 0, result.output
    assert "tfl.hard_swish" in run("opt", tmp_path / "a.tflite").output


def test_refusals(tmp_path: Path) -> None:
    assert "there is no file" in run("--import", "nothing.py", "run", "--help").output
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0")
    for _ in range(2):
        assert "ZeroDivisionError" in run("--import", broken, "opt", "x.mlir").output
