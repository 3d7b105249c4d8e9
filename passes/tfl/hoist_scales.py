"""MUL by a scalar moved up past RESHAPE and TRANSPOSE, towards the product whose weights can hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import binary, permutation_of, transpose
from litewright.compiler.ir.tfl.shorthand import reshape as reshape_to
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .fuse_biases import BIASED


def _reaches_product(value: ir.Value) -> bool:
    """Whether a value is a product with known weights, moved about but not changed."""
    while hlo.has_one_use(value):
        op = hlo.producer(value)
        if op is None:
            return False
        if op_name(op) in BIASED:
            return tfl.attribute(op, "fused_activation_function") == "NONE"
        if op_name(op) not in {"tfl.reshape", "tfl.transpose"}:
            return False
        value = op.operands[0]
    return False


@rule("tfl.mul")
def above_movement(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(transpose(x), 0.125) -> transpose(mul(x, 0.125))."""
    for number in (0, 1):
        moved, other = op.operands[number], op.operands[1 - number]
        factor = tfl.constant_of(other)
        inner = hlo.producer(moved)
        if factor is None or factor.ndim or inner is None:
            continue
        if op_name(inner) not in {"tfl.reshape", "tfl.transpose"} or not _reaches_product(moved):
            continue
        scaled = binary("mul", inner.operands[0], tfl.constant(factor))
        if op_name(inner) == "tfl.reshape":
            return reshape_to(scaled, shape_of(moved))
        permutation = permutation_of(inner)
        assert permutation is not None, "legalisation writes constant permutations"
        return transpose(scaled, permutation)
    return decline("no scalar factor of a value that a product yields")


@dataclass(frozen=True)
class HoistScales(RewritePass):
    """Moves a scalar factor up past RESHAPE and TRANSPOSE to the product it scales.

    Before:
        %1 = "tfl.reshape"(%product, ...)
        %2 = "tfl.mul"(%1, dense<0.125> : tensor<f32>)
    After:
        %1 = "tfl.mul"(%product, dense<0.125> : tensor<f32>)
        %2 = "tfl.reshape"(%1, ...)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (above_movement,)
