"""The flatbuffer schema as data: tables with slots and types, unions, and the numbers of enumerations."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from .schema_text import BUILTIN_OPERATORS, ELEMENT_TYPES, TABLES, UNIONS

Record = dict[str, Any]
"""A table's fields by name. Absent fields are left out or None. A union is a pair of member and record."""

FieldKind = Literal["scalar", "string", "table", "union", "scalars", "strings", "tables"]

IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
CUSTOM = "CUSTOM"

SCALARS: Mapping[str, struct.Struct] = MappingProxyType({
    name: struct.Struct(f"<{code}")
    for name, code in (
        ("bool", "?"), ("byte", "b"), ("ubyte", "B"), ("short", "h"), ("ushort", "H"), ("int", "i"), ("uint", "I"),
        ("long", "q"), ("ulong", "Q"), ("float", "f"), ("double", "d"),
    )
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a table.

    Attributes:
        name: as the schema spells it.
        slot: its number in the table's vtable; a union takes two, the first for its member.
        kind: what the slot holds.
        type: scalar type, table or union.
        default: of a scalar.
    """

    name: str
    slot: int
    kind: FieldKind
    type: str
    default: int | float | bool = 0

    @property
    def size(self) -> int:
        """Bytes in the table itself, which are also its alignment."""
        return SCALARS[self.type].size if self.kind == "scalar" else 4


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the schema.

    Attributes:
        name: as the schema spells it.
        fields: by name, in the order of slots.
    """

    name: str
    fields: Mapping[str, Field]


def _kind(text: str) -> tuple[FieldKind, str]:
    inner = text.strip("[]{}")
    if text.startswith("{"):
        return "union", inner
    if text.startswith("["):
        return (
            "strings" if inner == "string" else "scalars" if inner in SCALARS else "tables"
        ), inner
    return ("string" if inner == "string" else "scalar" if inner in SCALARS else "table"), inner


def _table(line: str) -> Table:
    name, *entries = line.split()
    fields: dict[str, Field] = {}
    slot = 0
    for entry in entries:
        if entry == "-":
            slot += 1
            continue
        label, _, rest = entry.partition(":")
        spelt, _, default = rest.partition("=")
        kind, kind_type = _kind(spelt)
        value = default == "true" if spelt == "bool" else int(default or 0)
        fields[label] = Field(label, slot, kind, kind_type, value)
        slot += 2 if kind == "union" else 1
    return Table(name, MappingProxyType(fields))


TABLE_BY_NAME: Mapping[str, Table] = MappingProxyType({
    table.name: table for table in map(_table, filter(None, TABLES.strip().split("\n")))
})  # fmt: skip
UNION_MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    name: tuple(text.split()) for name, text in UNIONS.items()
})  # fmt: skip
SECOND_OPTIONS = frozenset(UNION_MEMBERS["BuiltinOptions2"])

BUILTIN_NAMES: tuple[str, ...] = tuple(BUILTIN_OPERATORS.split())
BUILTIN_CODES: Mapping[str, int] = MappingProxyType(
    {name: code for code, name in enumerate(BUILTIN_NAMES)}
)

ELEMENT_NAMES: tuple[str, ...] = tuple(ELEMENT_TYPES.split())
ELEMENT_CODES: Mapping[str, int] = MappingProxyType(
    {name: code for code, name in enumerate(ELEMENT_NAMES)}
)
