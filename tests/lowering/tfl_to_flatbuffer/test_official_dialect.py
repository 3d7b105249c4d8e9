"""The official dialect takes our text, and its exporter's file computes what ours does."""

from pathlib import Path

import numpy as np
import pytest

from litewright.compiler.ir import mlir
from litewright.lowering.tfl_to_flatbuffer import reader
from tests.lowering.tfl_to_flatbuffer.programs import (
    Sample,
    named,
    operators,
    program_of,
    run,
    run_plain,
    saved,
)
from tests.lowering.tfl_to_flatbuffer.samples import SAMPLES
from tests.support.environments import ORACLE, run_script
from tests.support.official import official_text

pytestmark = pytest.mark.oracle

_WORKER = Path(__file__).parents[2] / "support" / "oracle_worker.py"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every sample as text and, by litert-converter, as a file."""
    folder = tmp_path_factory.mktemp("oracle")
    with mlir.use(mlir.make_context()):
        for sample in SAMPLES:
            program = program_of(sample.build, sample.inputs)
            (folder / f"{sample.name}.mlir").write_text(official_text(program))
    for _ in SAMPLES:
        if run_script(ORACLE, _WORKER, folder) == 0:
            break
    return folder


def _theirs(exported: Path, sample: Sample) -> Path:
    path = exported / f"{sample.name}.tflite"
    failure = path.with_suffix(".error")
    assert path.exists(), failure.read_text() if failure.exists() else "it ended the process"
    return path


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_export_agrees(sample: Sample, exported: Path, tmp_path: Path) -> None:
    theirs = _theirs(exported, sample)
    with mlir.use(mlir.make_context()):
        ours = saved(program_of(sample.build, sample.inputs), tmp_path)
    assert operators(ours) == operators(theirs)
    expected = run_plain(theirs, sample.inputs)
    for actual, wanted in zip(run(ours, named(sample.inputs)).values(), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_export_is_read_and_written(sample: Sample, exported: Path, tmp_path: Path) -> None:
    theirs = _theirs(exported, sample)
    program = reader.read(theirs, mlir.make_context())
    with mlir.use(program.context):
        assert "tfl.raw" not in str(program.module)
    first = saved(program, tmp_path, "first.tflite")
    second = saved(reader.read(first, program.context), tmp_path, "second.tflite")
    assert first.read_bytes() == second.read_bytes()
    expected = run_plain(theirs, sample.inputs)
    for actual, wanted in zip(run_plain(first, sample.inputs), expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)
