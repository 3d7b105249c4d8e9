"""Scalar factors moved up past RESHAPE, TRANSPOSE, rotations and scores, to the product that can hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.tfl.shorthand import binary, defined_by, permutation_of, transpose
from litewright.compiler.ir.tfl.shorthand import reshape as reshape_to
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Decline, Outcome, RewritePass, Rule, RuleContext, decline, rule

from .fuse_biases import BIASED
from .matrices import matrix_of
from .rotation import Rotation, rotate, rotation_of

_MOVING = frozenset({"tfl.reshape", "tfl.transpose"})
_USES_IN_ROTATION = 3


@rule("tfl.mul", "tfl.div")
def above_movement(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(transpose(x), 0.125) -> transpose(mul(x, 0.125))."""
    found = _scaled(op)
    if isinstance(found, Decline):
        return found
    moved, factor = found
    inner = hlo.producer(moved)
    if inner is None or op_name(inner) not in _MOVING:
        return decline("what is scaled is no RESHAPE or TRANSPOSE")
    if not hlo.has_one_use(moved):
        return decline("what is scaled is read elsewhere too")
    if not _yields_product(inner.operands[0]):
        return decline("what is moved is no product with something known")
    permutation = permutation_of(inner)
    if op_name(inner) == "tfl.transpose" and permutation is None:
        return decline("the permutation is not constant")
    scaled = binary("mul", inner.operands[0], tfl.constant(factor))
    if op_name(inner) == "tfl.reshape" or permutation is None:
        return reshape_to(scaled, shape_of(moved))
    return transpose(scaled, permutation)


@rule("tfl.mul", "tfl.div")
def above_rotation(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(rotation(x), 0.125) -> rotation(mul(x, 0.125)): rotary embedding is linear."""
    found = _scaled(op)
    if isinstance(found, Decline):
        return found
    rotated, factor = found
    rotation = rotation_of(rotated)
    if isinstance(rotation, Decline):
        return rotation
    if not hlo.has_one_use(rotated):
        return decline("what is scaled is read elsewhere too")
    if not _rotates_product(rotation):
        return decline(
            "what is rotated is no product with something known, or is read elsewhere too"
        )
    return rotate(binary("mul", rotation.x, tfl.constant(factor)), rotation)


@rule("tfl.mul", "tfl.div")
def above_scores(op: ir.OpView, context: RuleContext) -> Outcome:
    """div(batch_matmul(x, y), 8) -> batch_matmul(mul(x, 0.125), y), where x holds the factor for nothing."""
    found = _scaled(op)
    if isinstance(found, Decline):
        return found
    scores, factor = found
    product = defined_by(scores, "batch_matmul")
    if product is None:
        return decline("what is scaled is no BATCH_MATMUL")
    if not hlo.has_one_use(scores):
        return decline("what is scaled is read elsewhere too")
    x, y = product.operands
    rotation = rotation_of(x) if hlo.has_one_use(x) else None
    if not _yields_product(x) and not (
        isinstance(rotation, Rotation) and _rotates_product(rotation)
    ):
        return decline("the left operand comes from no product with something known")
    operands = [binary("mul", x, tfl.constant(factor)), y]
    return tfl.emit("batch_matmul", operands, scores.type, **tfl.attributes_of(product))


def _scaled(op: ir.OpView) -> tuple[ir.Value, Array] | Decline:
    """What a MUL or DIV multiplies by one number, and the number."""
    if tfl.attribute(op, "fused_activation_function") != "NONE":
        return decline("an activation is fused")
    divides = op_name(op) == "tfl.div"
    for number in (0,) if divides else (0, 1):
        factor = tfl.constant_of(op.operands[1 - number])
        if factor is not None and not factor.ndim and factor.dtype == np.float32 and factor:
            return op.operands[number], np.array(1 / factor if divides else factor, np.float32)
    return decline("no operand is a scalar constant")


def _rotates_product(rotation: Rotation) -> bool:
    """Whether what is rotated, and nothing else reads, is a product with something known."""
    inner = hlo.producer(rotation.x)
    if inner is None or sum(1 for _ in rotation.x.uses) != _USES_IN_ROTATION:
        return False
    if op_name(inner) == "tfl.mul":
        return _multiplies_by_constant(inner)
    return op_name(inner) in _MOVING and _yields_product(inner.operands[0])


def _multiplies_by_constant(op: ir.OpView) -> bool:
    plain = tfl.attribute(op, "fused_activation_function") == "NONE"
    return plain and any(tfl.constant_of(operand) is not None for operand in op.operands)


def _yields_product(value: ir.Value) -> bool:
    """Whether a value is a product with known weights or factors, moved about but not changed, read once."""
    while hlo.has_one_use(value):
        op = hlo.producer(value)
        if op is None:
            return False
        if op_name(op) == "tfl.mul":
            return _multiplies_by_constant(op)
        if op_name(op) in BIASED:
            known = matrix_of(op.operands[1]) is not None
            return known and tfl.attribute(op, "fused_activation_function") == "NONE"
        if op_name(op) not in _MOVING:
            return False
        value = op.operands[0]
    return False


@dataclass(frozen=True)
class HoistScales(RewritePass):
    """Moves a scalar factor up past RESHAPE, TRANSPOSE, rotary embedding and scores to the product it scales.

    That is where `fold-scales` makes it part of the weights: 1 / sqrt(H) of attention costs nothing then,
    wherever a model writes it, on queries or on all scores, and queries are rotated exactly as keys are.

    Before::

        %1 = "tfl.reshape"(%product, dense<[1, 8, 4, 16]>)
        %2 = "tfl.mul"(%1, dense<0.25> : tensor<f32>)

    After::

        %1 = "tfl.mul"(%product, dense<0.25> : tensor<f32>)
        %2 = "tfl.reshape"(%1, dense<[1, 8, 4, 16]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (above_movement, above_rotation, above_scores)
