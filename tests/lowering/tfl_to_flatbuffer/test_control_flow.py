"""Functions that call functions: their files run, and come back."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.lowering.tfl_to_flatbuffer import reader
from tests.lowering.tfl_to_flatbuffer.programs import Array, like, program_of, run, saved
from tests.lowering.tfl_to_flatbuffer.samples.calls import (
    CASES,
    add_branch,
    add_composite,
    add_custom,
    empty,
)

_X = np.array([1.0, -2.0, 3.0], np.float32)


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _signatures(path: Path, name: str, inputs: Sequence[Array], expected: Array) -> None:
    feed = {f"x{i}": array for i, array in enumerate(inputs)}
    for delegate in (True, False):
        np.testing.assert_array_equal(run(path, feed, name, delegate=delegate)["y0"], expected)


@pytest.mark.parametrize("name", CASES)
def test_runs_and_comes_back(name: str, tmp_path: Path) -> None:
    add, inputs, expected = CASES[name]
    program = empty()
    add(program)
    tfl.verify(program)
    path = saved(program, tmp_path)
    _signatures(path, name, inputs, expected)
    again = reader.read(path, program.context)
    tfl.verify(again)
    assert "tfl.raw" not in str(again.module)
    second = saved(again, tmp_path, "second.tflite")
    assert second.read_bytes() == path.read_bytes()


def test_other_branch(tmp_path: Path) -> None:
    program = empty()
    add_branch(program)
    _signatures(saved(program, tmp_path), "branch", [np.array(False), _X], _X * 10)


def test_composite_attributes_survive(tmp_path: Path) -> None:
    program = empty()
    add_composite(program)
    text = str(reader.read(saved(program, tmp_path), program.context).module)
    assert 'stablehlo.composite "test.square"' in text
    assert "epsilon = 1.000000e-01 : f32" in text


def test_custom_op_survives(tmp_path: Path) -> None:
    program = empty()
    add_custom(program)
    path = saved(program, tmp_path)
    again = reader.read(path, program.context)
    assert '{custom_code = "ours", custom_option = #tfl<const_bytes : "0x0001">}' in str(
        again.module
    )
    assert saved(again, tmp_path, "second.tflite").read_bytes() == path.read_bytes()


def test_ops_without_a_row_survive(tmp_path: Path) -> None:
    """SVDF keeps a state between runs, in a tensor that it changes."""
    fields = ir.DictAttr(ir.Attribute.parse("{rank = 1 : i64}"))

    def build(x: ir.Value) -> ir.Value:
        weights = [tfl.constant(np.ones(shape, np.float32)) for shape in ((2, 4), (2, 3))]
        state = tfl.emit("variable", [], like(1, 6))
        return tfl.emit(
            "raw",
            [x, *weights, None, state],
            like(1, 2),
            builtin="SVDF",
            options="SVDFOptions",
            fields=fields,
            mutated=[4],
        )

    program = program_of(build, [like(1, 4)])
    tfl.verify(program)
    path = saved(program, tmp_path)
    runner = Interpreter(str(path)).get_signature_runner()
    totals = [float(runner(x0=np.ones((1, 4), np.float32))["y0"][0, 0]) for _ in range(4)]
    assert totals == [4, 8, 12, 12]
    again = saved(reader.read(path, program.context), tmp_path, "again.tflite")
    assert again.read_bytes() == path.read_bytes()
