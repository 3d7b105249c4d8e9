"""`litewright bisect`: what it prints, its exit codes, what it refuses."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import litewright
from litewright.compiler.driver.extensions import REGISTRY
from litewright.tools.main import main
from tests.compiler.driver import wrong

FACTORY = """
import torch
from torch import nn


class Gate(nn.Module):
    def forward(self, x):
        return torch.tanh(x) * torch.sigmoid(x)


def gate():
    return Gate().eval(), (torch.ones(3, 8),)
"""


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


@pytest.fixture(name="factory")
def _factory(tmp_path: Path) -> str:
    path = tmp_path / "gates.py"
    path.write_text(FACTORY)
    return f"{path}:gate"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bisect", *map(str, arguments)])


def test_exit_code_0_where_all_agree(factory: str) -> None:
    result = run(factory)
    assert result.exit_code == 0, result.output
    assert "no step leaves the tolerance of 0.0001" in result.stdout


def test_exit_code_1_where_a_step_is_wrong(factory: str, tmp_path: Path) -> None:
    litewright.register_legalisation(wrong.wrong_legalisation)
    script = tmp_path / "reproducer.py"
    result = run(factory, "--reproducer", script)
    assert result.exit_code == 1, result.output
    assert "first wrong: lower to tfl" in result.stdout
    assert "gates.py:8" in result.stdout
    assert script.exists()


def test_json_holds_all_of_it(factory: str) -> None:
    litewright.register_legalisation(wrong.wrong_legalisation)
    result = run(factory, "--json")
    facts = json.loads(result.stdout)
    assert result.exit_code == 1
    assert facts["culprit"]["kind"] == "lowering"
    assert facts["culprit"]["region"]["op"]["source"].endswith("gates.py:8")
    assert facts["errors"][0]["step"] == "capture"


def test_a_file_and_a_tolerance(factory: str, tmp_path: Path) -> None:
    litewright.register_pass(stage="tfl")(wrong.wrong_for_one_shape)
    dumps = tmp_path / "ir"
    converted = CliRunner().invoke(
        main, ["convert", factory, "-o", f"{tmp_path}/m.tflite", "--dump-ir", str(dumps)]
    )
    assert converted.exit_code == 0, converted.output
    assert run(dumps).exit_code == 1
    assert run(dumps, "--tolerance", 10).exit_code == 0
    # What is wrong was written as it is: file and delegate agree.
    assert run(tmp_path / "m.tflite").exit_code == 0


def test_weights_of_fewer_bits_are_judged_by_a_tolerance(tmp_path: Path) -> None:
    path = tmp_path / "projections.py"
    path.write_text(
        FACTORY.replace("return torch.tanh(x)", "return self.up(x)")
        .replace(
            "    def forward",
            "    def __init__(self):\n        super().__init__()\n"
            "        torch.manual_seed(0)\n        self.up = nn.Linear(64, 64)\n\n    def forward",
        )
        .replace("(3, 8)", "(3, 64)")
        .replace("* torch.sigmoid(x)", "* 2")
    )
    result = run(f"{path}:gate", "--quantize", "int4_channel")
    assert result.exit_code == 1, result.output
    assert "first wrong: pass quantize-weights (tfl)" in result.stdout
    result = run(f"{path}:gate", "--quantize", "int4_channel", "--tolerance", 0.3)
    assert result.exit_code == 0, result.output


def test_given_inputs_are_used(factory: str, tmp_path: Path) -> None:
    litewright.register_legalisation(wrong.wrong_legalisation)
    path = tmp_path / "x.npy"
    # Where both functions are 1, nothing is wrong.
    np.save(path, np.full((3, 8), 50, np.float32))
    assert run(factory, "--input", f"x={path}").exit_code == 0
    np.save(path, np.full((3, 8), 0.5, np.float32))
    assert run(factory, "--input", f"x={path}").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input", "x"), "NAME=FILE.npy"),
        (("--input", "x=nothing.npy"), "cannot read nothing.npy"),
        (("--target", "abacus"), "no target 'abacus'"),
    ],
)
def test_exit_code_2_where_there_is_an_error(
    arguments: tuple[str, ...], message: str, factory: str
) -> None:
    result = run(factory, *arguments)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("source", ["nothing.mlir", "nothing.tflite", "nothing.py:factory"])
def test_sources_that_are_not_there(source: str) -> None:
    result = run(source)
    assert result.exit_code == 2
    assert "nothing" in result.output


def test_a_folder_without_dumps(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "holds no dumps" in result.output
