"""Attributes of ops and option tables of the schema, either made from the other through the table of ops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from litewright.compiler.diagnostics import FormatError, InternalError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import storage_of
from litewright.compiler.ir.tfl.spec import Attribute, OpSpec
from litewright.compiler.ir.types import element_type

from .schema import ELEMENT_CODES, ELEMENT_NAMES, TABLE_BY_NAME, Field, Record
from .unpacking import View

Options = tuple[str, Record]
SubgraphIndex = Callable[[str], int]
"""The number of the subgraph that a function becomes."""


def options_of(op: ir.OpView, spec: OpSpec, index_of: SubgraphIndex) -> Options | None:
    """The options table of an op and its contents; None if it has none, or one that would say nothing."""
    if spec.name == "raw":
        return _raw_options(op, index_of)
    says_something = spec.derived or spec.regions or spec.name == "call_once"
    if not (says_something or any(row.option is not None for row in spec.attributes)):
        return None
    record: Record = {}
    for row in spec.attributes:
        if row.option is not None and row.name in op.attributes:
            record[row.option] = _number(row, tfl.attribute(op, row.name))
    for derived in spec.derived:
        value = (
            op.operands[derived.operand]
            if derived.operand is not None
            else op.results[derived.result or 0]
        )
        record[derived.field] = element_code(ir.RankedTensorType(value.type).element_type)
    for region, name in zip(spec.regions, called_functions(op), strict=False):
        record[f"{region}_subgraph_index"] = index_of(name)
    if spec.name == "call_once":
        record["init_subgraph_index"] = index_of(tfl.attribute(op, "session_init_function"))
    return spec.options, record


def attributes_from(spec: OpSpec, options: Options | None) -> dict[str, Any]:
    """The attributes, as Python values, that an options table stands for.

    A file without the table, or with another one, means the schema's defaults.

    Raises:
        FormatError: an enumeration holds a number that the schema does not have.
    """
    found = options[1] if options is not None and options[0] == spec.options else {}
    attributes: dict[str, Any] = {}
    for row in spec.attributes:
        if row.option is None or not spec.options:
            continue
        fields = TABLE_BY_NAME[spec.options].fields
        absent = _absent(fields[row.option])
        value = found.get(row.option, absent)
        if row.default is not None or value not in (None, absent):
            attributes[row.name] = _value(row, value)
    return attributes


def called_functions(op: ir.OpView) -> list[str]:
    """The function that each region of an op calls."""
    return [ir.FlatSymbolRefAttr(call.attributes["callee"]).value for call in calls_of(op)]


def calls_of(op: ir.OpView) -> list[ir.OpView]:
    """The call in each region of an op.

    Raises:
        InternalError: a region is more than one call and a yield.
    """
    calls: list[ir.OpView] = []
    for region in op.regions:
        body = list(region.blocks[0].operations)
        if (
            len(body) != 2
            or "callee" not in body[0].attributes
            or list(body[0].results) != list(body[1].operands)
        ):
            raise InternalError(
                f"{op.operation.name}: a region must be one call whose results it yields"
            )
        calls.append(body[0])
    return calls


def element_code(element: ir.Type) -> int:
    """The schema's number of an element type."""
    return ELEMENT_CODES[str(storage_of(element))]


def element_of_code(code: int) -> ir.Type:
    """The element type of a number in a file.

    Raises:
        FormatError: the schema has no such number.
    """
    if not 0 <= code < len(ELEMENT_NAMES):
        raise FormatError(
            f"a tensor has element type {code}, which is not known; the file is newer than this reader"
        )
    return ir.Type.parse(ELEMENT_NAMES[code])


def subgraphs_in(options: Options | None) -> Iterator[int]:
    """The numbers of subgraphs that an options table holds."""
    for key, value in options[1].items() if options is not None else ():
        if _is_subgraph(key):
            yield from cast("list[int]", value) if isinstance(value, list) else [value]


def _is_subgraph(field: str) -> bool:
    return field.endswith(("subgraph_index", "subgraph_indices")) or field in {
        "subgraph",
        "called_computations",
    }


# ---- ops without a row of their own --------------------------------------------------------------


def raw_fields(
    options: Options | None, function_of: Callable[[int], str]
) -> tuple[str, ir.Attribute | None]:
    """Name and contents of any options table, for `tfl.raw`."""
    if options is None:
        return "", None
    name, record = options
    entries: dict[str, ir.Attribute] = {}
    for key, value in record.items():
        field = TABLE_BY_NAME[name].fields[key]
        if value is None or (field.kind == "scalar" and value == field.default):
            continue
        if not _is_subgraph(key):
            entries[key] = _generic(field.type, value)
        elif isinstance(value, list):
            names = map(function_of, cast("list[int]", value))
            entries[key] = ir.ArrayAttr.get([ir.FlatSymbolRefAttr.get(name) for name in names])
        else:
            entries[key] = ir.FlatSymbolRefAttr.get(function_of(value))
    return name, ir.DictAttr.get(entries)


def _raw_options(op: ir.OpView, index_of: SubgraphIndex) -> Options | None:
    name: str = tfl.attribute(op, "options")
    if not name:
        return None
    entries = tfl.attribute(op, "fields")
    return name, {
        each.name: _plain(each.attr, index_of) for each in entries
    } if entries is not None else {}


def _generic(kind: str, value: Any) -> ir.Attribute:
    if isinstance(value, View):
        return ir.Attribute.parse(f'#tfl<const_bytes : "0x{bytes(value).hex().upper()}">')
    if isinstance(value, list):
        return ir.ArrayAttr.get([_generic(kind, item) for item in cast("list[Any]", value)])
    if isinstance(value, bool):
        return ir.BoolAttr.get(value)
    if isinstance(value, str):
        return ir.StringAttr.get(value)
    if kind in {"float", "double"}:
        return ir.FloatAttr.get(element_type("f32"), value)
    return ir.IntegerAttr.get(element_type("i64"), value)


def _plain(value: ir.Attribute, index_of: SubgraphIndex) -> Any:
    match value:
        case ir.FlatSymbolRefAttr():
            return index_of(value.value)
        case ir.ArrayAttr():
            items: list[Any] = [_plain(item, index_of) for item in value]
            return items
        case ir.BoolAttr() | ir.IntegerAttr() | ir.FloatAttr() | ir.StringAttr():
            return value.value
        case _:
            text = str(value)
            return bytes.fromhex(text[text.index("0x") + 2 : text.rindex('"')])


# ---- single values -------------------------------------------------------------------------------


def _absent(field: Field) -> Any:
    """What a field that is not there holds."""
    if field.kind == "scalar":
        return field.default
    return [] if field.kind in {"scalars", "strings"} and field.type != "ubyte" else None


def _number(row: Attribute, value: Any) -> Any:
    if row.cases:
        return row.cases.index(str(value))
    if row.kind == "type":
        return element_code(value)
    return value


def _value(row: Attribute, number: Any) -> Any:
    if row.cases:
        if not 0 <= number < len(row.cases):
            raise FormatError(
                f"{row.name} is {number}, which is not known; the file is newer than this reader"
            )
        return row.cases[int(number)]
    if row.kind == "type":
        return element_of_code(number)
    if row.kind == "string":
        return number or ""
    return bytes(number or b"") if row.kind == "bytes" else number
