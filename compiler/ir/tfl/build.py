"""Builders of tfl ops, checked against the table, and readers of their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litewright.compiler.diagnostics import InternalError

from ..mlir import ir, op_name
from .constants import no_value
from .spec import Attribute, Default, OpSpec, Slot
from .table import BY_BUILTIN, BY_FULL_NAME, OPS
from .values import decode, encode


def emit(
    name: str, operands: Sequence[ir.Value | None], result: ir.Type, **attributes: Any
) -> ir.Value:
    """Inserts a tfl op with one result at the current insertion point.

    Args:
        name: without the dialect (`fully_connected`).
        operands: None stands for an optional operand that is not there; at the end it may be left out.
        result: type of the result.
        **attributes: Python values under the names of the table; defaults are filled in.

    Raises:
        InternalError: the table has no such op, or not with these operands and attributes.
    """
    return emit_many(name, operands, [result], **attributes)[0]


def emit_many(
    name: str, operands: Sequence[ir.Value | None], results: Sequence[ir.Type], **attributes: Any
) -> list[ir.Value]:
    """Inserts a tfl op with any number of results; see `emit`."""
    spec = OPS.get(name)
    if spec is None:
        raise InternalError(f"there is no op tfl.{name}")
    missing = [None for each in spec.operands[len(operands) :] if each.optional]
    given = [*operands, *missing]
    _check_counts(spec, len(given), len(results))
    encoded = _complete(spec, attributes, len(given), results)
    values = [no_value() if operand is None else operand for operand in given]
    op = ir.Operation.create(
        spec.full_name, results=list(results), operands=values, attributes=encoded
    )
    return list(op.results)


def spec_of(op: ir.OpView | ir.Operation) -> OpSpec | None:
    """The row of an op; None if the table has none."""
    return BY_FULL_NAME.get(op_name(op))


def builtin_spec(builtin: str) -> OpSpec | None:
    """The row of a builtin operator of the schema (`FULLY_CONNECTED`); None if the table has none."""
    return BY_BUILTIN.get(builtin)


def accepts(spec: OpSpec, operand_count: int, result_count: int) -> bool:
    """Whether an op can have so many operands and results; optional operands may be left out at the end."""
    missing = sum(each.optional for each in spec.operands[operand_count:])
    return _fits(spec.operands, operand_count + missing) and _fits(spec.results, result_count)


def attribute(op: ir.OpView | ir.Operation, name: str) -> Any:
    """An attribute of a tfl op as a Python value, its default if it is not there.

    Raises:
        InternalError: the table gives the op no such attribute, or the op lacks one without default.
    """
    spec = spec_of(op)
    row = spec.by_name.get(name) if spec is not None else None
    if row is None:
        raise InternalError(f"{op_name(op)} has no attribute {name}")
    return _value(op, row)


def attributes_of(op: ir.OpView | ir.Operation) -> dict[str, Any]:
    """All attributes of a tfl op as Python values, with defaults."""
    spec = spec_of(op)
    return {row.name: _value(op, row) for row in spec.attributes} if spec is not None else {}


def callees(op: ir.OpView | ir.Operation) -> list[str]:
    """Names of the functions that an op refers to: decompositions, and what its regions call."""
    symbols = [op.attributes[key] for key in ("decomposition", "callee") if key in op.attributes]
    names = [ir.FlatSymbolRefAttr(symbol).value for symbol in symbols]
    if op_name(op) == "tfl.call_once":
        names.append(attribute(op, "session_init_function"))
    if op_name(op) == "tfl.raw":
        names += _symbols_in(op.attributes.get("fields"))
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                names += callees(inner)
    return names


def _symbols_in(value: ir.Attribute | None) -> list[str]:
    match value:
        case ir.FlatSymbolRefAttr():
            return [value.value]
        case ir.DictAttr():
            return [name for item in value for name in _symbols_in(item.attr)]
        case ir.ArrayAttr():
            return [name for item in value for name in _symbols_in(item)]
        case _:
            return []


def _value(op: ir.OpView | ir.Operation, row: Attribute) -> Any:
    found = op.attributes.get(row.name)
    if found is not None:
        return decode(row, found)
    if not isinstance(row.default, Default):
        return row.default
    return _default(BY_FULL_NAME[op_name(op)], row, len(op.operands), op.results.types)


def _default(spec: OpSpec, row: Attribute, operand_count: int, results: Sequence[ir.Type]) -> Any:
    match row.default:
        case Default.OPERAND_COUNT:
            return operand_count
        case Default.RESULT_COUNT:
            return len(results)
        case Default.RESULT_TYPE:
            return results[0]
        case Default.REQUIRED:
            raise InternalError(f"{spec.full_name} needs its attribute {row.name}")
        case plain:
            return plain


def _complete(
    spec: OpSpec, given: Mapping[str, Any], operand_count: int, results: Sequence[ir.Type]
) -> dict[str, ir.Attribute]:
    unknown = [name for name in given if name not in spec.by_name]
    if unknown:
        raise InternalError(f"{spec.full_name} has no attribute {', '.join(unknown)}")
    encoded: dict[str, ir.Attribute] = {}
    for row in spec.attributes:
        value = (
            given[row.name] if row.name in given else _default(spec, row, operand_count, results)
        )
        if value is not None:
            encoded[row.name] = encode(row, value)
    return encoded


def _check_counts(spec: OpSpec, operand_count: int, result_count: int) -> None:
    for what, slots, count in (
        ("operands", spec.operands, operand_count),
        ("results", spec.results, result_count),
    ):
        if not _fits(slots, count):
            raise InternalError(f"{spec.full_name} takes {len(slots)} {what}, not {count}")


def _fits(slots: Sequence[Slot], count: int) -> bool:
    if any(each.variadic for each in slots):
        return count >= len(slots) - 1
    return count == len(slots)
