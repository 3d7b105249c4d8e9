"""Our schema against the classes that ai-edge-litert ships, and the table of ops against our schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as theirs

from litewright.compiler.ir import tfl
from litewright.lowering.tfl_to_flatbuffer.schema import (
    BUILTIN_CODES,
    ELEMENT_NAMES,
    TABLE_BY_NAME,
    UNION_MEMBERS,
    Field,
)

_PREPEND = {
    "bool": "Bool", "byte": "Int8", "ubyte": "Uint8", "int": "Int32", "uint": "Uint32", "long": "Int64",
    "ulong": "Uint64", "float": "Float32",
}  # fmt: skip


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _adder(table: str, field: Field) -> Callable[..., Any]:
    camel = "".join(part[:1].upper() + part[1:] for part in field.name.split("_"))
    return getattr(theirs, f"{table}Add{camel}")


@pytest.mark.parametrize("name", TABLE_BY_NAME)
def test_table(name: str) -> None:
    table = TABLE_BY_NAME[name]
    unions = {f"{_plain(f.name)}type" for f in table.fields.values() if f.kind == "union"}
    own = {_plain(field) for field in table.fields} | unions
    assert own == {key.lower() for key in vars(getattr(theirs, f"{name}T")())}
    for field in table.fields.values():
        _assert_same_field(name, field)


def _assert_same_field(table: str, field: Field) -> None:
    source = inspect.getsource(_adder(table, field))
    found = re.search(r"Prepend(\w+)Slot\((\d+), .*, ([^,]+)\)\s*$", source.strip())
    assert found is not None, source
    kind, slot, default = found.groups()
    assert int(slot) == field.slot + (field.kind == "union")
    if field.kind == "scalar":
        assert kind == _PREPEND[field.type]
        assert float(default) == field.default


def _numbers(enumeration: type) -> Iterator[tuple[str, int]]:
    return ((name, value) for name, value in vars(enumeration).items() if name[0].isupper())


def test_builtin_operators() -> None:
    assert dict(_numbers(theirs.BuiltinOperator)) == BUILTIN_CODES


@pytest.mark.parametrize("name", UNION_MEMBERS)
def test_union(name: str) -> None:
    expected = {member: number for member, number in _numbers(getattr(theirs, name)) if number}
    assert {member: number for number, member in enumerate(UNION_MEMBERS[name], 1)} == expected


def test_element_types() -> None:
    spelt = {"FLOAT": "f", "INT": "i", "UINT": "ui", "BFLOAT": "bf"}
    for name, number in _numbers(theirs.TensorType):
        letters, digits = re.fullmatch(r"([A-Z]+)(.*)", name).groups()  # pyright: ignore[reportOptionalMemberAccess]
        if letters in spelt and digits.isdigit():
            assert ELEMENT_NAMES[number] == spelt[letters] + digits
    assert len(ELEMENT_NAMES) == len(dict(_numbers(theirs.TensorType)))


# Fields that no attribute stands for: a function's number, and types that the kernel reads from tensors.
_ELSEWHERE = frozenset({"init_subgraph_index", "in_data_type", "out_data_type"})


@pytest.mark.parametrize("name", tfl.OPS)
def test_row_fits_the_schema(name: str) -> None:
    row = tfl.OPS[name]
    options = [each.option for each in row.attributes if each.option is not None]
    options += [each.field for each in row.derived]
    options += [f"{region}_subgraph_index" for region in row.regions]
    if row.builtin:
        assert row.builtin in BUILTIN_CODES
    if row.options:
        known = set(TABLE_BY_NAME[row.options].fields)
        assert known - set(options) <= _ELSEWHERE
        assert set(options) <= known
        assert any(
            row.options in UNION_MEMBERS[union] for union in ("BuiltinOptions", "BuiltinOptions2")
        )
    else:
        assert not options


_ENUMERATIONS = {
    "fused_activation_function": theirs.ActivationFunctionType,
    "padding": theirs.Padding,
    "weights_format": theirs.FullyConnectedOptionsWeightsFormat,
    "mode": theirs.MirrorPadMode,
}


def test_cases_are_in_the_order_of_the_schema() -> None:
    for row in tfl.OPS.values():
        for attribute in row.attributes:
            if attribute.cases:
                expected = dict(_numbers(_ENUMERATIONS[attribute.name]))
                assert {case: number for number, case in enumerate(attribute.cases)} == expected
