"""Changes of element type, and ops on quantised numbers."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import element_type, tensor_type
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample, like

_X = np.array([[-3.2, -0.4, 0.0, 0.6], [1.5, 2.5, 6.1, 7.9]], np.float32)
_SCALE, _ZERO = 0.0625, -3


def _quantised(
    shape: tuple[int, ...], scale: float = _SCALE, zero: int = _ZERO, storage: str = "i8"
) -> ir.Type:
    return tensor_type(shape, QuantizedType(storage, (scale,), (zero,)).element_type())


def _there_and_back(x: ir.Value) -> ir.Value:
    return tfl.emit("dequantize", [tfl.emit("quantize", [x], _quantised((2, 4)))], x.type)


def _rounded(x: Array) -> Array:
    return ((np.clip(np.round(x / _SCALE) + _ZERO, -128, 127) - _ZERO) * _SCALE).astype(np.float32)


def _per_axis(x: ir.Value) -> ir.Value:
    scales = (0.5, 0.25, 2.0)
    kind = tensor_type((3, 4), QuantizedType("i8", scales, (0, 0, 0), axis=0).element_type())
    weight = tfl.emit(
        "pseudo_qconst", [], kind, qtype=kind, value=np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
    )
    return tfl.emit("fully_connected", [x, weight], like(2, 3))


_WEIGHT = np.arange(-6, 6, dtype=np.float32).reshape(3, 4) * np.array(
    [[0.5], [0.25], [2.0]], np.float32
)


def _cast(name: str, x: Array, element: str, expected: Array) -> Sample:
    return Sample(
        f"cast-{name}",
        [x],
        lambda v: tfl.emit("cast", [v], tensor_type(x.shape, element_type(element))),
        [expected],
    )


SAMPLES = [
    _cast("f32-i32", _X, "i32", _X.astype(np.int32)),
    _cast("i32-f32", _X.astype(np.int32), "f32", _X.astype(np.int32).astype(np.float32)),
    _cast("i1-f32", _X > 0, "f32", (_X > 0).astype(np.float32)),
    _cast("f32-i1", _X, "i1", _X != 0),
    _cast("i32-i64", _X.astype(np.int32), "i64", _X.astype(np.int64)),
    _cast("f32-f16", _X, "f16", _X.astype(np.float16)),
    _cast("i8-i32", _X.astype(np.int8), "i32", _X.astype(np.int32)),
    Sample("quantize-dequantize", [_X], _there_and_back, [_rounded(_X)]),
    Sample("fully_connected-dynamic-range", [_X], _per_axis, [_X @ _WEIGHT.T], "bfloat16 op"),
    Sample(
        "dequantize-f16", [_X],
        lambda x: tfl.emit(
            "add", [x, tfl.emit("dequantize", [tfl.constant(_X.astype(np.float16))], like(2, 4))], x.type
        ),
        [_X + _X.astype(np.float16).astype(np.float32)], "float32 op",
    ),
    Sample(
        "fake_quant", [_X],
        lambda x: tfl.emit("fake_quant", [x], x.type, min=0.0, max=6.0, num_bits=8),
        [(np.clip(np.round(_X * 255 / 6), 0, 255) * 6 / 255).astype(np.float32)], "float32 op",
    ),
]  # fmt: skip
