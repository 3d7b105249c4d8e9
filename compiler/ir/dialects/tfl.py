"""Python classes of the tfl ops, found by MLIR's bindings when a program first visits one.

The classes are made from the table: `op.filter` is the operand of that name (None if it is not there,
a list if it is variadic), `op.keep_num_dims` the attribute as a Python value. A name that `OpView`
has already, such as `name` or `result`, keeps its meaning there.
"""

from __future__ import annotations

from typing import Any

from ..mlir import ir, register_dialect, register_operation
from ..tfl.build import attribute
from ..tfl.constants import is_no_value
from ..tfl.spec import OpSpec, Slot
from ..tfl.table import OPS


@register_dialect
class TflDialect(ir.Dialect):
    """The namespace of the ops."""

    DIALECT_NAMESPACE = "tfl"


def _operand(slot: Slot, position: int) -> property:
    def one(op: ir.OpView) -> ir.Value | None:
        value = op.operands[position] if position < len(op.operands) else None
        return None if value is None or is_no_value(value) else value

    def many(op: ir.OpView) -> list[ir.Value]:
        return list(op.operands)[position:]

    return property(many if slot.variadic else one, doc=f"The operand {slot.name}.")


def _result(slot: Slot, position: int) -> property:
    def one(op: ir.OpView) -> ir.Value:
        return op.results[position]

    def many(op: ir.OpView) -> list[ir.OpResult]:
        return list(op.results)[position:]

    return property(many if slot.variadic else one, doc=f"The result {slot.name}.")


def _attribute(name: str) -> property:
    return property(lambda op: attribute(op, name), doc=f"The attribute {name}, with its default.")


def _view(spec: OpSpec) -> type:
    members: dict[str, Any] = {slot.name: _operand(slot, i) for i, slot in enumerate(spec.operands)}
    for position, slot in enumerate(spec.results):
        members.setdefault(slot.name, _result(slot, position))
    for row in spec.attributes:
        members.setdefault(row.name, _attribute(row.name))
    members = {name: member for name, member in members.items() if not hasattr(ir.OpView, name)}
    members |= {"OPERATION_NAME": spec.full_name, "__doc__": f"`{spec.full_name}`."}
    class_name = "".join(part.capitalize() for part in spec.name.split("_")) + "Op"
    return type(class_name, (ir.OpView,), {**members, "__slots__": ()})


for _spec in OPS.values():
    register_operation(TflDialect, _view(_spec))
