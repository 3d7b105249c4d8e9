"""`--calibration`: what may be given, what comes out of it, and what is said where it cannot be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import litewright
from litewright.tools.main import main
from tests.support.tolerances import TOLERANCES, relative_error

FACTORY = """
import torch
from torch import nn


def model():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 300), nn.ReLU(), nn.Linear(300, 64), nn.ReLU(), nn.Linear(64, 4))
    return net.eval(), (torch.ones(2, 8),)


def twice():
    module, (x,) = model()
    return {"one": (module, (x[:1],)), "two": (module, (x,))}


def samples():
    generator = torch.Generator().manual_seed(1)
    return ((torch.randn(2, 8, generator=generator),) for _ in range(6))


def number():
    return 3
"""
RNG = np.random.default_rng(1)
SAMPLES = RNG.normal(size=(6, 2, 8)).astype(np.float32)


@pytest.fixture(name="factory")
def _factory(tmp_path: Path) -> str:
    path = tmp_path / "calibrated_factories.py"
    path.write_text(FACTORY)
    return str(path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def _assert_near(path: Path, factory: str, tmp_path: Path) -> None:
    """Nearly what floats compute, and in integers."""
    floats = tmp_path / "floats.tflite"
    assert run("convert", f"{factory}:model", "-o", floats).exit_code == 0
    actual, expected = (litewright.read(each)(SAMPLES[0]) for each in (path, floats))
    assert relative_error(actual, expected) <= TOLERANCES["static int8 model"]
    assert not np.array_equal(actual, expected)


def test_samples_one_behind_the_other(factory: str, tmp_path: Path) -> None:
    data, path = tmp_path / "data.npz", tmp_path / "model.tflite"
    np.savez(data, input=SAMPLES)
    arguments = ("--quantize", "static_int8", "--calibration", data)
    result = run("convert", f"{factory}:model", "-o", path, *arguments)
    assert result.exit_code == 0, result.output
    _assert_near(path, factory, tmp_path)


def test_a_file_for_each_sample(factory: str, tmp_path: Path) -> None:
    folder, path = tmp_path / "data", tmp_path / "model.tflite"
    folder.mkdir()
    for number, sample in enumerate(SAMPLES):
        np.savez(folder / f"{number}.npz", input=sample)
    arguments = ("--quantize", "static_int8", "--calibration", folder)
    result = run("convert", f"{factory}:model", "-o", path, *arguments)
    assert result.exit_code == 0, result.output
    _assert_near(path, factory, tmp_path)


def test_folders_by_signature(factory: str, tmp_path: Path) -> None:
    folder, path = tmp_path / "data", tmp_path / "model.tflite"
    (folder / "two").mkdir(parents=True)
    np.savez(folder / "two" / "0.npz", input=SAMPLES[0])
    arguments = ("--quantize", "static_int8", "--calibration", folder)
    result = run("convert", f"{factory}:twice", "-o", path, *arguments)
    assert result.exit_code == 0, result.output
    # What was seen in one signature holds for the same ops of the other.
    edge = litewright.read(path)
    two = edge(SAMPLES[0], signature_name="two")
    assert np.abs(edge(SAMPLES[0, :1], signature_name="one") - two[:1]).max() < 0.02


def test_a_function_and_a_file_of_another_day(factory: str, tmp_path: Path) -> None:
    floats, path = tmp_path / "first.tflite", tmp_path / "model.tflite"
    assert run("convert", f"{factory}:model", "-o", floats).exit_code == 0
    arguments = ("--quantize", "static_int8", "--calibration", f"{factory}:samples")
    result = run("opt", floats, "-o", path, *arguments)
    assert result.exit_code == 0, result.output
    _assert_near(path, factory, tmp_path)


def _npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_what_cannot_be_used_is_named(factory: str, tmp_path: Path) -> None:
    def told(source: object, quantize: str = "static_int8") -> str:
        given = ("--calibration", source) if source is not None else ()
        path = tmp_path / "none.tflite"
        result = run("convert", f"{factory}:model", "-o", path, "--quantize", quantize, *given)
        assert result.exit_code == 1
        assert not path.exists()
        return " ".join(result.output.split())

    assert "--calibration FILE.npz" in told(None)
    assert "no calibration data in nowhere" in told("nowhere")
    (tmp_path / "empty").mkdir()
    assert "has no .npz files" in told(tmp_path / "empty")
    unequal = _npz(tmp_path / "unequal.npz", a=SAMPLES, b=SAMPLES[:2])
    assert "unequal numbers of samples: a 6, b 2" in told(unequal)
    wrong = _npz(tmp_path / "wrong.npz", input=SAMPLES[:, :1])
    assert "sample 0 of calibration_data" in told(wrong)
    unknown = _npz(tmp_path / "unknown.npz", y=SAMPLES)
    assert "there is no input 'y'" in told(unknown)
    none = _npz(tmp_path / "none.npz", input=SAMPLES[:0])
    assert "has no samples" in told(none)
    nan = SAMPLES.copy()
    nan[2, 0, 0] = np.nan
    assert "sample 2 of calibration_data" in told(_npz(tmp_path / "nan.npz", input=nan))
    (tmp_path / "text.npz").write_text("hello")
    assert "cannot read" in told(tmp_path / "text.npz")
    assert "returned int, no iterable" in told(f"{factory}:number")


def test_opt_wants_a_recipe_with_it(factory: str, tmp_path: Path) -> None:
    floats = tmp_path / "first.tflite"
    assert run("convert", f"{factory}:model", "-o", floats).exit_code == 0
    result = run("opt", floats, "--calibration", f"{factory}:samples")
    assert result.exit_code == 2
    assert "give --quantize too" in result.output
