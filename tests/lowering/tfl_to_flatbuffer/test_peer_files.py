"""Files of litert-torch are read, and what is written again computes the same."""

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from litewright.compiler.ir import mlir, tfl
from litewright.lowering.tfl_to_flatbuffer import reader
from tests.lowering.tfl_to_flatbuffer.programs import Array, run, saved
from tests.support.environments import PEER, run_script

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

_WORKER = Path(__file__).parents[2] / "support" / "peer_worker.py"
_FILES = ("attention", "attention-int8", "picture", "mixed", "signatures")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the peer's files."""
    path = tmp_path_factory.mktemp("peer")
    assert run_script(PEER, _WORKER, path) == 0
    return path


def _inputs(path: Path, signature: str) -> dict[str, Array]:
    runner = Interpreter(str(path)).get_signature_runner(signature)
    random = np.random.default_rng(0)
    return {
        name: (random.normal(size=detail["shape"]) * 3 + 4).astype(detail["dtype"])
        for name, detail in runner.get_input_details().items()
    }


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
    for signature in Interpreter(str(theirs)).get_signature_list():
        inputs = _inputs(theirs, signature)
        for delegate in (True, False):
            expected = run(theirs, inputs, signature, delegate=delegate)
            actual = run(first, inputs, signature, delegate=delegate)
            assert actual.keys() == expected.keys()
            for key, array in expected.items():
                np.testing.assert_array_equal(actual[key], array)
