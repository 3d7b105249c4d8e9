"""Constants as tfl ops: making them, and reading the numbers behind a value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..mlir import Array, ir, op_name
from ..program import weight_symbol
from ..types import array_of, dense, dtype_of, tensor_type

CONSTANT = "tfl.pseudo_const"
QUANTISED_CONSTANT = "tfl.pseudo_qconst"
NO_VALUE = "tfl.no_value"


def constant(array: Array) -> ir.Value:
    """`tfl.pseudo_const` with the array's own element type."""
    return _constant(dense(np.asarray(array)))


def splat(number: float, shape: Sequence[int], element: ir.Type) -> ir.Value:
    """A constant tensor that is `number` everywhere."""
    kind = tensor_type(shape, element)
    if isinstance(element, ir.IntegerType):
        scalar: ir.Attribute = ir.IntegerAttr.get(element, int(number))
    else:
        scalar = ir.FloatAttr.get(element, float(np.array(number).astype(dtype_of(kind))))
    return _constant(ir.DenseElementsAttr.get_splat(kind, scalar))


def no_value() -> ir.Value:
    """What stands for an optional operand that is not there."""
    attributes: dict[str, ir.Attribute] = {"value": ir.UnitAttr.get()}
    return ir.Operation.create(NO_VALUE, results=[ir.NoneType.get()], attributes=attributes).result


def is_no_value(value: ir.Value) -> bool:
    """Whether a value stands for an optional operand that is not there."""
    return isinstance(value.type, ir.NoneType)


def constant_of(value: ir.Value) -> Array | None:
    """The numbers behind a value that `tfl.pseudo_const` defines, else None.

    Quantised constants and strings are None too: what they store is not what they stand for.
    """
    owner = value.owner
    if isinstance(owner, ir.Block) or op_name(owner) != CONSTANT:
        return None
    stored = ir.DenseElementsAttr(owner.attributes["value"])
    return array_of(stored) if stored.type == value.type else None


def is_constant(value: ir.Value) -> bool:
    """Whether a value is known before the model runs: a constant or a weight argument."""
    owner = value.owner
    if isinstance(owner, ir.Block):
        return weight_symbol(value) is not None
    return op_name(owner) in {CONSTANT, QUANTISED_CONSTANT}


def _constant(attribute: ir.DenseElementsAttr) -> ir.Value:
    attributes: dict[str, ir.Attribute] = {"value": attribute}
    return ir.Operation.create(CONSTANT, results=[attribute.type], attributes=attributes).result
