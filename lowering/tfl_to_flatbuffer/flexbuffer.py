"""Attributes of composites as flexbuffers, the way runtimes read them.

A map from names to numbers, strings, arrays; a tensor is a nested map under `_TENSOR_V1_<name>`. Floats
are 32 bits wide: delegates read them in place without asking. The format is that of
https://flatbuffers.dev/internals (FlexBuffers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from flatbuffers import flexbuffers

from litewright.compiler.diagnostics import FormatError, InternalError
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import (
    array_of,
    dense,
    element_of,
    element_type,
    numpy_dtype,
    shape_of,
)

from .schema import ELEMENT_CODES, ELEMENT_NAMES

_TENSOR = "_TENSOR_V1_"
_SHAPE, _TYPE, _DATA = "TENSOR_SHAPE", "TENSOR_TYPE", "TENSOR_DATA"

_MAX_DEPTH = 16
_INTEGERS = {1: "<b", 2: "<h", 4: "<i", 8: "<q"}
_NATURALS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}
_FLOATS = {2: "<e", 4: "<f", 8: "<d"}


def encode(attributes: ir.DictAttr) -> bytes:
    """The flexbuffer of a composite's attributes; never empty, which runtimes would refuse.

    Raises:
        InternalError: an attribute of a kind that no runtime reads.
    """
    builder = flexbuffers.Builder()
    _add_map(builder, {each.name: each.attr for each in attributes})
    return bytes(builder.Finish())


def decode(data: bytes | memoryview) -> ir.DictAttr:
    """The attributes that a flexbuffer holds.

    Raises:
        FormatError: the bytes are no sound flexbuffer, or hold no map.
    """
    value = _Reader(bytes(data)).root()
    if not isinstance(value, dict):
        raise FormatError("corrupt: a composite's attributes are no map")
    return _attribute(value)


# ---- writing -------------------------------------------------------------------------------------


def _add_map(builder: Any, entries: dict[str, Any]) -> None:
    with builder.Map():
        for name, value in entries.items():
            if isinstance(value, ir.DenseElementsAttr):
                builder.Key(_TENSOR + name)
                _add_map(builder, _tensor(value))
            else:
                builder.Key(name)
                _add(builder, value)


def _add(builder: Any, value: Any) -> None:
    match value:
        case bool() | ir.BoolAttr():
            builder.Bool(bool(value if isinstance(value, bool) else value.value))
        case int() | ir.IntegerAttr():
            builder.Int(value if isinstance(value, int) else value.value)
        case float() | ir.FloatAttr():
            builder.Float(float(np.float32(value if isinstance(value, float) else value.value)))
        case ir.StringAttr():
            builder.String(value.value)
        case ir.DictAttr():
            _add_map(builder, {each.name: each.attr for each in value})
        case ir.UnitAttr():
            builder.Null()
        case _:
            with builder.Vector():
                for item in _items(value):
                    _add(builder, item)


def _items(value: Any) -> list[Any]:
    kinds = (
        list, ir.ArrayAttr, ir.DenseI64ArrayAttr, ir.DenseI32ArrayAttr, ir.DenseF32ArrayAttr,
        ir.DenseBoolArrayAttr,
    )  # fmt: skip
    if not isinstance(value, kinds):
        raise InternalError(f"a composite's attribute cannot be {value}")
    return list(cast("Iterable[Any]", value))


def _tensor(value: ir.DenseElementsAttr) -> dict[str, Any]:
    element = str(element_of(value.type))
    numbers: list[Any] = array_of(value).reshape(-1).tolist()
    return {_SHAPE: list(shape_of(value.type)), _TYPE: ELEMENT_CODES[element], _DATA: numbers}


# ---- reading -------------------------------------------------------------------------------------


def _attribute(value: Any) -> Any:
    match value:
        case bool():
            return ir.BoolAttr.get(value)
        case int():
            wrapped = (value + (1 << 63)) % (1 << 64) - (1 << 63)
            return ir.IntegerAttr.get(element_type("i64"), wrapped)
        case float():
            return ir.FloatAttr.get(element_type("f32"), value)
        case str():
            return ir.StringAttr.get(value)
        case list():
            return ir.ArrayAttr.get([_attribute(item) for item in cast("list[Any]", value)])
        case dict():
            entries = cast("dict[str, Any]", value).items()
            return ir.DictAttr.get(dict([_named(name, item) for name, item in entries]))
        case _:
            return ir.UnitAttr.get()


def _named(name: str, value: Any) -> tuple[str, Any]:
    if not (name.startswith(_TENSOR) and isinstance(value, dict)):
        return name, _attribute(value)
    entries = cast("dict[str, Any]", value)
    try:
        code: int = entries[_TYPE]
        element = element_type(ELEMENT_NAMES[code])
        array = np.array(entries[_DATA], dtype=numpy_dtype(element)).reshape(entries[_SHAPE])
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"corrupt: the tensor {name} among a composite's attributes") from error
    return name.removeprefix(_TENSOR), dense(array, element)


class _Reader:
    """Reads one flexbuffer, checking each offset, the depth, and how much is built altogether."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._budget = 64 + 4 * len(data)

    def root(self) -> Any:
        if len(self._data) < 3:
            raise FormatError("corrupt: a composite's attributes are cut off")
        width, kind = self._data[-1], self._data[-2]
        return self._value(len(self._data) - 2 - width, width, kind, 0)

    def _value(self, at: int, width: int, packed: int, depth: int) -> Any:
        self._budget -= 1
        if depth > _MAX_DEPTH or self._budget < 0:
            raise FormatError("corrupt: a composite's attributes are nested too deeply")
        kind, inner = packed >> 2, 1 << (packed & 3)
        if kind in {1, 2, 3, 26}:
            return self._inline(kind, at, width)
        if kind == 0:
            return None
        target = at - self._number(_NATURALS, at, width)
        if kind in {6, 7, 8}:
            return self._inline(kind - 5, target, inner)
        if kind == 4:
            return self._key(target)
        if kind in {5, 25}:
            size = self._number(_NATURALS, target - inner, inner)
            return self._slice(target, size).decode("utf-8", "replace")
        if kind == 9:
            return self._map(target, inner, depth)
        return self._vector(kind, target, inner, depth)

    def _inline(self, kind: int, at: int, width: int) -> Any:
        number = self._number(
            {1: _INTEGERS, 2: _NATURALS, 3: _FLOATS, 26: _NATURALS}[kind], at, width
        )
        return bool(number) if kind == 26 else number

    def _map(self, target: int, width: int, depth: int) -> dict[str, Any]:
        keys_at = target - 3 * width - self._number(_NATURALS, target - 3 * width, width)
        key_width = self._number(_NATURALS, target - 2 * width, width)
        values = self._untyped(target, width, depth)
        places = [keys_at + i * key_width for i in range(len(values))]
        keys = [self._key(at - self._number(_NATURALS, at, key_width)) for at in places]
        return dict(zip(keys, values, strict=True))

    def _vector(self, kind: int, target: int, width: int, depth: int) -> Sequence[Any]:
        if kind == 10:
            return self._untyped(target, width, depth)
        if kind in {11, 12, 13, 14, 36}:
            count = self._number(_NATURALS, target - width, width)
            item = 26 if kind == 36 else kind - 10
        elif 16 <= kind <= 24:
            count, item = (kind - 16) // 3 + 2, (kind - 16) % 3 + 1
        else:
            raise FormatError(
                f"corrupt: a composite's attributes hold a value of unknown kind {kind}"
            )
        self._slice(target, count * width)
        return [self._value(target + i * width, width, item << 2, depth + 1) for i in range(count)]

    def _untyped(self, target: int, width: int, depth: int) -> list[Any]:
        count = self._number(_NATURALS, target - width, width)
        kinds = self._slice(target + count * width, count)
        return [self._value(target + i * width, width, kinds[i], depth + 1) for i in range(count)]

    def _key(self, at: int) -> str:
        end = self._data.find(0, at) if at >= 0 else -1
        if end <= at:
            raise FormatError("corrupt: a composite's attribute has no name")
        return self._data[at:end].decode("ascii", "replace").replace("\ufffd", "?")

    def _number(self, codes: dict[int, str], at: int, width: int) -> Any:
        if width not in codes:
            raise FormatError("corrupt: a number among a composite's attributes has no such width")
        return struct.unpack(codes[width], self._slice(at, width))[0]

    def _slice(self, at: int, size: int) -> bytes:
        if at < 0 or size < 0 or at + size > len(self._data):
            raise FormatError("corrupt: a composite's attributes point past their end")
        return self._data[at : at + size]
