"""Values that hold one number many times."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.types import array_of

_SPREADING = frozenset({
    "stablehlo.broadcast_in_dim", "stablehlo.reshape", "stablehlo.transpose", "stablehlo.slice",
})  # fmt: skip


def number_of(value: ir.Value) -> np.generic | None:
    """The number that a value is everywhere, if it is a splat or a spread of one."""
    op = hlo.producer(value)
    while op is not None and op_name(op) in _SPREADING:
        op = hlo.producer(op.operands[0])
    if op is None or op_name(op) != "stablehlo.constant":
        return None
    attribute = ir.DenseElementsAttr(op.attributes["value"])
    if not attribute.is_splat:
        return None
    return array_of(attribute).flat[0]


def is_number(value: ir.Value, number: float) -> bool:
    """Whether a value is `number` everywhere; zeros of either sign are told apart by nobody."""
    found = number_of(value)
    return found is not None and bool(found == number)
