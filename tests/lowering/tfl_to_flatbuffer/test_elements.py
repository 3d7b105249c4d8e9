"""Tensors as bytes, and names of tensors: both come back as they were."""

from collections.abc import Sequence

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litewright.lowering.tfl_to_flatbuffer.elements import byte_count, from_bytes, to_bytes
from litewright.lowering.tfl_to_flatbuffer.naming import Names

_NARROW = {
    "i4": (ml_dtypes.int4, -8, 7),
    "ui4": (ml_dtypes.uint4, 0, 15),
    "i2": (ml_dtypes.int2, -2, 1),
}


def test_low_bits_first() -> None:
    nibbles = np.array([1, -2, 7], ml_dtypes.int4)
    assert bytes(to_bytes(nibbles)) == bytes([0xE1, 0x07])
    pairs = np.array([1, -2, 0, -1, 1], ml_dtypes.int2)
    assert bytes(to_bytes(pairs)) == bytes([0b11001001, 0b01])


def test_bools_are_bytes() -> None:
    assert bytes(to_bytes(np.array([True, False]))) == b"\x01\x00"


@pytest.mark.parametrize("name", _NARROW)
@given(data=st.data())
def test_narrow_integers_come_back(name: str, data: st.DataObject) -> None:
    dtype, low, high = _NARROW[name]
    shape = tuple(data.draw(st.lists(st.integers(0, 5), max_size=3)))
    numbers = data.draw(
        st.lists(st.integers(low, high), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
    )
    array = np.array(numbers, np.int8).astype(dtype).reshape(shape)
    packed = to_bytes(array)
    assert packed.nbytes == byte_count(name, shape)
    again = from_bytes(np.frombuffer(packed, np.uint8), np.dtype(dtype), shape)
    np.testing.assert_array_equal(again.astype(np.int8), array.astype(np.int8))


def test_transposed_arrays_are_laid_out_in_row_major_order() -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert bytes(to_bytes(array)) == np.ascontiguousarray(array).tobytes()


def _named(wanted: Sequence[str]) -> list[str]:
    names = Names()
    return [names.unique(name) for name in wanted]


def test_names_are_a_tree() -> None:
    assert _named(["model.layers.0.self_attn.q_proj.linear", "x", "x", "a;b"]) == [
        "model/layers.0/self_attn/q_proj/linear",
        "x",
        "x_1",
        "a_b",
    ]


@given(st.lists(st.text("ab01._/;", max_size=6), max_size=12))
def test_names_are_unique_and_stay(wanted: list[str]) -> None:
    once = _named(wanted)
    assert len(set(once)) == len(once)
    assert not any(";" in name for name in once)
    # What was written is read with dots, and written again.
    assert _named([name.replace("/", ".") for name in once]) == once
