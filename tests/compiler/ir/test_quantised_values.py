"""Values of integers that stand for other numbers: in text, in files, as inputs and results."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from litewright.compiler.driver.loading import parse_program
from litewright.compiler.ir import mlir
from litewright.compiler.ir.verify import verify
from litewright.compiler.runtime import Runner
from litewright.lowering.tfl_to_flatbuffer import reader, writer
from tests.support.tolerances import assert_close

INTEGERS = """
func.func public @main(%x: tensor<2x4x!quant.uniform<i8:f32, 5.0e-02:3>>, %y: tensor<2x4xf32>)
    -> (tensor<2x4xf32>, tensor<2x4x!quant.uniform<i16:f32, 1.0e-03>>) {
  %0 = "tfl.dequantize"(%x) : (tensor<2x4x!quant.uniform<i8:f32, 5.0e-02:3>>) -> tensor<2x4xf32>
  %1 = "tfl.add"(%0, %y) {fused_activation_function = "NONE"}
      : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %2 = "tfl.quantize"(%1) {qtype = tensor<2x4x!quant.uniform<i16:f32, 1.0e-03>>}
      : (tensor<2x4xf32>) -> tensor<2x4x!quant.uniform<i16:f32, 1.0e-03>>
  return %0, %2 : tensor<2x4xf32>, tensor<2x4x!quant.uniform<i16:f32, 1.0e-03>>
}
"""

WEIGHT = """
func.func @main(
    %x: tensor<2x64xf32> {litewright.name = "x"},
    %w: tensor<3x64xi8> {litewright.weight = "w", litewright.quant = {scales = "s", axis = 0 : i32}})
    -> (tensor<2x3xf32> {litewright.name = "y"}) {
  %0 = "tfl.dequantize"(%w) : (tensor<3x64xi8>) -> tensor<3x64xf32>
  %none = "tfl.no_value"() {value} : () -> none
  %1 = "tfl.fully_connected"(%x, %0, %none) {fused_activation_function = "NONE",
      keep_num_dims = false, weights_format = "DEFAULT"}
      : (tensor<2x64xf32>, tensor<3x64xf32>, none) -> tensor<2x3xf32>
  return %1 : tensor<2x3xf32>
}
"""


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def test_callers_see_the_integers() -> None:
    assert parse_program(INTEGERS).interface() == (
        "signature main",
        "input input0 int8[2,4]",
        "input input1 float32[2,4]",
        "result result0 float32[2,4]",
        "result result1 int16[2,4]",
    )


def test_to_a_file_and_back(tmp_path: Path) -> None:
    program = parse_program(INTEGERS)
    verify(program)
    path = tmp_path / "model.tflite"
    writer.write(program, path)
    again = reader.read(path, program.context)
    assert again.interface() == program.interface()
    assert str(again) == str(program)


@pytest.mark.parametrize("delegate", [True, False])
def test_runs_on_integers(tmp_path: Path, *, delegate: bool) -> None:
    path = tmp_path / "model.tflite"
    writer.write(parse_program(INTEGERS), path)
    rng = np.random.default_rng(3)
    x = rng.integers(-128, 128, (2, 4)).astype(np.int8)
    y = rng.normal(size=(2, 4)).astype(np.float32)
    found = Runner(path, delegate=delegate).run({"input0": x, "input1": y})
    floats = (x.astype(np.float32) - 3) * np.float32(0.05)
    assert_close(found["result0"], floats, "float32 op")
    assert np.abs(found["result1"] - (floats + y) / 1e-3).max() <= 0.51


def test_scales_that_a_text_only_names_are_stood_in_for(tmp_path: Path) -> None:
    program = parse_program(WEIGHT)
    path = tmp_path / "model.tflite"
    writer.write(program, path)
    x = np.random.default_rng(3).normal(size=(2, 64)).astype(np.float32)
    weight = program.weights.read("w") * program.weights.read("s")[:, None]
    np.testing.assert_allclose(Runner(path).run({"x": x})["y"], x @ weight.T, rtol=1e-5, atol=1e-6)
