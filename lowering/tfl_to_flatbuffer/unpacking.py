"""Unpacks a flatbuffer into records, trusting none of its bytes.

Every offset and length is held against the end of the file before it is used, and what is unpacked
altogether against the file's size: a forged file can neither send the reader outside nor make it build
more than a small multiple of itself (tables that share children could otherwise).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from litewright.compiler.diagnostics import FormatError

from .schema import IDENTIFIER, SCALARS, TABLE_BY_NAME, UNION_MEMBERS, Field, Record, Table

Buffer = bytes | bytearray | memoryview

_OFFSET = struct.Struct("<I")
_SIGNED_OFFSET = struct.Struct("<i")
_VTABLE_ENTRY = struct.Struct("<H")

# Bytes that may be unpacked for each byte of the file. Packers share vtables, strings and sometimes
# vectors, so a sound file comes to a little more than 1.
_SHARING = 8
_ALLOWANCE = 1 << 20


def unpack(data: Buffer, table: str = "Model") -> Record:
    """The record that a TFLite flatbuffer holds.

    Vectors of bytes are not copied but come as a `View`, None where absent; other vectors are lists, empty where
    absent.

    Raises:
        FormatError: the bytes are no sound flatbuffer of this schema.
    """
    if len(data) < 8 or bytes(data[4:8]) != IDENTIFIER:
        raise FormatError("not a TFLite file: it does not carry the identifier TFL3")
    return _Unpacker(data).root(TABLE_BY_NAME[table])


@dataclass(frozen=True, slots=True)
class View:
    """A vector of bytes where it lies in the file.

    Attributes:
        data: the bytes, not copied.
        start: their position in the file.
    """

    data: memoryview
    start: int

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    def __len__(self) -> int:
        return len(self.data)


class _Unpacker:
    def __init__(self, data: Buffer) -> None:
        self._data = memoryview(data)
        self._budget = _SHARING * len(data) + _ALLOWANCE

    def root(self, table: Table) -> Record:
        return self._table(table, self._follow(0))

    def _table(self, table: Table, position: int) -> Record:
        vtable = position - self._number(_SIGNED_OFFSET, position)
        vtable_size = self._number(_VTABLE_ENTRY, vtable)
        size = self._number(_VTABLE_ENTRY, vtable + 2)
        self._claim(position, size)
        self._inside(vtable, vtable_size)
        self._inside(position, size)

        def place(slot: int, width: int) -> int:
            entry = 4 + 2 * slot
            offset = self._number(_VTABLE_ENTRY, vtable + entry) if entry + 2 <= vtable_size else 0
            if offset and offset + width > size:
                raise FormatError(f"corrupt: a field of {table.name} lies outside its table")
            return position + offset if offset else 0

        return {name: self._field(field, place) for name, field in table.fields.items()}

    def _field(self, field: Field, place: Callable[[int, int], int]) -> Any:
        at = place(field.slot, 1 if field.kind == "union" else field.size)
        match field.kind:
            case "scalar":
                return self._number(SCALARS[field.type], at) if at else field.default
            case "union":
                return self._union(field, at, place(field.slot + 1, 4))
            case "table":
                return self._table(TABLE_BY_NAME[field.type], self._follow(at)) if at else None
            case "string":
                return self._string(self._follow(at)) if at else None
            case "scalars":
                return self._scalars(field.type, self._follow(at)) if at else _absent(field)
            case "strings" | "tables":
                return self._many(field, self._follow(at)) if at else []

    def _union(self, field: Field, tag_at: int, at: int) -> tuple[str, Record] | None:
        tag = self._data[tag_at] if tag_at else 0
        if tag == 0 or not at:
            return None
        members = UNION_MEMBERS[field.type]
        if tag > len(members):
            raise FormatError(
                f"{field.name}: member {tag} of {field.type} is not known; the file is newer than this reader"
            )
        member = members[tag - 1]
        return member, self._table(TABLE_BY_NAME[member], self._follow(at))

    def _many(self, field: Field, position: int) -> list[Any]:
        count = self._number(_OFFSET, position)
        self._claim(position + 4, 4 * count)
        places = [self._follow(position + 4 + 4 * index) for index in range(count)]
        if field.kind == "strings":
            return [self._string(place) for place in places]
        table = TABLE_BY_NAME[field.type]
        return [self._table(table, place) for place in places]

    def _string(self, position: int) -> str:
        size = self._number(_OFFSET, position)
        self._claim(position + 4, size)
        # What runtimes take for the string ends at the first zero byte, whatever its length says.
        text = bytes(self._data[position + 4 : position + 4 + size]).partition(b"\0")[0]
        return text.decode("utf-8", "replace")

    def _scalars(self, kind: str, position: int) -> Any:
        count = self._number(_OFFSET, position)
        size = count * SCALARS[kind].size
        if kind == "ubyte":
            self._inside(position + 4, size)
            return View(self._data[position + 4 : position + 4 + size], position + 4)
        self._claim(position + 4, size)
        code = np.dtype(SCALARS[kind].format[1:]).newbyteorder("<")
        return np.frombuffer(self._data, code, count, position + 4).tolist()

    def _follow(self, at: int) -> int:
        return at + self._number(_OFFSET, at)

    def _number(self, kind: struct.Struct, at: int) -> Any:
        self._inside(at, kind.size)
        return kind.unpack_from(self._data, at)[0]

    def _inside(self, position: int, size: int) -> None:
        if position < 0 or size < 0 or position + size > len(self._data):
            raise FormatError("truncated or corrupt: it points past its own end")

    def _claim(self, position: int, size: int) -> None:
        """Checks a range and counts it towards what may be unpacked."""
        self._inside(position, size)
        self._budget -= size + 16
        if self._budget < 0:
            raise FormatError("corrupt: its tables share more than any sound file does")


def _absent(field: Field) -> Any:
    return None if field.type == "ubyte" else []
