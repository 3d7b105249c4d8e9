"""The ops of a signature at one stage, as rows of numbers.

A row is [origin, op, type, operands, attributes]. An operand is the number of the row that makes it, or
-1 - k for argument k; where an op has several results, [row, result].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

from ...ir import hlo, tfl
from ...ir.mlir import func, ir, op_name
from ...ir.origin import origin_of
from ...ir.program import body_of, input_name, is_signature, results_of, weight_symbol
from ...ir.types import DYNAMIC, element_count, element_of, shape_of
from .origins import Origins

if TYPE_CHECKING:
    from ...ir.fx import FxProgram

Operand = int | tuple[int, int]
Row = tuple[int, int, int, list[Operand], int]


class Snapshot(TypedDict):
    """The ops of a function.

    Attributes:
        arguments: name, type, and 1 for a weight.
        ops: the rows.
        results: names and what they stand for.
    """

    arguments: list[tuple[str, int, int]]
    ops: list[Row]
    results: list[tuple[str, Operand]]


_CONSTANTS = frozenset(
    {"stablehlo.constant", "tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value"}
)
_SHOWN_ELEMENTS = 8
_SHOWN_CHARACTERS = 160
_ARRAY = re.compile(r"array<i\d+(?:: )?([^>]*)>")
_TYPED = re.compile(r"(?<=[\d.\]>]) : (?:[iuf]\d+|bf16|index|tensor<[^>]*>)")
_DIALECT = re.compile(r"#(?:stablehlo|tfl)\.?")
_STRUCTURE = re.compile(r"(?:dot|gather|scatter)<(.*)>$")
_DENSE = re.compile(r"dense<(.*)> : tensor<.*>$")
_FLOAT = re.compile(r"-?\d\.\d+[eE][+-]\d+")


def snapshot_of_function(function: func.FuncOp, origins: Origins) -> Snapshot:
    """The ops of a function. The context must be current."""
    references: dict[ir.Value, Operand] = {}
    arguments: list[tuple[str, int, int]] = []
    for argument in function.arguments:
        references[argument] = -1 - len(arguments)
        symbol = weight_symbol(argument)
        name = input_name(argument) or "" if symbol is None else symbol
        kind = origins.strings.number(type_text(argument))
        arguments.append((name, kind, int(symbol is not None)))
    rows: list[Row] = []
    for op in steps_of(function):
        operands = [references[value] for value in op.operands]
        for number, value in enumerate(op.results):
            references[value] = (len(rows), number) if number else len(rows)
        rows.append(_row(op, operands, origins))
    results = [(name, references[value]) for name, value in _results(function)]
    return {"arguments": arguments, "ops": rows, "results": results}


def _results(function: func.FuncOp) -> list[tuple[str, ir.Value]]:
    if is_signature(function):
        return results_of(function)
    returned = list(body_of(function).operations)[-1].operands
    return [(f"result{number}", value) for number, value in enumerate(returned)]


def steps_of(function: func.FuncOp) -> Iterator[ir.OpView]:
    """The ops that get a row: all but the return."""
    return (op for op in body_of(function).operations if op_name(op) != "func.return")


def _row(op: ir.OpView, operands: list[Operand], origins: Origins) -> Row:
    number = origins.strings.number
    types = ", ".join(type_text(result) for result in op.results)
    origin = origins.origin(origin_of(op.location))
    return (origin, number(kind_of(op)), number(types), operands, number(_attributes_text(op)))


def kind_of(op: ir.OpView) -> str:
    """What an op does, without its dialect if that is one of ours: `reduce add`, `composite aten.gelu`."""
    full = op_name(op)
    dialect, _, name = full.partition(".")
    if full == "stablehlo.composite":
        return f"composite {hlo.composite_name(op)}"
    if full == "stablehlo.reduce":
        return f"reduce {(hlo.reduction_kind(op) or '').removeprefix('stablehlo.')}".strip()
    return name if dialect in {"stablehlo", "tfl"} else full


def is_constant(op: ir.OpView) -> bool:
    """Whether an op holds numbers and computes none."""
    return op_name(op) in _CONSTANTS


def _attributes_text(op: ir.OpView) -> str:
    if is_constant(op):
        return _constant_text(op)
    if op_name(op) == "stablehlo.composite":
        given = op.attributes
        text = str(given["composite_attributes"]) if "composite_attributes" in given else "{}"
        return _short(text.strip("{}"))
    shown = _tfl_attributes(op) if op_name(op).startswith("tfl.") else _attributes(op)
    return ", ".join(shown)


def _attributes(op: ir.OpView) -> Iterator[str]:
    for key in op.attributes:
        text = _short(str(op.attributes[key]))
        structure = _STRUCTURE.match(text)
        # `dot_dimension_numbers = dot<lhs_contracting_dimensions = [1], ...>`
        named = structure[1].replace("_dimensions", "") if structure is not None else ""
        yield named or f"{key} = {text}"


def _tfl_attributes(op: ir.OpView) -> Iterator[str]:
    """Those that are not what a missing attribute means."""
    spec = tfl.spec_of(op)
    for key in op.attributes:
        row = spec.by_name.get(key) if spec is not None else None
        if row is None or tfl.attribute(op, key) != row.default:
            yield f"{key} = {_short(str(op.attributes[key]))}"


def _constant_text(op: ir.OpView) -> str:
    """The numbers of a constant; empty if they are many."""
    if op_name(op) == "tfl.no_value" or "value" not in op.attributes:
        return "none"
    attribute = op.attributes["value"]
    if element_count(shape_of(op.results[0])) > _SHOWN_ELEMENTS and not _is_splat(attribute):
        return ""
    found = _DENSE.match(str(attribute))
    return _short(found[1] if found is not None else str(attribute))


def _is_splat(attribute: ir.Attribute) -> bool:
    try:
        return ir.DenseElementsAttr(attribute).is_splat
    except ValueError:
        return False


def _short(text: str) -> str:
    text = _ARRAY.sub(lambda found: f"[{found[1]}]", text)
    text = _DIALECT.sub("", _TYPED.sub("", text))
    text = _FLOAT.sub(lambda found: f"{float(found[0]):.6g}", text)
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def type_text(value: ir.Value) -> str:
    """`f32[1,?,64]`."""
    try:
        shape = shape_of(value)
    except ValueError:
        return str(value.type)
    sizes = ",".join("?" if size == DYNAMIC else str(size) for size in shape)
    return f"{element_of(value)}[{sizes}]"


def snapshot_of_graph(program: FxProgram, origins: Origins) -> Snapshot:
    """The nodes of a captured signature, and the classes of the modules that they are in."""
    from .graphs import snapshot

    return snapshot(program, origins)
