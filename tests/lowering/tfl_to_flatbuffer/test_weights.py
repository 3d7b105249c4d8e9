"""Weights in files: once each, outside the flatbuffer, quantised or not, and lazy when they come back."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.compiled_model import CompiledModel

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, weight_symbol
from litewright.compiler.ir.quantized_type import weight_quantization_of
from litewright.compiler.weights import Leaf, Reshape
from litewright.lowering.tfl_to_flatbuffer import reader
from litewright.lowering.tfl_to_flatbuffer.contents import FileTensor
from litewright.lowering.tfl_to_flatbuffer.unpacking import unpack
from tests.lowering.tfl_to_flatbuffer.programs import (
    Array,
    add_signature,
    like,
    operators,
    run,
    saved,
)
from tests.lowering.tfl_to_flatbuffer.samples.weights import (
    COLUMNS,
    ROWS,
    W,
    X,
    empty,
    linear,
    quantised,
    schemes,
    shared,
)

_RANDOM = np.random.default_rng(6)


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def test_signatures_share_the_buffer(tmp_path: Path) -> None:
    path = saved(shared(), tmp_path)
    assert path.stat().st_size < W.nbytes * 1.02
    for name in ("prefill", "decode"):
        for delegate in (True, False):
            result = run(path, {"x0": X}, name, delegate=delegate)["y0"]
            np.testing.assert_allclose(result, X @ W.T, rtol=1e-4, atol=1e-4)


def test_compiled_model_runs_it(tmp_path: Path) -> None:
    model = CompiledModel.from_file(str(saved(shared(), tmp_path)))
    inputs = model.create_input_buffer_by_name("decode", "x0")
    inputs.write(X)
    output = model.create_output_buffer_by_name("decode", "y0")
    model.run_by_name("decode", {"x0": inputs}, {"y0": output})
    result = output.read(2 * ROWS, np.float32).reshape(2, ROWS)
    np.testing.assert_allclose(result, X @ W.T, rtol=1e-4, atol=1e-4)


def test_large_buffers_lie_aligned_behind_the_flatbuffer(tmp_path: Path) -> None:
    path = saved(shared(), tmp_path)
    data = path.read_bytes()
    model = unpack(data)
    outside = [b for b in model["buffers"] if b["offset"]]
    assert len(outside) == 1
    position, size = outside[0]["offset"], outside[0]["size"]
    assert position % 64 == 0
    assert data[position : position + size] == W.tobytes()
    assert len(data) >= position + size + 16
    assert not any(data[position + size :])
    names = {
        entry["name"]: model["buffers"][entry["buffer"]]["data"] for entry in model["metadata"]
    }
    assert bytes(names["buffer_location"]) == b"outside flatbuffers"
    assert bytes(names["min_runtime_version"]).rstrip(b"\0") == b"2.14.0"


def test_small_buffers_lie_aligned_inside(tmp_path: Path) -> None:
    program = empty()
    constants = [_RANDOM.normal(size=n).astype(np.float32) for n in (3, 5, 3)]

    def build(x: ir.Value) -> list[ir.Value]:
        return [
            tfl.emit("add", [x, tfl.constant(c)], like(2, len(c)))
            for c in (*constants, constants[0])
        ]

    add_signature(program, build, [np.ones((2, 1), np.float32)], "main")
    model = unpack(saved(program, tmp_path).read_bytes())
    holding = [b["data"] for b in model["buffers"] if b["data"] is not None and len(b["data"]) < 24]
    assert all(data.start % 16 == 0 for data in holding)
    assert len([d for d in holding if bytes(d) == constants[0].tobytes()]) == 1


def test_reshaped_weights_share_the_buffer(tmp_path: Path) -> None:
    program = empty(w=W)
    program.weights.derive(Reshape(Leaf("w"), (ROWS // 2, 2 * COLUMNS)))
    add_signature(program, linear(program, "w"), [X], "one")
    wide = np.concatenate([X, X], 1)
    symbol = str(Reshape(Leaf("w"), (ROWS // 2, 2 * COLUMNS)))
    add_signature(program, linear(program, symbol, ROWS // 2), [wide], "other")
    path = saved(program, tmp_path)
    assert path.stat().st_size < W.nbytes * 1.02
    result = run(path, {"x0": wide}, "other")["y0"]
    np.testing.assert_allclose(result, wide @ W.reshape(ROWS // 2, -1).T, rtol=1e-4, atol=1e-4)
    again = reader.read(path, program.context)
    assert saved(again, tmp_path, "again.tflite").read_bytes() == path.read_bytes()


def test_weights_come_back_lazily(tmp_path: Path) -> None:
    program = reader.read(saved(shared(), tmp_path), mlir.make_context())
    assert list(program.weights) == ["model.proj.weight"]
    assert isinstance(program.weights.source("model.proj.weight"), FileTensor)
    np.testing.assert_array_equal(program.weights.read("model.proj.weight"), W)
    for function in program.signatures():
        assert [weight_symbol(a) for a in function.arguments] == [None, "model.proj.weight"]


@pytest.mark.parametrize("name", schemes())
def test_quantised_weights(name: str, tmp_path: Path) -> None:
    integers, scales, axis, block_size, version = schemes()[name]
    program = quantised(integers, scales, axis=axis, block_size=block_size)
    tfl.verify(program)
    path = saved(program, tmp_path)
    assert operators(path) == [("FULLY_CONNECTED", version)]
    spread = scales.reshape(-1, 1) if block_size is None else scales.repeat(block_size, 1)
    expected = X @ (integers.astype(np.float32) * spread.astype(np.float32)).T
    result = run(path, {"x0": X})["y0"]
    assert np.abs(result - expected).max() <= 0.02 * np.abs(expected).max()
    _assert_comes_back(path, program, integers, scales, tmp_path)


def _assert_comes_back(
    path: Path, program: Program, integers: Array, scales: Array, folder: Path
) -> None:
    again = reader.read(path, program.context)
    tfl.verify(again)
    (weight,) = (a for a in again.signatures()[0].arguments if weight_symbol(a) is not None)
    scheme = weight_quantization_of(weight)
    assert scheme is not None
    np.testing.assert_array_equal(again.weights.read(weight_symbol(weight) or ""), integers)
    np.testing.assert_array_equal(again.weights.read(scheme.scales), scales)
    assert saved(again, folder, "again.tflite").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("scale", [0.1, 0.0, -0.5, 1e-7, np.inf])
def test_block_scales_must_be_exact(scale: float, tmp_path: Path) -> None:
    integers, scales, axis, block_size, _ = schemes()["int4-block"]
    bad = scales.astype(np.float32)
    bad[3, 1] = scale
    with pytest.raises(InternalError, match="exact"):
        saved(quantised(integers, bad, axis=axis, block_size=block_size), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_each_weight_is_read_once_and_dropped(tmp_path: Path) -> None:
    live: list[int] = []
    program = empty()
    for number in range(4):
        program.weights.add(f"w{number}", _Tracked(number, live))

    def build(x: ir.Value) -> Sequence[ir.Value]:
        return [linear(program, f"w{number}")(x) for number in range(4)]

    add_signature(program, build, [X], "main")
    saved(program, tmp_path)
    assert live == [0, 1, 2, 3]


class _Tracked:
    shape = (ROWS, COLUMNS)
    dtype = np.dtype(np.float32)

    def __init__(self, number: int, log: list[int]) -> None:
        self._number, self._log = number, log

    def read(self) -> Array:
        self._log.append(self._number)
        return np.full(self.shape, self._number, np.float32)
