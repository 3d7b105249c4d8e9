"""`litewright bench`: times of files, by turns, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

import litewright
from litewright.compiler.runtime import Runner
from litewright.tools.main import main


class _Counter(torch.nn.Module):
    """Keeps how often it has been called."""

    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.add_(x)
        return self.calls * 2


@pytest.fixture(name="files", scope="module")
def _files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small model, and one that takes at least ten times as long."""
    folder = tmp_path_factory.mktemp("bench")
    made: list[Path] = []
    for name, width in (("small", 16), ("large", 1024)):
        torch.manual_seed(0)
        net = torch.nn.Sequential(*[torch.nn.Linear(width, width) for _ in range(4)]).eval()
        sample = (torch.ones(8, width),)
        path = folder / f"{name}.tflite"
        litewright.signature("run", net, sample).signature("more", net, sample).convert().export(
            path
        )
        made.append(path)
    return made[0], made[1]


def _bench(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bench", "--seconds", "0.05", *map(str, arguments)])


def test_files_are_timed_by_turns(files: tuple[Path, Path]) -> None:
    result = _bench(*files, "--threads", "1,2", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert [(Path(r["file"]).stem, r["signature"], r["threads"]) for r in rows] == [
        (name, signature, threads)
        for threads in (1, 2)
        for signature in ("run", "more")
        for name in ("small", "large")
    ]
    for small, large in zip(rows[::2], rows[1::2], strict=True):
        assert small["ratio"] == 1
        assert large["ratio"] > 2
        assert 0 < large["fastest"] <= large["median"]
        assert large["runs"] >= 15


def test_one_signature_of_one_file(files: tuple[Path, Path]) -> None:
    result = _bench(files[0], "--signature", "more", "--no-delegate")
    assert result.exit_code == 0, result.output
    assert "more" in result.stdout
    assert " ms" in result.stdout
    assert "run " not in result.stdout
    assert "to the first" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threads", "0"], "not a list of positive numbers"),
        (["--threads", "two"], "not a list of positive numbers"),
        (["--signature", "none"], "no signature 'none'"),
    ],
)
def test_what_cannot_be_timed(arguments: list[str], message: str, files: tuple[Path, Path]) -> None:
    result = _bench(files[0], *arguments)
    assert result.exit_code != 0
    assert message in result.output


def test_a_file_that_is_none(tmp_path: Path) -> None:
    result = _bench(tmp_path / "none.tflite")
    assert result.exit_code == 1
    assert "none.tflite" in result.output


def test_state_is_written_in_place(tmp_path: Path) -> None:
    path = tmp_path / "counter.tflite"
    litewright.convert(_Counter().eval(), (torch.ones(1, 4),)).export(path)
    runner = Runner(path)
    signature = runner.signature()
    inputs = {each.name: np.zeros((1, 4), np.float32) for each in signature.inputs}
    inputs["x"] = np.arange(4, dtype=np.float32)[None]
    call = runner.bind(inputs)
    for _ in range(3):
        call()
    (result,) = (each for each in signature.outputs if each.name not in inputs)
    np.testing.assert_array_equal(call.output(result), 6 * inputs["x"])
