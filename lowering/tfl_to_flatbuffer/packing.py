"""Packs records into a flatbuffer, guided by the schema.

A flatbuffer may be laid out in any order as long as offsets to children point forward. This packer
writes forward: a table, then its children in the order of their slots. So positions are final as soon
as they are written, vectors of bytes can be aligned (the packers that flatc generates for Python ignore
`force_align`), and a number that is not known yet can be filled in later.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .schema import IDENTIFIER, SCALARS, TABLE_BY_NAME, UNION_MEMBERS, Field, Record, Table

BYTES_ALIGNMENT = 16
"""Alignment of vectors of bytes, which may be the contents of tensors."""

_OFFSET = struct.Struct("<I")
_SIGNED_OFFSET = struct.Struct("<i")
_VTABLE_ENTRY = struct.Struct("<H")


@dataclass(slots=True, eq=False)
class Later:
    """A 64-bit number that is filled in after packing.

    Attributes:
        position: where it lies in the packed bytes.
    """

    position: int = 0

    def fill(self, packed: bytearray, number: int) -> None:
        """Writes the number into the packed bytes."""
        SCALARS["ulong"].pack_into(packed, self.position, number)


@dataclass(slots=True, eq=False)
class LaterFloats:
    """A vector of floats that is filled in after packing, wherever it stands.

    Attributes:
        length: how many there are.
        positions: where the vectors lie in the packed bytes.
    """

    length: int
    positions: list[int] = dataclasses.field(default_factory=list[int])

    def fill(self, packed: bytearray, numbers: Sequence[float]) -> None:
        """Writes the numbers into the packed bytes."""
        data = struct.pack(f"<{self.length}f", *numbers)
        for position in self.positions:
            packed[position : position + len(data)] = data


def pack(record: Record, table: str = "Model") -> bytearray:
    """The flatbuffer of a record, with the file identifier of TFLite.

    Fields that equal their default are left out, as everywhere with flatbuffers; `Later` fields are not.
    """
    packer = _Packer()
    packer.data += bytes(4) + IDENTIFIER
    root = packer.table(TABLE_BY_NAME[table], record)
    _OFFSET.pack_into(packer.data, 0, root)
    return packer.data


class _Packer:
    def __init__(self) -> None:
        self.data = bytearray()
        self._vtables: dict[bytes, int] = {}
        self._shapes: dict[tuple[str, ...], tuple[dict[int, int], int, int, int]] = {}

    def table(self, table: Table, record: Record) -> int:
        """Appends a table and its children; returns its position."""
        present = _present(table, record)
        places, size, alignment, vtable = self._shape(table, [field for field, _ in present])
        # The first thing in a table is the offset back to its vtable; the widest fields follow it.
        self._align(alignment, 4)
        position = len(self.data)
        self.data += bytes(size)
        _SIGNED_OFFSET.pack_into(self.data, position, position - vtable)
        for field, value in present:
            if field.kind == "scalar":
                self._scalar(field, value, position + places[field.slot])
        for field, value in present:
            if field.kind == "union":
                self._union(
                    field, value, position + places[field.slot], position + places[field.slot + 1]
                )
            elif field.kind != "scalar":
                self._child(field, value, position + places[field.slot])
        return position

    def _shape(self, table: Table, fields: Sequence[Field]) -> tuple[dict[int, int], int, int, int]:
        """What `_layout` says of a table with these fields, and the position of its vtable."""
        key = (table.name, *(field.name for field in fields))
        found = self._shapes.get(key)
        if found is None:
            places, size, alignment = _layout(fields)
            found = self._shapes[key] = places, size, alignment, self._vtable(places, size)
        return found

    def _scalar(self, field: Field, value: Any, at: int) -> None:
        if isinstance(value, Later):
            value.position = at
            value = 1
        SCALARS[field.type].pack_into(self.data, at, value)

    def _union(self, field: Field, value: tuple[str, Record], tag_at: int, at: int) -> None:
        member, record = value
        self.data[tag_at] = UNION_MEMBERS[field.type].index(member) + 1
        _OFFSET.pack_into(self.data, at, self.table(TABLE_BY_NAME[member], record) - at)

    def _child(self, field: Field, value: Any, at: int) -> None:
        match field.kind:
            case "table":
                child = self.table(TABLE_BY_NAME[field.type], value)
            case "string":
                child = self._string(value)
            case "scalars":
                child = self._scalars(field.type, value)
            case _:
                child = self._many(field, value)
        _OFFSET.pack_into(self.data, at, child - at)

    def _many(self, field: Field, values: Sequence[Any]) -> int:
        self._align(4)
        position = len(self.data)
        self.data += _OFFSET.pack(len(values)) + bytes(4 * len(values))
        for index, value in enumerate(values):
            at = position + 4 + 4 * index
            text = field.kind == "strings"
            child = self._string(value) if text else self.table(TABLE_BY_NAME[field.type], value)
            _OFFSET.pack_into(self.data, at, child - at)
        return position

    def _string(self, text: str) -> int:
        self._align(4)
        position = len(self.data)
        encoded = text.encode()
        self.data += _OFFSET.pack(len(encoded)) + encoded + b"\0"
        return position

    def _scalars(self, kind: str, values: Any) -> int:
        scalar = SCALARS[kind]
        if isinstance(values, LaterFloats):
            packed, alignment = bytes(values.length * scalar.size), max(scalar.size, 4)
        elif kind == "ubyte":
            packed, alignment = bytes(values), BYTES_ALIGNMENT
        else:
            packed = struct.pack(f"<{len(values)}{scalar.format[1:]}", *values)
            alignment = max(scalar.size, 4)
        self._align(alignment, 4)
        position = len(self.data)
        self.data += _OFFSET.pack(len(packed) // scalar.size) + packed
        if isinstance(values, LaterFloats):
            values.positions.append(position + _OFFSET.size)
        return position

    def _vtable(self, places: dict[int, int], size: int) -> int:
        slots = max(places, default=-1) + 1
        entries = [4 + 2 * slots, size, *(places.get(slot, 0) for slot in range(slots))]
        encoded = b"".join(map(_VTABLE_ENTRY.pack, entries))
        if encoded not in self._vtables:
            self._align(2)
            self._vtables[encoded] = len(self.data)
            self.data += encoded
        return self._vtables[encoded]

    def _align(self, alignment: int, after: int = 0) -> None:
        """Pads so that what comes `after` bytes from here is aligned."""
        self.data += bytes(-(len(self.data) + after) % alignment)


def _present(table: Table, record: Record) -> list[tuple[Field, Any]]:
    """The fields that are written, with their values: those that are there and not at their default."""
    present: list[tuple[Field, Any]] = []
    for name, field in table.fields.items():
        value = record.get(name)
        if value is not None and (field.kind != "scalar" or value != field.default):
            present.append((field, value))
    return present


def _layout(fields: Sequence[Field]) -> tuple[dict[int, int], int, int]:
    """Offset of each slot in a table, widest first; the table's size; its alignment behind the first 4 bytes."""
    slots: list[tuple[int, int]] = []
    for field in fields:
        slots += (
            [(1, field.slot), (4, field.slot + 1)]
            if field.kind == "union"
            else [(field.size, field.slot)]
        )
    places: dict[int, int] = {}
    size = 4
    for width, slot in sorted(slots, key=lambda pair: (-pair[0], pair[1])):
        places[slot] = size
        size += width
    return places, size, max([4, *(width for width, _ in slots)])
