"""Attributes of composites: what runtimes read is what was meant."""

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from flatbuffers import flexbuffers
from hypothesis import given
from hypothesis import strategies as st

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.lowering.tfl_to_flatbuffer import flexbuffer

_numbers = st.integers(-(2**31), 2**31 - 1)
_halves = st.floats(width=16, allow_nan=False)
_leaves = st.booleans() | _numbers | _halves | st.text("abcé", max_size=5)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("xyz", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(autouse=True)
def _context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


def _parsed(text: str) -> ir.DictAttr:
    return ir.DictAttr(ir.Attribute.parse(text))


def test_every_kind() -> None:
    text = (
        '{axis = -7 : i32, big = 70000 : i64, flag = true, list = [1, 2.5 : f32, "x"], '
        'name = "h", nested = {x = 1 : i64}, scale = 3.000000e-01 : f32, '
        "table = dense<[[1, 2], [3, 400000]]> : tensor<2x2xi64>}"
    )
    loaded = flexbuffers.Loads(flexbuffer.encode(_parsed(text)))
    assert loaded["scale"] == pytest.approx(0.3, rel=1e-7)
    del loaded["scale"]
    assert loaded == {
        "axis": -7,
        "big": 70000,
        "flag": True,
        "list": [1, 2.5, "x"],
        "name": "h",
        "nested": {"x": 1},
        "_TENSOR_V1_table": {
            "TENSOR_SHAPE": [2, 2],
            "TENSOR_TYPE": 4,
            "TENSOR_DATA": [1, 2, 3, 400000],
        },
    }


@pytest.mark.parametrize("scale", [0.25, 0.3, 1e-30, -7.0])
def test_floats_are_32_bits_wide(scale: float) -> None:
    encoded = flexbuffer.encode(_parsed(f"{{a = true, n = 5 : i32, scale = {scale:e} : f64}}"))
    assert struct.pack("<f", scale) in encoded
    assert struct.pack("<d", scale) not in encoded


def test_no_attributes_are_some_bytes() -> None:
    assert flexbuffer.encode(_parsed("{}"))


def test_what_cannot_be_said() -> None:
    with pytest.raises(InternalError, match="cannot be"):
        flexbuffer.encode(_parsed("{kind = tensor<2xf32>}"))


@given(st.dictionaries(st.text("xyz", min_size=1, max_size=3), _values, max_size=4))
def test_reads_what_the_library_writes(value: dict[str, Any]) -> None:
    decoded = flexbuffer.decode(bytes(flexbuffers.Dumps(value)))
    again = flexbuffer.decode(flexbuffer.encode(decoded))
    assert again == decoded
    assert flexbuffers.Loads(flexbuffer.encode(decoded)) == value
