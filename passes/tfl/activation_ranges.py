"""Ranges that calibration has found, on the ops and arguments that make the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import body_of, inputs_of
from litewright.compiler.quantize.ranges import Range

RANGE = "litewright.range"
"""Attribute: lowest and highest number that calibration has seen; of an op, one pair for each result."""


def write_ranges(function: func.FuncOp, ranges: Mapping[ir.Value, Range]) -> None:
    """Writes ranges on the ops and arguments of a function that make values."""
    for op in body_of(function).operations:
        if any(value in ranges for value in op.results):
            op.attributes[RANGE] = ir.ArrayAttr.get([_pair_of(ranges.get(v)) for v in op.results])
    entries = _argument_entries(function)
    for argument in inputs_of(function):
        if argument in ranges:
            own = {each.name: each.attr for each in entries[argument.arg_number]}
            entries[argument.arg_number] = ir.DictAttr.get(
                own | {RANGE: _pair_of(ranges[argument])}
            )
    if entries:
        function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)


def ranges_of(function: func.FuncOp) -> dict[ir.Value, Range]:
    """The ranges that are written on values of a function."""
    found: dict[ir.Value, Range] = {}
    for op in body_of(function).operations:
        if RANGE in op.attributes:
            pairs = ir.ArrayAttr(op.attributes[RANGE])
            found |= {v: r for v, p in zip(op.results, pairs, strict=True) if (r := _range_of(p))}
    for argument, entry in zip(function.arguments, _argument_entries(function), strict=False):
        if RANGE in entry and (known := _range_of(entry[RANGE])):
            found[argument] = known
    return found


def forget_ranges(function: func.FuncOp) -> None:
    """Removes them."""
    for op in body_of(function).operations:
        if RANGE in op.attributes:
            del op.attributes[RANGE]
    entries = [
        ir.DictAttr.get({each.name: each.attr for each in entry if each.name != RANGE})
        for entry in _argument_entries(function)
    ]
    if entries:
        function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)


def _argument_entries(function: func.FuncOp) -> list[ir.DictAttr]:
    own = function.attributes.get("arg_attrs")
    return list(_dictionaries(own)) if own is not None else []


def _dictionaries(entries: ir.Attribute) -> Iterator[ir.DictAttr]:
    return (ir.DictAttr(each) for each in ir.ArrayAttr(entries))


def _pair_of(found: Range | None) -> ir.Attribute:
    double = ir.F64Type.get()
    return ir.ArrayAttr.get([ir.FloatAttr.get(double, number) for number in found or ()])


def _range_of(pair: ir.Attribute) -> Range | None:
    numbers = [ir.FloatAttr(each).value for each in ir.ArrayAttr(pair)]
    return (numbers[0], numbers[1]) if numbers else None
