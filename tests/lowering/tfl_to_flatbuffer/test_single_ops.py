"""Single ops: what NumPy says is what their files compute, with the delegate and without."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from litewright.compiler.ir import mlir, tfl
from litewright.lowering.tfl_to_flatbuffer import reader
from tests.lowering.tfl_to_flatbuffer.programs import Sample, named, program_of, run, saved
from tests.lowering.tfl_to_flatbuffer.samples import SAMPLES
from tests.support.tolerances import assert_close


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _assert_computes(path: Path, sample: Sample, *, delegate: bool) -> None:
    results = run(path, named(sample.inputs), delegate=delegate)
    assert list(results) == [f"y{number}" for number in range(len(sample.expected))]
    for actual, expected in zip(results.values(), sample.expected, strict=True):
        assert_close(actual, np.asarray(expected), sample.tolerance)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_computes(sample: Sample, tmp_path: Path) -> None:
    program = program_of(sample.build, sample.inputs)
    tfl.verify(program)
    path = saved(program, tmp_path)
    for delegate in (True, False):
        _assert_computes(path, sample, delegate=delegate)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_comes_back_from_the_file(sample: Sample, tmp_path: Path) -> None:
    program = program_of(sample.build, sample.inputs)
    path = saved(program, tmp_path)
    again = reader.read(path, program.context)
    tfl.verify(again)
    second = saved(again, tmp_path, "second.tflite")
    assert second.read_bytes() == path.read_bytes()


def test_every_op_has_a_sample() -> None:
    program_text = "".join(str(program_of(s.build, s.inputs).module) for s in SAMPLES)
    unsampled = {
        name for name, row in tfl.OPS.items() if row.builtin and f'"tfl.{name}"' not in program_text
    }
    assert unsampled == {
        # State, control flow and custom ops have tests of their own.
        "assign_variable", "call_once", "custom", "if", "read_variable", "var_handle", "while",
        # Sparse tensors are not written.
        "densify",
        # Their results cannot be foreseen, or their keys are strings.
        "hashtable", "hashtable_find", "hashtable_import", "hashtable_size", "multinomial",
        "random_standard_normal", "random_uniform",
    }  # fmt: skip
