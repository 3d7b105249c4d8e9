"""Files of TensorFlow's converter are read, and what is written again computes the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from litewright.compiler.ir import mlir, tfl
from litewright.lowering.tfl_to_flatbuffer import reader
from tests.lowering.tfl_to_flatbuffer.programs import Array, saved
from tests.support.environments import TENSORFLOW, run_script

pytestmark = [pytest.mark.oracle, pytest.mark.tensorflow, pytest.mark.slow]

_WORKER = Path(__file__).parents[2] / "support" / "tensorflow_files_worker.py"
_FILES = (
    "float", "int8", "int16x8", "float16", "recurrent", "branch", "dynamic", "shape", "strings", "state",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with TensorFlow's files."""
    path = tmp_path_factory.mktemp("tensorflow")
    assert run_script(TENSORFLOW, _WORKER, path) == 0
    return path


def _feed(detail: Mapping[str, Any], random: np.random.Generator) -> Array:
    dtype = np.dtype(detail["dtype"])
    shape = [3 if size < 0 else size for size in detail["shape_signature"]]
    if dtype.kind == "f":
        return random.normal(size=shape).astype(dtype)
    return random.integers(0, 2, size=shape).astype(dtype)


def _run(path: Path, *, delegate: bool) -> list[list[Array]]:
    """Every subgraph of a file that is a signature, or the first, by position: names are not compared."""
    resolver = OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver)
    signatures = interpreter.get_signature_list()
    if len(signatures) > 1:
        return [_run_signature(interpreter, key) for key in signatures]
    random = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        array = _feed(detail, random)
        interpreter.resize_tensor_input(detail["index"], array.shape)
    interpreter.allocate_tensors()
    random = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], _feed(detail, random))
    interpreter.invoke()
    return [
        [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
    ]


def _run_signature(interpreter: Interpreter, key: str) -> list[Array]:
    runner = interpreter.get_signature_runner(key)
    random = np.random.default_rng(0)
    inputs = {name: _feed(detail, random) for name, detail in runner.get_input_details().items()}
    return [np.array(array) for array in runner(**inputs).values()]


@pytest.mark.parametrize("name", _FILES)
def test_reads_and_writes(name: str, folder: Path, tmp_path: Path) -> None:
    theirs = folder / f"{name}.tflite"
    program = reader.read(theirs, mlir.make_context())
    with mlir.use(program.context):
        tfl.verify(program)
        assert "tfl.raw" not in str(program.module)
    first = saved(program, tmp_path, "first.tflite")
    second = saved(reader.read(first, program.context), tmp_path, "second.tflite")
    assert first.read_bytes() == second.read_bytes()
    for delegate in (True, False):
        expected, actual = _run(theirs, delegate=delegate), _run(first, delegate=delegate)
        for one, other in zip(expected, actual, strict=True):
            for wanted, array in zip(one, other, strict=True):
                np.testing.assert_array_equal(array, wanted)
