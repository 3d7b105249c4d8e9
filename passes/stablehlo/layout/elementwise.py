"""Ops that treat every element alike: any order of dimensions is as good to them."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.types import rank_of

from .roles import FIXED, FOLLOWS, Handler, Role, copy_of

ELEMENTWISE = frozenset({
    "stablehlo.abs", "stablehlo.add", "stablehlo.and", "stablehlo.atan2", "stablehlo.bitcast_convert",
    "stablehlo.cbrt", "stablehlo.ceil", "stablehlo.clamp", "stablehlo.compare", "stablehlo.convert",
    "stablehlo.cosine", "stablehlo.divide", "stablehlo.exponential",
    "stablehlo.exponential_minus_one", "stablehlo.floor", "stablehlo.is_finite", "stablehlo.log",
    "stablehlo.log_plus_one", "stablehlo.logistic", "stablehlo.maximum", "stablehlo.minimum",
    "stablehlo.multiply", "stablehlo.negate", "stablehlo.not", "stablehlo.or", "stablehlo.power",
    "stablehlo.remainder", "stablehlo.round_nearest_afz", "stablehlo.round_nearest_even",
    "stablehlo.rsqrt", "stablehlo.select", "stablehlo.shift_left",
    "stablehlo.shift_right_arithmetic", "stablehlo.shift_right_logical", "stablehlo.sign",
    "stablehlo.sine", "stablehlo.sqrt", "stablehlo.subtract", "stablehlo.tan", "stablehlo.tanh",
    "stablehlo.xor",
    "chlo.erf", "chlo.erf_inv", "chlo.erfc", "chlo.asin", "chlo.acos", "chlo.atan", "chlo.sinh",
    "chlo.cosh", "chlo.asinh", "chlo.acosh", "chlo.atanh", "chlo.square",
})  # fmt: skip


def _role(op: ir.OpView) -> Role:
    result = op.results[0]
    # A bitcast between widths adds or removes a dimension.
    same = all(rank_of(operand) in {0, rank_of(result)} for operand in op.operands)
    return FOLLOWS if same and rank_of(result) > 2 else FIXED


def _rebuild(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    return copy_of(op, operands)


HANDLERS: dict[str, Handler] = {name: Handler(_role, _rebuild) for name in ELEMENTWISE}
