"""`litewright diff`: what it prints, and its exit codes."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

import litewright
from litewright.tools.main import main


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up = nn.Linear(8, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.up(x))


@pytest.fixture(scope="module", name="files")
def _files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("diff")
    paths = folder / "default.tflite", folder / "empty.tflite"
    for path, plan in zip(paths, (litewright.DEFAULT, litewright.EMPTY), strict=True):
        litewright.convert(Net().eval(), (torch.ones(2, 8),), passes=plan).export(path)
    return paths


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, arguments)])


def test_exit_code_0_for_the_same(files: tuple[Path, Path]) -> None:
    result = run(files[0], files[0])
    assert result.exit_code == 0, result.output
    assert "nothing differs" in result.stdout


def test_exit_code_1_for_others(files: tuple[Path, Path]) -> None:
    result = run(*files)
    assert result.exit_code == 1, result.output
    assert "~ FULLY_CONNECTED  up.linear" in result.stdout
    assert "fused_activation_function: RELU -> NONE" in result.stdout
    assert "+ RELU f32[2,16]  relu" in result.stdout


def test_the_most_is_kept(files: tuple[Path, Path]) -> None:
    result = run(*files, "--most", 1)
    assert "more (--json lists all)" in result.stdout


def test_json(files: tuple[Path, Path]) -> None:
    result = run(*files, "--json")
    facts = json.loads(result.stdout)
    assert result.exit_code == 1
    assert facts["same"] is False
    (signature,) = facts["signatures"]
    assert [each["op"] for each in signature["only_b"]].count("RELU") == 1
    assert signature["changed"][0]["what"]


@pytest.mark.parametrize("content", [None, b"TFL3 no model", b"func.func @main("])
def test_exit_code_2_for_errors(
    content: bytes | None, files: tuple[Path, Path], tmp_path: Path
) -> None:
    for suffix in (".tflite", ".mlir"):
        path = tmp_path / f"broken{suffix}"
        if content is not None:
            path.write_bytes(content)
        result = run(files[0], path)
        assert result.exit_code == 2, result.output
        assert "broken" in result.output
