"""Attribute values between Python and MLIR, by the kind that the table gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from litewright.compiler.diagnostics import InternalError

from ..mlir import ir
from ..types import array_of, dense, element_type
from .spec import Attribute, AttributeKind

_BYTES = "const_bytes"


def encode(attribute: Attribute, value: Any) -> ir.Attribute:
    """The MLIR attribute for a Python value.

    Raises:
        InternalError: the value is none that the attribute can have.
    """
    if attribute.cases and value not in attribute.cases:
        raise InternalError(
            f"{attribute.name} is one of {', '.join(attribute.cases)}, not {value!r}"
        )
    if attribute.kind == "keyword":
        return ir.Attribute.parse(f"#tfl<{attribute.mnemonic} {value}>")
    try:
        return _ENCODERS[attribute.kind](value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InternalError(
            f"{attribute.name} ({attribute.kind}) cannot be {value!r}: {error}"
        ) from error


def decode(attribute: Attribute, value: ir.Attribute) -> Any:
    """The Python value of an MLIR attribute; the inverse of `encode`.

    Raises:
        ValueError: the attribute is of another kind than the table says.
    """
    if attribute.kind == "keyword":
        return str(value).removesuffix(">").rpartition(" ")[2]
    try:
        return _DECODERS[attribute.kind](value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{attribute.name} should be of kind {attribute.kind}, is {value}"
        ) from error


def _i32(value: int) -> ir.Attribute:
    return ir.IntegerAttr.get(element_type("i32"), _whole(value))


def _i64(value: int) -> ir.Attribute:
    return ir.IntegerAttr.get(element_type("i64"), _whole(value))


def _f32(value: float) -> ir.Attribute:
    return ir.FloatAttr.get(ir.F32Type.get(), float(value))


def _whole(value: int) -> int:
    if int(value) != value:
        raise ValueError("no whole number")
    return int(value)


def _dense(value: Any) -> ir.Attribute:
    return value if isinstance(value, ir.Attribute) else dense(np.asarray(value))


def _array(one: Callable[[Any], ir.Attribute]) -> Callable[[Iterable[Any]], ir.Attribute]:
    return lambda values: ir.ArrayAttr.get([one(value) for value in values])


def _items(one: Callable[[ir.Attribute], Any]) -> Callable[[ir.Attribute], tuple[Any, ...]]:
    return lambda value: tuple(one(item) for item in ir.ArrayAttr(value))


def _bytes(value: bytes) -> ir.Attribute:
    return ir.Attribute.parse(f'#tfl<{_BYTES} : "0x{value.hex().upper()}">')


def _from_bytes(value: ir.Attribute) -> bytes:
    text = str(value)
    return bytes.fromhex(text[text.index('"') + 1 : text.rindex('"')].removeprefix("0x"))


def _from_int(value: ir.Attribute) -> int:
    return ir.IntegerAttr(value).value


def _from_string(value: ir.Attribute) -> str:
    return ir.StringAttr(value).value


def _from_float(value: ir.Attribute) -> float:
    return ir.FloatAttr(value).value


def _from_type(value: ir.Attribute) -> ir.Type:
    return ir.TypeAttr(value).value


def _fields(value: Any) -> ir.Attribute:
    return value if isinstance(value, ir.Attribute) else ir.DictAttr.get(dict(value))


_ENCODERS: Mapping[AttributeKind, Callable[[Any], ir.Attribute]] = MappingProxyType({
    "bool": lambda value: ir.BoolAttr.get(bool(value)),
    "i32": _i32,
    "i64": _i64,
    "f32": _f32,
    "string": ir.StringAttr.get,
    "enum": ir.StringAttr.get,
    "i64s": _array(_i64),
    "f32s": _array(_f32),
    "strings": _array(ir.StringAttr.get),
    "bytes": _bytes,
    "type": ir.TypeAttr.get,
    "types": _array(ir.TypeAttr.get),
    "dense": _dense,
    "unit": lambda _: ir.UnitAttr.get(),
    "fields": _fields,
})  # fmt: skip

_DECODERS: Mapping[AttributeKind, Callable[[ir.Attribute], Any]] = MappingProxyType({
    "bool": lambda value: ir.BoolAttr(value).value,
    "i32": _from_int,
    "i64": _from_int,
    "f32": _from_float,
    "string": _from_string,
    "enum": _from_string,
    "i64s": _items(_from_int),
    "f32s": _items(_from_float),
    "strings": _items(_from_string),
    "bytes": _from_bytes,
    "type": _from_type,
    "types": _items(_from_type),
    "dense": array_of,
    "unit": lambda _: True,
    "fields": ir.DictAttr,
})  # fmt: skip
