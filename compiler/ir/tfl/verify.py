"""The verifier of tfl programs: MLIR's own rules, then each op against its row of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litewright.compiler.diagnostics import VerifyError

from ..mlir import ir, op_name
from ..origin import origin_of
from ..program import Program, body_of
from ..quantized_type import quantized_type_of, weight_quantization_of
from ..types import DYNAMIC, shape_of
from .build import attributes_of, spec_of
from .facts import OpFacts, TensorFact
from .shapes import ShapeError
from .spec import Default, OpSpec, Slot
from .values import decode

# Beside the ops of the table: what ties functions together.
_STRUCTURE = frozenset({"func.return", "func.call", "stablehlo.composite"})


def verify(program: Program) -> None:
    """Checks a tfl program.

    Raises:
        VerifyError: names the first op that breaks a rule, with its origin and what it broke.
    """
    verify_module(program)
    for function in program.functions():
        for op in body_of(function).operations:
            verify_op(op)


def verify_module(program: Program) -> None:
    """Checks what MLIR itself knows of a module.

    Raises:
        VerifyError: names MLIR's complaint and its origin.
    """
    try:
        program.module.operation.verify()
    except ir.MLIRError as error:
        found = error.error_diagnostics
        where = f", {origin_of(found[0].location)}" if found else ""
        raise VerifyError(
            f"MLIR refuses the module: {found[0].message if found else error}{where}"
        ) from error


def verify_op(op: ir.OpView) -> None:
    """Checks a tfl op against its row of the table.

    Raises:
        VerifyError: names the op, its origin and what it broke.
    """
    complaint = next(complaints(op), None)
    if complaint is not None:
        raise VerifyError(f"{op_name(op)}: {complaint}, {origin_of(op.location)}")


def complaints(op: ir.OpView) -> Iterator[str]:
    """What is wrong with an op, if anything."""
    spec = spec_of(op)
    if spec is None:
        if op_name(op) not in _STRUCTURE:
            yield "no op of tfl"
        return
    found = list(_about_values(spec.operands, op.operands, "operand"))
    found += _about_values(spec.results, op.results, "result")
    found += _about_attributes(spec, op)
    yield from found
    if not found and spec.shapes is not None:
        yield from _about_shapes(spec, op)


def facts_of(op: ir.OpView) -> OpFacts:
    """What the rules of the table may know about an op."""
    return OpFacts(
        operands=tuple(tensor_fact(value) for value in op.operands),
        results=tuple(fact for value in op.results if (fact := tensor_fact(value)) is not None),
        attributes=attributes_of(op),
    )


def tensor_fact(value: ir.Value) -> TensorFact | None:
    """Element type, shape and quantisation of a value; None for no value."""
    kind = value.type
    if isinstance(kind, ir.NoneType):
        return None
    tensor = ir.RankedTensorType(kind)
    element, shape = tensor.element_type, tuple(tensor.shape)
    quantized = quantized_type_of(element)
    if quantized is not None:
        if quantized.axis is not None:
            return TensorFact(f"q{quantized.storage}", shape, "axis")
        return TensorFact(f"q{quantized.storage}", shape, "tensor", quantized.scales[0])
    weight = weight_quantization_of(value)
    if weight is not None:
        granularity = (
            "block"
            if weight.block_size is not None
            else "tensor"
            if weight.axis is None
            else "axis"
        )
        return TensorFact(f"q{element}", shape, granularity)
    return TensorFact(str(element), shape)


def _about_values(slots: Sequence[Slot], values: Sequence[ir.Value], what: str) -> Iterator[str]:
    variadic = any(each.variadic for each in slots)
    if len(values) < len(slots) - variadic or (len(values) > len(slots) and not variadic):
        yield f"has {len(values)} {what}s"
        return
    for position, value in enumerate(values):
        slot = slots[min(position, len(slots) - 1)]
        yield from (f"{what} {slot.name} {text}" for text in _about_value(slot, value))


def _about_value(slot: Slot, value: ir.Value) -> Iterator[str]:
    kind = value.type
    if isinstance(kind, ir.NoneType):
        if not (slot.optional or slot.variadic or slot.name == "none_val"):
            yield "is missing"
        return
    if not isinstance(kind, ir.RankedTensorType):
        yield f"is no ranked tensor but {kind}"
        return
    fact = tensor_fact(value)
    if fact is None:
        return
    if slot.types and fact.element not in slot.types:
        yield f"cannot be of element type {fact.element}; {', '.join(sorted(slot.types))} can"
    if slot.ranks is not None and not slot.ranks[0] <= fact.rank <= slot.ranks[1]:
        low, high = slot.ranks
        yield f"has rank {fact.rank}, not {low if low == high else f'{low} to {high}'}"


def _about_attributes(spec: OpSpec, op: ir.OpView) -> Iterator[str]:
    for name in op.attributes:
        row = spec.by_name.get(name)
        if row is None:
            if "." not in name:
                yield f"has an unknown attribute {name}"
            continue
        try:
            value = decode(row, op.attributes[name])
        except ValueError as error:
            yield str(error)
            continue
        if row.cases and value not in row.cases:
            yield f"attribute {name} cannot be {value}"
    for row in spec.attributes:
        if row.default is Default.REQUIRED and row.name not in op.attributes:
            yield f"lacks its attribute {row.name}"


def _about_shapes(spec: OpSpec, op: ir.OpView) -> Iterator[str]:
    assert spec.shapes is not None
    try:
        expected = spec.shapes(op)
    except (ShapeError, ValueError) as error:
        yield str(error)
        return
    if expected is None:
        return
    for value, shape in zip(op.results, expected, strict=False):
        if not _agree(shape_of(value), shape):
            yield f"has result shape {list(shape_of(value))}, which should be {list(shape)}"


def _agree(one: Sequence[int], other: Sequence[int]) -> bool:
    return len(one) == len(other) and all(
        a == b or DYNAMIC in (a, b) for a, b in zip(one, other, strict=True)
    )
