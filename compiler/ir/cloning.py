"""Copying the body of a function to where it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..diagnostics import InternalError
from .mlir import func, ir, op_name


def inline(
    function: func.FuncOp,
    operands: Sequence[ir.Value],
    callees: Mapping[str, func.FuncOp] | None = None,
) -> list[ir.Value]:
    """Copies a function's body to the current insertion point, at the current location.

    Args:
        function: of one block; it may belong to another module of the same context.
        operands: what takes the place of its arguments.
        callees: functions whose `func.call`s are inlined as well.

    Returns:
        What the function returns.

    Raises:
        InternalError: a call inside a region, which is not inlined.
    """
    block = function.regions[0].blocks[0]
    mapping: dict[ir.Value, ir.Value] = dict(zip(block.arguments, operands, strict=True))
    for op in block.operations:
        given = [mapping[operand] for operand in op.operands]
        if op_name(op) == "func.return":
            return given
        if op_name(op) == "func.call":
            name = ir.FlatSymbolRefAttr(op.attributes["callee"]).value
            results = inline((callees or {})[name], given, callees)
        else:
            results = _copy(op, given, mapping)
        mapping.update(zip(op.results, results, strict=True))
    raise InternalError(f"function {function.name.value} has no return")


def _copy(
    op: ir.OpView, operands: Sequence[ir.Value], outside: Mapping[ir.Value, ir.Value]
) -> list[ir.Value]:
    copy = op.operation.clone(ip=ir.InsertionPoint.current)
    for number, operand in enumerate(operands):
        copy.operands[number] = operand
    for region in copy.regions:
        _rewire(region, outside)
    relocate(copy, ir.Location.current)
    return list(copy.results)


def _rewire(region: ir.Region, outside: Mapping[ir.Value, ir.Value]) -> None:
    """Points operands inside a region at the copies of what they read from outside of it."""
    for block in region.blocks:
        for op in block.operations:
            if op_name(op) == "func.call":
                raise InternalError("a call inside a region cannot be inlined")
            for number, operand in enumerate(op.operands):
                if operand in outside:
                    op.operands[number] = outside[operand]
            for inner in op.regions:
                _rewire(inner, outside)


def relocate(op: ir.OpView | ir.Operation, location: ir.Location) -> None:
    """Gives an op, and what is inside of it, a location."""
    op.operation.location = location
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                relocate(inner, location)
