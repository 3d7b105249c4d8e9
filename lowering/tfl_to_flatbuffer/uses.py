"""One operator of a subgraph as an op: by its row of the table, or as `tfl.raw` where no row fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.types import element_type, shape_of

from . import flexbuffer
from .options import Options, attributes_from, raw_fields
from .schema import CUSTOM, Record

_COMPOSITE = "STABLEHLO_COMPOSITE"
_COMPOSITE_NAME = re.compile(r"[a-zA-Z]\w*(\.[\w$]+)+")
# Files of old converters keep the shape of a RESHAPE here; the shape is an operand now.
_RESHAPE_OPTIONS = "ReshapeOptions"

Results = Sequence[ir.Value]


class Callees(Protocol):
    """Subgraphs as functions that ops may refer to."""

    def name_of(self, subgraph: int) -> str:
        """The name of the function."""
        ...

    def types_of(self, subgraph: int) -> tuple[list[ir.Type], list[ir.Type]]:
        """Types of its inputs and results."""
        ...


@dataclass(frozen=True, slots=True)
class Use:
    """One operator with its operands.

    Attributes:
        builtin: the schema's name of the builtin operator.
        code: its operator code.
        record: the operator.
        operands: what it reads.
        kinds: types of its results.
        scratch: types of tensors that it keeps to itself.
    """

    builtin: str
    code: Record
    record: Record
    operands: list[ir.Value]
    kinds: list[ir.Type]
    scratch: list[ir.Type]

    @property
    def options(self) -> Options | None:
        """Its options table, from whichever union."""
        return self.record["builtin_options"] or self.record["builtin_options_2"]

    @property
    def field(self) -> Record:
        """The fields of its options table; none if it has none."""
        options = self.options
        return options[1] if options is not None else {}


def emit_use(use: Use, callees: Callees) -> Results:
    """Inserts an operator as an op at the current insertion point.

    Raises:
        FormatError: it is none that this reader can keep.
    """
    if use.builtin == CUSTOM:
        return _custom(use)
    results = _composite(use, callees) if use.builtin == _COMPOSITE else None
    spec = tfl.builtin_spec(use.builtin)
    if results is None and spec is not None and _is_plain(use, spec):
        results = _known(spec, use, callees)
    return _raw(use, callees) if results is None else results


def _is_plain(use: Use, spec: tfl.OpSpec) -> bool:
    """Whether an operator has nothing that a row cannot say."""
    if use.scratch or any(use.record["mutating_variable_inputs"]):
        return False
    options = use.options
    return options is None or options[0] in {spec.options, _RESHAPE_OPTIONS}


def _known(spec: tfl.OpSpec, use: Use, callees: Callees) -> Results | None:
    """The op of a row; None if the row does not fit."""
    if spec.name == "if":
        return _if(use, callees)
    if spec.name == "while":
        return _while(use, callees)
    attributes: dict[str, Any] = attributes_from(spec, use.options)
    operands = use.operands
    if spec.name == "call_once":
        called = callees.name_of(use.field.get("init_subgraph_index", 0))
        attributes["session_init_function"] = called
    if spec.name == "reshape" and len(operands) == 1:
        operands = [*operands, _shape_operand(use)]
    if not tfl.accepts(spec, len(operands), len(use.kinds)):
        return None
    return tfl.emit_many(spec.name, operands, use.kinds, **attributes)


def _shape_operand(use: Use) -> ir.Value:
    shape: Sequence[int] = use.field.get("new_shape", ())
    if not shape and len(use.kinds) == 1:
        shape = [max(size, -1) for size in shape_of(use.kinds[0])]
    return tfl.constant(np.array(shape, np.int32))


def _custom(use: Use) -> Results:
    if use.record["large_custom_options_offset"] > 1:
        raise FormatError("a custom op with options outside the flatbuffer is not supported")
    return tfl.emit_many(
        "custom",
        use.operands,
        use.kinds,
        custom_code=use.code["custom_code"] or "",
        custom_option=bytes(use.record["custom_options"] or b""),
    )


def _composite(use: Use, callees: Callees) -> Results | None:
    name: str = use.field.get("name") or ""
    encoded = use.field.get("composite_attributes")
    if encoded is None or _COMPOSITE_NAME.fullmatch(name) is None:
        return None
    number: int = use.field["decomposition_subgraph_index"]
    if callees.types_of(number) != ([value.type for value in use.operands], use.kinds):
        return None
    attributes: dict[str, ir.Attribute] = {
        "name": ir.StringAttr.get(name),
        "composite_attributes": flexbuffer.decode(bytes(encoded)),
        "decomposition": ir.FlatSymbolRefAttr.get(callees.name_of(number)),
        "version": ir.IntegerAttr.get(element_type("i32"), use.field["version"]),
    }
    op = ir.Operation.create(
        "stablehlo.composite", results=use.kinds, operands=use.operands, attributes=attributes
    )
    return list(op.results)


def _while(use: Use, callees: Callees) -> Results | None:
    if not use.field or len(use.operands) != len(use.kinds):
        return None
    numbers: list[int] = [use.field["cond_subgraph_index"], use.field["body_subgraph_index"]]
    if any(len(callees.types_of(number)[0]) != len(use.operands) for number in numbers):
        raise FormatError("a loop's condition or body takes another number of values than the loop")
    op = ir.Operation.create(
        "tfl.while",
        results=use.kinds,
        operands=use.operands,
        attributes={"is_stateless": ir.BoolAttr.get(False)},
        regions=2,
    )
    for region, number in zip(op.regions, numbers, strict=True):
        inputs = callees.types_of(number)[0]
        block = ir.Block.create_at_start(region, inputs, [ir.Location.current] * len(inputs))
        with ir.InsertionPoint(block):
            _call(number, list(block.arguments), callees)
    return list(op.results)


def _if(use: Use, callees: Callees) -> Results | None:
    if not use.field or not use.operands:
        return None
    numbers: list[int] = [use.field["then_subgraph_index"], use.field["else_subgraph_index"]]
    condition, *given = use.operands
    if any(callees.types_of(number)[0] != [value.type for value in given] for number in numbers):
        return None
    op = ir.Operation.create("tfl.if", results=use.kinds, operands=[condition], regions=2)
    for region, number in zip(op.regions, numbers, strict=True):
        with ir.InsertionPoint(ir.Block.create_at_start(region, [])):
            _call(number, given, callees)
    return list(op.results)


def _call(number: int, operands: Sequence[ir.Value], callees: Callees) -> None:
    call = func.CallOp(callees.types_of(number)[1], callees.name_of(number), list(operands))
    ir.Operation.create("tfl.yield", operands=list(call.results))


def _raw(use: Use, callees: Callees) -> Results:
    table, fields = raw_fields(use.options, callees.name_of)
    flags: list[bool] = use.record["mutating_variable_inputs"]
    return tfl.emit_many(
        "raw",
        use.operands,
        use.kinds,
        builtin=use.builtin,
        version=use.code["version"],
        options=table,
        fields=fields,
        intermediates=use.scratch,
        mutated=[position for position, is_mutated in enumerate(flags) if is_mutated],
    )
