"""How tensors lie in a file: element types and their sizes, and packing of those below a byte.

A bool is a byte. Integers of 4 and 2 bits are packed in row-major order over the whole tensor, the first
element in the lowest bits of the first byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import ml_dtypes
import numpy as np

from litewright.compiler.ir.mlir import Array
from litewright.compiler.ir.types import element_count

BITS: Mapping[str, int] = MappingProxyType({
    "i1": 8, "i2": 2, "i4": 4, "ui4": 4, "i8": 8, "ui8": 8, "i16": 16, "ui16": 16, "i32": 32, "ui32": 32,
    "i64": 64, "ui64": 64, "f16": 16, "bf16": 16, "f32": 32, "f64": 64, "f8E4M3FN": 8, "f8E5M2": 8,
    "complex<f32>": 64, "complex<f64>": 128,
})  # fmt: skip
"""Bits of one element in a file, by MLIR's name of the element type; strings and resources have no size."""

_PACKED_AT_ONCE = 1 << 16
"""Bytes that are packed before the next ones are looked at, so that steps meet in the cache."""

_SUB_BYTE: Mapping[str, np.dtype[np.generic]] = MappingProxyType({
    "i2": np.dtype(ml_dtypes.int2), "i4": np.dtype(ml_dtypes.int4), "ui4": np.dtype(ml_dtypes.uint4),
})  # fmt: skip


def byte_count(element: str, shape: Sequence[int]) -> int:
    """Bytes that a tensor takes in a file.

    Raises:
        KeyError: elements of that type have no fixed size.
    """
    return -(-element_count(shape) * BITS[element] // 8)


def to_bytes(array: Array) -> memoryview:
    """The bytes of a tensor in a file; a view of the array where the layout is that of memory."""
    name = _sub_byte_name(array.dtype)
    if name is not None:
        return _pack(array, BITS[name]).data
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def from_bytes(data: Array, dtype: np.dtype[np.generic], shape: Sequence[int]) -> Array:
    """The tensor that bytes from a file hold; `data` is an array of uint8, a view of which is returned if it can be."""
    name = _sub_byte_name(dtype)
    if name is not None:
        return _unpack(data, BITS[name], dtype, element_count(shape)).reshape(shape)
    if data.ctypes.data % dtype.alignment:
        data = data.copy()
    return data.view(dtype).reshape(shape)


def _sub_byte_name(dtype: np.dtype[np.generic]) -> str | None:
    return next((name for name, each in _SUB_BYTE.items() if each == dtype), None)


def _pack(array: Array, bits: int) -> Array:
    """Elements of a byte each, taken together as one wide integer and pushed against each other."""
    per_byte = 8 // bits
    flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    packed = np.zeros(-(-flat.size // per_byte), np.uint8)
    whole = flat.size // per_byte
    for begin in range(0, whole, _PACKED_AT_ONCE):
        end = min(begin + _PACKED_AT_ONCE, whole)
        wide = flat[begin * per_byte : end * per_byte].view(f"<u{per_byte}")
        part = wide & ((1 << bits) - 1)
        for position in range(1, per_byte):
            part |= (wide >> (position * (8 - bits))) & (((1 << bits) - 1) << (bits * position))
        packed[begin:end] = part
    for position, element in enumerate(flat[whole * per_byte :]):
        packed[whole] |= (int(element) & ((1 << bits) - 1)) << (bits * position)
    return packed


def _unpack(data: Array, bits: int, dtype: np.dtype[np.generic], count: int) -> Array:
    per_byte = 8 // bits
    wide = np.empty((data.size, per_byte), np.uint8)
    for position in range(per_byte):
        wide[:, position] = (data >> (bits * position)) & ((1 << bits) - 1)
    flat = wide.reshape(-1)[:count]
    if dtype != _SUB_BYTE["ui4"]:  # widen the sign bit
        sign = np.uint8(1 << (bits - 1))
        return ((flat ^ sign).astype(np.int8) - np.int8(sign)).astype(dtype)
    return flat.astype(dtype)
