"""Shapes, element types and constants, between NumPy and MLIR.

A shape is a tuple of ints; a dynamic dimension is `DYNAMIC`. Element types are named by MLIR's own
spelling (`f32`, `bf16`, `i64`, `ui8`, `i4`, `i1`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import ml_dtypes
import numpy as np

from .mlir import Array, ir

DYNAMIC: int = ir.ShapedType.get_dynamic_size()

_NUMPY_BY_NAME: dict[str, np.dtype[np.generic]] = {
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
    "f16": np.dtype(np.float16),
    "bf16": np.dtype(ml_dtypes.bfloat16),
    "i1": np.dtype(np.bool_),
    "i2": np.dtype(ml_dtypes.int2),
    "i4": np.dtype(ml_dtypes.int4),
    "i8": np.dtype(np.int8),
    "i16": np.dtype(np.int16),
    "i32": np.dtype(np.int32),
    "i64": np.dtype(np.int64),
    "ui4": np.dtype(ml_dtypes.uint4),
    "ui8": np.dtype(np.uint8),
    "ui16": np.dtype(np.uint16),
    "ui32": np.dtype(np.uint32),
    "ui64": np.dtype(np.uint64),
    "f8E4M3FN": np.dtype(ml_dtypes.float8_e4m3fn),
    "f8E5M2": np.dtype(ml_dtypes.float8_e5m2),
    "complex<f32>": np.dtype(np.complex64),
    "complex<f64>": np.dtype(np.complex128),
}
_NAME_BY_NUMPY: dict[np.dtype[np.generic], str] = {d: n for n, d in _NUMPY_BY_NAME.items()}

# Element types whose constants MLIR stores but whose bytes its bindings do not hand back.
_STORED_AS: dict[str, np.dtype[np.generic]] = {
    "bf16": np.dtype(np.int16),
    "i1": np.dtype(np.uint8),
    "i2": np.dtype(np.int8),
    "i4": np.dtype(np.int8),
    "ui4": np.dtype(np.uint8),
    "f8E4M3FN": np.dtype(np.uint8),
    "f8E5M2": np.dtype(np.uint8),
}
_QUANTISED = re.compile(r"!quant\.uniform<([iu]\d+)")
_SUB_BYTE = frozenset({"i2", "i4", "ui4"})


def element_type(dtype: np.dtype[np.generic] | str) -> ir.Type:
    """The MLIR element type of a NumPy dtype, or of a name such as "f32".

    Raises:
        KeyError: MLIR has no such element type (strings, objects).
    """
    return ir.Type.parse(dtype if isinstance(dtype, str) else _NAME_BY_NUMPY[np.dtype(dtype)])


def has_element_type(dtype: np.dtype[np.generic]) -> bool:
    """Whether `element_type` knows the dtype."""
    return np.dtype(dtype) in _NAME_BY_NUMPY


def numpy_dtype(element: ir.Type) -> np.dtype[np.generic]:
    """The NumPy dtype that holds one element of an MLIR element type; of a quantised one, the integer's."""
    name = str(element)
    stored = _QUANTISED.match(name)
    return _NUMPY_BY_NAME[name if stored is None else stored[1].replace("u", "ui")]


def tensor_type(
    shape: Sequence[int], element: ir.Type | np.dtype[np.generic] | str
) -> ir.RankedTensorType:
    """`tensor<shape x element>`."""
    resolved = element if isinstance(element, ir.Type) else element_type(element)
    return ir.RankedTensorType.get(list(shape), resolved)


def shape_of(value: ir.Value | ir.Type) -> tuple[int, ...]:
    """The shape of a tensor value or type; dynamic dimensions are `DYNAMIC`."""
    return tuple(_ranked(value).shape)


def rank_of(value: ir.Value | ir.Type) -> int:
    """The number of dimensions of a tensor value or type."""
    return _ranked(value).rank


def element_of(value: ir.Value | ir.Type) -> ir.Type:
    """The element type of a tensor value or type."""
    return _ranked(value).element_type


def dtype_of(value: ir.Value | ir.Type) -> np.dtype[np.generic]:
    """The NumPy dtype of a tensor value or type."""
    return numpy_dtype(element_of(value))


def is_complex(value: ir.Value | ir.Type) -> bool:
    """Whether the elements of a tensor value or type are complex numbers."""
    return isinstance(element_of(value), ir.ComplexType)


def element_count(shape: Iterable[int]) -> int:
    """The product of the dimensions."""
    count = 1
    for size in shape:
        count *= size
    return count


def is_static(value: ir.Value | ir.Type) -> bool:
    """Whether every dimension is known."""
    return _ranked(value).has_static_shape


def dense(array: Array, element: ir.Type | None = None) -> ir.DenseElementsAttr:
    """The constant attribute that holds `array`, as `element` or as its dtype's own element type."""
    resolved = element_type(array.dtype) if element is None else element
    name = str(resolved)
    stored = np.ascontiguousarray(array)
    if name in _SUB_BYTE:
        stored = stored.astype(_STORED_AS[name])
    elif name in _STORED_AS:
        stored = stored.view(_STORED_AS[name])
    return ir.DenseElementsAttr.get(stored, type=resolved, shape=list(array.shape))


def array_of(attribute: ir.Attribute) -> Array:
    """The array that a `dense<...>` attribute holds (a view where MLIR allows one)."""
    elements = ir.DenseElementsAttr(attribute)
    shape, name = shape_of(elements.type), str(element_of(elements.type))
    if name == "i1" or name not in _STORED_AS:
        return np.array(elements, copy=None)
    return _array_from_text(str(elements), shape, name)


def _array_from_text(text: str, shape: tuple[int, ...], name: str) -> Array:
    """Reads `dense<...>` of an element type that the bindings hand out only as text."""
    body = text[text.index("<") + 1 : text.rindex("> :")]
    dtype = _NUMPY_BY_NAME[name]
    if body.startswith('"0x'):
        raw = np.frombuffer(bytes.fromhex(body[3:-1]), dtype=_STORED_AS[name])
        flat = raw.astype(dtype) if name in _SUB_BYTE else raw.view(dtype)
    else:
        tokens: list[str] = re.findall(r"0x[0-9A-Fa-f]+|[-+]?[0-9][0-9.eE+-]*", body)
        flat = np.array([_number(token, name) for token in tokens], dtype=dtype)
    return np.broadcast_to(flat.reshape(()), shape) if flat.size == 1 else flat.reshape(shape)


def _number(token: str, name: str) -> Array:
    dtype = _NUMPY_BY_NAME[name]
    if token.startswith("0x"):  # how MLIR prints infinities and NaN
        return np.array(int(token, 16)).astype(f"u{_STORED_AS[name].itemsize}").view(dtype)
    return np.array(float(token)).astype(dtype)


def _ranked(value: ir.Value | ir.Type) -> ir.RankedTensorType:
    return ir.RankedTensorType(value.type if isinstance(value, ir.Value) else value)
