"""TensorFlow's interpreter, a second runtime, computes from our files what NumPy says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litewright.compiler.ir import mlir
from tests.lowering.tfl_to_flatbuffer.programs import Sample, named, program_of, saved
from tests.lowering.tfl_to_flatbuffer.samples import SAMPLES
from tests.support.environments import TENSORFLOW, run_script
from tests.support.tolerances import assert_close

pytestmark = [pytest.mark.oracle, pytest.mark.tensorflow]

_WORKER = Path(__file__).parents[2] / "support" / "tensorflow_worker.py"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what TensorFlow computed from every sample."""
    folder = tmp_path_factory.mktemp("tensorflow")
    with mlir.use(mlir.make_context()):
        for sample in SAMPLES:
            saved(program_of(sample.build, sample.inputs), folder, f"{sample.name}.tflite")
            arrays: dict[str, Any] = named(sample.inputs)
            np.savez(folder / f"{sample.name}.inputs.npz", **arrays)
    assert run_script(TENSORFLOW, _WORKER, folder) == 0
    return folder


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_computes(sample: Sample, results: Path) -> None:
    failure = results / f"{sample.name}.error"
    assert not failure.exists(), failure.read_text()
    with np.load(results / f"{sample.name}.outputs.npz") as outputs:
        actual = [outputs[f"y{number}"] for number in range(len(sample.expected))]
    for each, expected in zip(actual, sample.expected, strict=True):
        assert_close(each, np.asarray(expected), sample.tolerance)
