"""Quantised types: their text, and the way back."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import (
    QuantizedType,
    is_quantized,
    parse,
    quantized_type_of,
    storage_type_of,
)

_scales = st.floats(width=32, min_value=2.0**-120, max_value=2.0**100)
_zeros = st.integers(-(2**31), 2**31 - 1)
_storages = st.sampled_from(["i2", "i4", "i8", "i16", "i32", "i64", "ui4", "ui8", "ui16"])


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


@given(_storages, _scales, _zeros)
def test_one_scale(storage: str, scale: float, zero: int) -> None:
    kind = QuantizedType(storage, (scale,), (zero,))
    assert parse(str(kind)) == kind


@given(_storages, st.lists(st.tuples(_scales, _zeros), min_size=1, max_size=8), st.integers(0, 7))
def test_a_scale_per_index(storage: str, pairs: list[tuple[float, int]], axis: int) -> None:
    kind = QuantizedType(storage, tuple(s for s, _ in pairs), tuple(z for _, z in pairs), axis)
    assert parse(str(kind)) == kind


@given(st.integers(1, 2**31 - 2**23 - 1))
def test_every_float_survives(bits: int) -> None:
    scale = float(np.array(bits, np.uint32).view(np.float32))
    again = parse(str(QuantizedType("i8", (scale,), (0,)))).scales[0]
    assert np.float32(again).view(np.uint32) == bits


def test_through_mlir() -> None:
    text = "tensor<3x4x!quant.uniform<i8<-127:127>:f32:0, {0.1, 2.000000e-01:1, 0.3:-4}>>"
    kind = ir.RankedTensorType(ir.Type.parse(text))
    assert is_quantized(kind.element_type)
    assert quantized_type_of(kind.element_type) == QuantizedType(
        "i8",
        tuple(float(np.float32(scale)) for scale in (0.1, 0.2, 0.3)),
        (0, 1, -4),
        axis=0,
        bounds=(-127, 127),
    )
    assert str(storage_type_of(kind)) == "tensor<3x4xi8>"


def test_type_that_was_made_equals_the_one_parsed() -> None:
    made = QuantizedType("ui8", (0.5,), (3,)).element_type()
    assert made == ir.RankedTensorType(ir.Type.parse(f"tensor<2x{made}>")).element_type
    assert str(made) == "!quant.uniform<u8:f32, 5.0e-01:3>"


def test_plain_types_are_not_quantised() -> None:
    assert quantized_type_of(ir.F32Type.get()) is None
    assert quantized_type_of(ir.Type.parse("!tf_type.string")) is None


@pytest.mark.parametrize(
    "text",
    [
        "uniform<i8:f32>",
        "uniform<i9:f32, 0.5>",
        "uniform<i8:f32:0, 0.5>",
        "uniform<i8:f32, {0.5}>",
        "uniform<i8:f32, half>",
        "calibrated<f32<-1:1>>",
        "",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"quantised type|scales|convert"):
        parse(text)
