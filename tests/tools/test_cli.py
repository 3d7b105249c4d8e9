"""The command line, end to end on small models; exit codes and messages for what goes wrong."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from litewright.tools.main import main
from tests.support.tolerances import assert_close

FACTORY = """
import torch
from torch import nn


class Both(nn.Module):
    def forward(self, a, b):
        return a @ b, (a * 2).sum(-1)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 300), nn.ReLU(), nn.Linear(300, 64)).eval()


def simple():
    return net(), (torch.ones(2, 8),)


def with_kwargs():
    return Both().eval(), (), {"a": torch.ones(2, 3), "b": torch.ones(3, 4)}


def several():
    module = net()
    return {"one": (module, (torch.ones(1, 8),)), "four": (module, (torch.ones(4, 8),))}


def growing():
    rows = torch.export.Dim("rows", max=64)
    return net(), (torch.ones(2, 8),), {}, ({0: rows},)


def nothing():
    return None


def fails():
    raise RuntimeError("on purpose")


constant = 3
"""


@pytest.fixture(name="factory")
def _factory(tmp_path: Path) -> str:
    path = tmp_path / "factories.py"
    path.write_text(FACTORY)
    return str(path)


@pytest.fixture(name="model")
def _model(factory: str, tmp_path: Path) -> Path:
    path = tmp_path / "model.tflite"
    result = litewright("convert", f"{factory}:with_kwargs", "-o", path)
    assert result.exit_code == 0, result.output
    return path


def litewright(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_help_names_the_commands_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from litewright.tools.main import main\n"
        "print(CliRunner().invoke(main, ['--help']).output)\n"
        "print({'torch', 'jax', 'jaxlib', 'numpy', 'rich'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert all(name in done.stdout for name in ("convert", "inspect", "run"))
    assert done.stdout.rstrip().endswith("set()")


def test_version() -> None:
    result = litewright("--version")
    assert result.exit_code == 0
    assert result.output.startswith("litewright, version")


def test_convert_and_run_equal_torch(model: Path, tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    a, b = (generator.normal(size=size).astype(np.float32) for size in ((2, 3), (3, 4)))
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    saved = tmp_path / "out.npz"
    for extra in ((), ("--no-delegate", "--threads", "2")):
        given = ("--input", f"a={tmp_path / 'a.npy'}", "--input", f"b={tmp_path / 'b.npy'}")
        result = litewright("run", model, *given, "-o", saved, *extra)
        assert result.exit_code == 0, result.output
        with np.load(saved) as outputs:
            first, second = (outputs[name] for name in outputs)
        assert_close(first, (torch.from_numpy(a) @ torch.from_numpy(b)).numpy(), "float32 op")
        assert_close(second, (a * 2).sum(-1), "float32 op")


def test_convert_reports_as_json(factory: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    result = litewright("convert", f"{factory}:several", "-o", path, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["bytes"] == path.stat().st_size
    assert [each["name"] for each in report["signatures"]] == ["one", "four"]
    assert report["seconds"]["capture"] > 0
    # Both signatures share the one weight that is no constant.
    assert report["sizes"]["count"] == 1
    assert report["sizes"]["weights"] == 4 * 300 * 64


def test_inspect_tells_what_convert_told(factory: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    converted = json.loads(litewright("convert", f"{factory}:simple", "-o", path, "--json").stdout)
    inspected = json.loads(litewright("inspect", path, "--json").stdout)
    (before,), (after,) = converted["signatures"], inspected["signatures"]
    for key in ("name", "inputs", "outputs", "histogram", "ops", "delegated"):
        assert before[key] == after[key]
    assert after["histogram"] == {"FULLY_CONNECTED": 2}
    text = litewright("inspect", path).output
    assert "FULLY_CONNECTED" in text
    assert "2 of 2 ops delegated on cpu" in text


def test_dump_ir_writes_numbered_files(factory: str, tmp_path: Path) -> None:
    folder = tmp_path / "ir"
    arguments = ("-o", tmp_path / "model.tflite", "--dump-ir", folder)
    assert litewright("convert", f"{factory}:simple", *arguments).exit_code == 0
    names = sorted(each.name for each in folder.iterdir())
    assert [name[:3] for name in names] == [f"{number:02}_" for number in range(len(names))]
    assert names[0].endswith(".txt")
    assert names[-1].endswith(".mlir")
    texts = [(folder / name).read_text() for name in names]
    assert any("stablehlo.dot_general" in text for text in texts)
    assert any("tfl.fully_connected" in text for text in texts)
    assert any(text.endswith("changed nothing\n") and text.count("\n") == 1 for text in texts)


def test_random_inputs_follow_the_seed(model: Path) -> None:
    first, again, other = (
        litewright("run", model, "--json", "--seed", seed).stdout for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_zeros_give_zeros(model: Path) -> None:
    result = litewright("run", model, "--json", "--input", "a=zeros")
    outputs = json.loads(result.stdout)["outputs"].values()
    assert all(each["min"] == each["max"] == 0 for each in outputs)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("simple", "not of the form"),
        ("{}:absent", "no function 'absent'"),
        ("{}:constant", "no function 'constant'"),
        ("{}:nothing", "returned NoneType"),
        ("{}:fails", "RuntimeError: on purpose"),
        ("nowhere.py:f", "there is no file nowhere.py"),
        ("no_such_module:f", "cannot import no_such_module"),
    ],
)
def test_a_bad_factory_is_one_message(
    reference: str, message: str, factory: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    result = litewright("convert", reference.format(factory), "-o", path)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input", "c=zeros"), "no input 'c'"),
        (("--input", "a=absent.npy"), "cannot read absent.npy"),
        (("--input", f"a={__file__}"), "is no .npy file"),
        (("--signature", "other"), "no signature 'other'"),
        (("-o", "/no/such/folder/out.npz"), "cannot write"),
    ],
)
def test_a_bad_run_is_one_message(arguments: tuple[str, ...], message: str, model: Path) -> None:
    result = litewright("run", model, *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


def test_bad_files_and_targets(factory: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model at all")
    for command in ("inspect", "run"):
        assert litewright(command, broken).exit_code == 1
        assert litewright(command, tmp_path / "absent.tflite").exit_code == 1
    output = tmp_path / "absent" / "model.tflite"
    assert litewright("convert", f"{factory}:simple", "-o", output).exit_code == 1
    result = litewright("convert", f"{factory}:simple", "-o", broken, "--target", "abacus")
    assert result.exit_code == 1
    assert "no target 'abacus'" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [("transmogrify",), ("convert",), ("run", "x", "--threads", "0"), ("run", "x", "--input", "a")],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    assert litewright(*arguments).exit_code == 2


def test_traceback_lets_the_error_through(tmp_path: Path) -> None:
    result = litewright("--traceback", "inspect", tmp_path / "absent.tflite")
    assert result.exit_code == 1
    assert type(result.exception).__name__ == "UserError"


def test_sizes_that_callers_choose(factory: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    assert litewright("convert", f"{factory}:growing", "-o", path).exit_code == 0
    assert "f32[?, 8]" in litewright("inspect", path).stdout
    rows = tmp_path / "rows.npy"
    np.save(rows, np.ones((5, 8), np.float32))
    told = litewright("run", path, "--input", f"input={rows}").stdout
    assert "float32[5, 64]" in told
    for command, *options in (("report", "-o", tmp_path / "page.html"), ("bisect",)):
        refused = litewright(command, f"{factory}:growing", *options)
        assert refused.exit_code != 0
        assert "has dynamic sizes" in refused.output
