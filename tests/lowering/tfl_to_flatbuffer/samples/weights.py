"""Programs with weights, plain and quantised."""

from __future__ import annotations

from collections.abc import Callable

import ml_dtypes
import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import WEIGHT, Program, add_argument, owner_function
from litewright.compiler.ir.quantized_type import QUANT, WeightQuantization
from litewright.compiler.ir.types import tensor_type
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.store import ArraySource
from tests.lowering.tfl_to_flatbuffer.programs import Array, add_signature, like

_RANDOM = np.random.default_rng(5)
ROWS, COLUMNS = 320, 256
W = _RANDOM.normal(size=(ROWS, COLUMNS)).astype(np.float32)
X = _RANDOM.normal(size=(2, COLUMNS)).astype(np.float32)


def empty(**weights: Array) -> Program:
    """A program without functions; a double underscore in a weight's name stands for a dot."""
    program = Program(ir.Module.create(ir.Location.unknown()), WeightStore())
    for name, array in weights.items():
        program.weights.add(name.replace("__", "."), ArraySource(array))
    return program


def linear(program: Program, symbol: str, rows: int = ROWS) -> Callable[[ir.Value], ir.Value]:
    """A fully connected layer with a weight argument."""

    def build(x: ir.Value) -> ir.Value:
        weight = program.weight_argument(owner_function(x), program.weights.expression(symbol))
        return tfl.emit("fully_connected", [x, weight], like(2, rows))

    return build


def shared() -> Program:
    """Two signatures with one weight."""
    program = empty(model__proj__weight=W)
    for name in ("prefill", "decode"):
        add_signature(program, linear(program, "model.proj.weight"), [X], name)
    return program


def quantised(
    array: Array, scales: Array, *, axis: int | None = None, block_size: int | None = None
) -> Program:
    """A fully connected layer whose weight argument carries `litewright.quant`."""
    program = empty(w=array, s=scales)
    scheme = WeightQuantization("s", None, axis, block_size)

    def build(x: ir.Value) -> ir.Value:
        function = owner_function(x)
        weight = add_argument(function, tensor_type(array.shape, array.dtype), {WEIGHT: "w"})
        _annotate(function, weight.arg_number, scheme)
        return tfl.emit(
            "fully_connected", [x, function.arguments[weight.arg_number]], like(2, array.shape[0])
        )

    add_signature(program, build, [X], "main")
    return program


def _annotate(function: func.FuncOp, number: int, scheme: WeightQuantization) -> None:
    entries = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
    own = {each.name: each.attr for each in ir.DictAttr(entries[number])}
    entries[number] = ir.DictAttr.get(own | {QUANT: scheme.attribute()})
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)


def schemes() -> dict[str, tuple[Array, Array, int | None, int | None, int]]:
    """Integers, scales, axis, block size, version of FULLY_CONNECTED."""
    per_row = np.abs(_RANDOM.normal(size=ROWS)).astype(np.float32) / 64 + np.float32(1e-3)
    per_block = per_row.repeat(COLUMNS // 32).reshape(ROWS, -1).astype(np.float16)
    wide = _RANDOM.integers(-127, 128, (ROWS, COLUMNS)).astype(np.int8)
    narrow = _RANDOM.integers(-8, 8, (2 * ROWS, COLUMNS)).astype(ml_dtypes.int4)
    tiny = _RANDOM.integers(-2, 2, (4 * ROWS, COLUMNS)).astype(ml_dtypes.int2)
    return {
        "int8-tensor": (wide, per_row[:1], None, None, 3),
        "int8-axis": (wide, per_row, 0, None, 12),
        "int4-axis": (narrow, np.tile(per_row, 2), 0, None, 1),
        "int2-axis": (tiny, np.tile(per_row, 4), 0, None, 14),
        "int4-block": (narrow, np.tile(per_block, (2, 1)), 0, 32, 1),
    }
