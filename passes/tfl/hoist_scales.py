"""MUL by a scalar moved up past RESHAPE, TRANSPOSE and rotations, towards the product that can hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.tfl.shorthand import binary, permutation_of, transpose
from litewright.compiler.ir.tfl.shorthand import reshape as reshape_to
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Decline, Outcome, RewritePass, Rule, RuleContext, decline, rule

from .fuse_biases import BIASED
from .rotation import rotate, rotation_of

_MOVING = frozenset({"tfl.reshape", "tfl.transpose"})
_USES_IN_ROTATION = 3


@rule("tfl.mul")
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
        return decline("what is moved is no product with known weights")
    permutation = permutation_of(inner)
    if op_name(inner) == "tfl.transpose" and permutation is None:
        return decline("the permutation is not constant")
    scaled = binary("mul", inner.operands[0], tfl.constant(factor))
    if op_name(inner) == "tfl.reshape" or permutation is None:
        return reshape_to(scaled, shape_of(moved))
    return transpose(scaled, permutation)


@rule("tfl.mul")
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
    x = rotation.x
    inner = hlo.producer(x)
    if sum(1 for _ in x.uses) != _USES_IN_ROTATION or inner is None:
        return decline("what is rotated is read elsewhere too, or an input")
    source = inner.operands[0] if op_name(inner) in _MOVING else x
    if source == x or not _yields_product(source):
        return decline("what is rotated is no product with known weights, moved")
    return rotate(binary("mul", x, tfl.constant(factor)), rotation)


def _scaled(op: ir.OpView) -> tuple[ir.Value, Array] | Decline:
    """What a MUL multiplies by one number, and the number."""
    if tfl.attribute(op, "fused_activation_function") != "NONE":
        return decline("an activation is fused")
    for number in (0, 1):
        factor = tfl.constant_of(op.operands[1 - number])
        if factor is not None and not factor.ndim:
            return op.operands[number], factor
    return decline("no operand is a scalar constant")


def _yields_product(value: ir.Value) -> bool:
    """Whether a value is a product with known weights, moved about but not changed, and read once."""
    while hlo.has_one_use(value):
        op = hlo.producer(value)
        if op is None:
            return False
        if op_name(op) in BIASED:
            return tfl.attribute(op, "fused_activation_function") == "NONE"
        if op_name(op) not in _MOVING:
            return False
        value = op.operands[0]
    return False


@dataclass(frozen=True)
class HoistScales(RewritePass):
    """Moves a scalar factor up past RESHAPE, TRANSPOSE and rotary embedding to the product it scales.

    That is where `fold-scales` makes it part of the weights: 1 / sqrt(H) of attention costs nothing then, and
    queries are rotated exactly as keys are.

    Before::

        %1 = "tfl.reshape"(%product, dense<[1, 8, 4, 16]>)
        %2 = "tfl.mul"(%1, dense<0.25> : tensor<f32>)

    After::

        %1 = "tfl.mul"(%product, dense<0.25> : tensor<f32>)
        %2 = "tfl.reshape"(%1, dense<[1, 8, 4, 16]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (above_movement, above_rotation)
