"""The attributes of composites, as Python values."""

from __future__ import annotations

from litewright.compiler.ir.mlir import ir


def _of(op: ir.OpView, name: str) -> ir.Attribute:
    return ir.DictAttr(op.attributes["composite_attributes"])[name]


def integer(op: ir.OpView, name: str) -> int:
    """An integer attribute."""
    return ir.IntegerAttr(_of(op, name)).value


def number(op: ir.OpView, name: str) -> float:
    """A float attribute."""
    return ir.FloatAttr(_of(op, name)).value


def boolean(op: ir.OpView, name: str) -> bool:
    """A boolean attribute."""
    return ir.BoolAttr(_of(op, name)).value


def text(op: ir.OpView, name: str, *, composite: bool = True) -> str:
    """A string attribute of the composite, or of the op that holds it."""
    return ir.StringAttr(_of(op, name) if composite else op.attributes[name]).value


def integers(op: ir.OpView, name: str) -> list[int]:
    """An array of integers."""
    return list(ir.DenseI64ArrayAttr(_of(op, name)))
