"""Arithmetic with numbers that change nothing, and functions said by simpler ones.

A rule applies where the result is the same to the last bit, or (roots and the logistic function, which
the runtime has ops for; numbers one after another) where it is rounded once instead of twice. Quotients that
products alone read are rounded twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.types import dtype_of, element_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from ..splats import is_number, number_of
from .movement import made_by

_NEUTRAL: dict[str, tuple[float, bool]] = {
    # The number, and whether it may be on the left too.
    "stablehlo.add": (0, True),
    "stablehlo.subtract": (0, False),
    "stablehlo.multiply": (1, True),
    "stablehlo.divide": (1, False),
    "stablehlo.power": (1, False),
}


def is_float(value: ir.Value) -> bool:
    """Whether a value's elements are floating-point numbers."""
    dtype = dtype_of(value)
    return dtype.kind in "fV" and "int" not in dtype.name


@rule(*_NEUTRAL)
def neutral_number(op: ir.OpView, context: RuleContext) -> Outcome:
    """x + 0, x - 0, x * 1, x / 1, x ** 1 -> x."""
    number, either_side = _NEUTRAL[op_name(op)]
    if is_number(op.operands[1], number):
        return op.operands[0]
    if either_side and is_number(op.operands[0], number):
        return op.operands[1]
    return decline("no operand is the neutral number")


@rule("stablehlo.maximum", "stablehlo.minimum")
def neutral_bound(op: ir.OpView, context: RuleContext) -> Outcome:
    """max(x, -inf) -> x, min(x, inf) -> x, max(x, x) -> x."""
    if op.operands[0] == op.operands[1]:
        return op.operands[0]
    if not is_float(op.results[0]):
        return decline("integers have no infinity")
    bound = -math.inf if op_name(op) == "stablehlo.maximum" else math.inf
    for number in (0, 1):
        if is_number(op.operands[number], bound):
            return op.operands[1 - number]
    return decline("no operand is infinite")


@rule("stablehlo.multiply", "stablehlo.and")
def multiplied_by_zero(op: ir.OpView, context: RuleContext) -> Outcome:
    """x * 0 -> 0 for integers and booleans; floats may be infinite or NaN."""
    if is_float(op.results[0]):
        return decline("infinity times zero is not zero")
    for operand in op.operands:
        if is_number(operand, 0):
            return hlo.splat_like(0, op.results[0])
    return decline("no operand is zero")


@rule("stablehlo.and", "stablehlo.or")
def neutral_truth(op: ir.OpView, context: RuleContext) -> Outcome:
    """x and true -> x, x or false -> x, x or true -> true, x and x -> x."""
    x, y = op.operands
    if x == y:
        return x
    if dtype_of(x).kind != "b":
        return decline("operands are no booleans")
    neutral = op_name(op) == "stablehlo.and"
    for number in (0, 1):
        if is_number(op.operands[number], neutral):
            return op.operands[1 - number]
        if is_number(op.operands[number], not neutral):
            return hlo.splat_like(not neutral, op.results[0])
    return decline("no operand is known")


@rule("stablehlo.negate", "stablehlo.not")
def double_negation(op: ir.OpView, context: RuleContext) -> Outcome:
    """-(-x) -> x, not(not(x)) -> x."""
    inner = hlo.producer(op.operands[0])
    if inner is None or op_name(inner) != op_name(op):
        return decline("the operand is not negated")
    return inner.operands[0]


@rule("stablehlo.add")
def sum_with_negated(op: ir.OpView, context: RuleContext) -> Outcome:
    """x + (-y) -> x - y."""
    for number in (1, 0):
        negated = made_by(op.operands[number], "negate")
        if negated is not None:
            return hlo.binary("subtract", op.operands[1 - number], negated.operands[0])
    return decline("no operand is negated")


@rule("stablehlo.subtract")
def difference_with_negated(op: ir.OpView, context: RuleContext) -> Outcome:
    """x - (-y) -> x + y; 0 - y -> -y for integers."""
    negated = made_by(op.operands[1], "negate")
    if negated is not None:
        return hlo.add(op.operands[0], negated.operands[0])
    if not is_float(op.results[0]) and is_number(op.operands[0], 0):
        return hlo.unary("negate", op.operands[1])
    return decline("the right operand is not negated")


@rule("stablehlo.divide")
def division_by_number(op: ir.OpView, context: RuleContext) -> Outcome:
    """x / 4 -> x * 0.25; of other numbers where products alone read it, which the factor can be folded into.

    Elsewhere a quotient may be rounded down, and then the last bit counts.
    """
    number = number_of(op.operands[1])
    if number is None or not is_float(op.results[0]):
        return decline("the divisor is not one number")
    mantissa, exponent = math.frexp(float(number))
    # The reciprocal must be a normal number of the element type; 2 ** 14 is within half precision.
    if mantissa == 0 or not math.isfinite(mantissa) or abs(exponent) > 14:
        return decline("the divisor is too large or too small", number)
    readers = [op_name(use.owner) for use in op.results[0].uses]
    if abs(mantissa) != 0.5 and set(readers) != {"stablehlo.dot_general"}:
        return decline(
            "the reciprocal is rounded, and others than products read the quotient", number
        )
    return hlo.multiply(op.operands[0], hlo.splat_like(1 / float(number), op.operands[0]))


@rule("stablehlo.power")
def power_by_number(op: ir.OpView, context: RuleContext) -> Outcome:
    """x ** 2 -> x * x, x ** 0.5 -> sqrt(x), x ** -0.5 -> rsqrt(x), x ** -1 -> 1 / x."""
    x, exponent = op.operands[0], number_of(op.operands[1])
    if exponent is None or not is_float(x):
        return decline("the exponent is not one number")
    match float(exponent):
        case 2.0:
            return hlo.multiply(x, x)
        case 3.0:
            return hlo.multiply(hlo.multiply(x, x), x)
        case 0.5:
            return hlo.unary("sqrt", x)
        case -0.5:
            return hlo.unary("rsqrt", x)
        case -1.0:
            return hlo.binary("divide", hlo.splat_like(1, x), x)
        case _:
            return decline("no simpler op says this power", exponent)


@rule("stablehlo.divide")
def reciprocal_of_root(op: ir.OpView, context: RuleContext) -> Outcome:
    """x / sqrt(y) -> x * rsqrt(y), where the root is read here alone."""
    root = made_by(op.operands[1], "sqrt")
    if root is None:
        return decline("the divisor is no square root")
    if not hlo.has_one_use(op.operands[1]):
        return decline("the root is read elsewhere too")
    reciprocal = hlo.unary("rsqrt", root.operands[0])
    if is_number(op.operands[0], 1):
        return reciprocal
    return hlo.multiply(op.operands[0], reciprocal)


@rule("stablehlo.divide")
def logistic_written_out(op: ir.OpView, context: RuleContext) -> Outcome:
    """1 / (1 + exp(-x)) -> logistic(x)."""
    total = made_by(op.operands[1], "add")
    if total is None or not is_number(op.operands[0], 1):
        return decline("no reciprocal of a sum")
    for number in (0, 1):
        grown = made_by(total.operands[number], "exponential")
        if grown is not None and is_number(total.operands[1 - number], 1):
            negated = made_by(grown.operands[0], "negate")
            if negated is not None:
                return hlo.unary("logistic", negated.operands[0])
    return decline("the sum is not 1 + exp(-x)")


# ---- numbers one after another -------------------------------------------------------------------


def _is_constant(value: ir.Value) -> bool:
    """Whether a value is a constant or weight, or a spread of one."""
    op = hlo.producer(value)
    while op is not None and op_name(op) in {"stablehlo.broadcast_in_dim", "stablehlo.reshape"}:
        value = op.operands[0]
        op = hlo.producer(value)
    return weight_symbol(value) is not None if op is None else op_name(op) == "stablehlo.constant"


def _sides(op: ir.OpView) -> tuple[ir.Value, ir.Value] | None:
    """What is computed and what is known of the operands of a commutative op."""
    x, y = op.operands
    if _is_constant(x) == _is_constant(y):
        return None
    return (y, x) if _is_constant(x) else (x, y)


def _cancel(one: ir.Value, other: ir.Value) -> bool:
    """Whether a float far from zero is added and taken away again, as is done to round."""
    a, b = number_of(one), number_of(other)
    if a is None or b is None or not is_float(one):
        return False
    return abs(float(a) + float(b)) < abs(float(a)) / 2


@rule("stablehlo.add", "stablehlo.multiply")
def merged_number(op: ir.OpView, context: RuleContext) -> Outcome:
    """(x + a) + b -> x + (a + b) for constants and weights a and b; the same for products."""
    outer = _sides(op)
    if outer is None:
        return decline("not one operand alone is known")
    inner = made_by(outer[0], op_name(op).removeprefix("stablehlo."))
    sides = None if inner is None else _sides(inner)
    if sides is None:
        return decline("the other operand is no such op with a known number")
    if not hlo.has_one_use(outer[0]):
        return decline("the other operand is read elsewhere too")
    kind = "add" if op_name(op) == "stablehlo.add" else "multiply"
    if kind == "add" and _cancel(sides[1], outer[1]):
        return decline("the numbers cancel each other: what they round away may be meant")
    return hlo.binary(kind, sides[0], hlo.binary(kind, sides[1], outer[1]))


@rule("stablehlo.maximum", "stablehlo.minimum")
def merged_bound(op: ir.OpView, context: RuleContext) -> Outcome:
    """max(max(x, 1), 2) -> max(x, 2)."""
    number = number_of(op.operands[1])
    inner = hlo.producer(op.operands[0])
    if number is None or inner is None or op_name(inner) != op_name(op):
        return decline("no bound of the same kind on a bounded value")
    other = number_of(inner.operands[1])
    if other is None:
        return decline("the inner bound is not one number")
    tighter = max if op_name(op) == "stablehlo.maximum" else min
    bound = hlo.splat_like(tighter(number.item(), other.item()), op.results[0])
    kind = "maximum" if op_name(op) == "stablehlo.maximum" else "minimum"
    return hlo.binary(kind, inner.operands[0], bound)


# ---- conversions ---------------------------------------------------------------------------------


def holds(outer: np.dtype[np.generic], inner: np.dtype[np.generic]) -> bool:
    """Whether one dtype represents every value of another."""
    if inner == outer or inner.kind == "b":
        return True
    floats = {"bfloat16": (8, 8), "float16": (11, 5), "float32": (24, 8), "float64": (53, 11)}
    if inner.name in floats and outer.name in floats:
        return all(a >= b for a, b in zip(floats[outer.name], floats[inner.name], strict=True))
    if inner.kind in "iu" and outer.name in floats:
        bits = 8 * inner.itemsize - (inner.kind == "i")
        return bits <= floats[outer.name][0] and floats[outer.name][1] >= 8
    if inner.kind in "iu" and outer.kind in "iu":
        wider = outer.itemsize > inner.itemsize
        return wider and (outer.kind == "i" or inner.kind == "u")
    return False


@rule("stablehlo.convert")
def merged_convert(op: ir.OpView, context: RuleContext) -> Outcome:
    """convert(convert(x)) -> convert(x) where the type between holds every value of x."""
    x = op.operands[0]
    if x.type == op.results[0].type:
        return x
    inner = made_by(x, "convert")
    if inner is None:
        return decline("the operand is no conversion")
    source = inner.operands[0]
    if not holds(dtype_of(x), dtype_of(source)):
        return decline("the type between loses something", dtype_of(x))
    if dtype_of(op.results[0]).kind == "b" and dtype_of(source).kind != "b":
        return hlo.compare("NE", source, hlo.splat_like(0, source))
    return hlo.convert(source, element_of(op.results[0]))


@rule("stablehlo.divide", "stablehlo.remainder")
def narrowed_division(op: ir.OpView, context: RuleContext) -> Outcome:
    """i64(x) / 8 -> i64(x / 8) for x of 32 bits: no kernel divides integers of 64."""
    if dtype_of(op.results[0]) != np.int64:
        return decline("the numbers are no integers of 64 bits")
    divisor, dividend = number_of(op.operands[1]), made_by(op.operands[0], "convert")
    if divisor is None or not 1 <= divisor.item() <= np.iinfo(np.int32).max:
        return decline("the divisor is not one positive number of 32 bits")
    if dividend is None or not holds(np.dtype(np.int32), dtype_of(dividend.operands[0])):
        return decline("the dividend may need 64 bits")
    x = hlo.convert(dividend.operands[0], ir.IntegerType.get_signless(32))
    kind = "divide" if op_name(op) == "stablehlo.divide" else "remainder"
    result = hlo.binary(kind, x, hlo.splat_like(divisor.item(), x))
    return hlo.convert(result, element_of(op.results[0]))


RULES: Sequence[Rule] = (
    neutral_number,
    neutral_bound,
    multiplied_by_zero,
    neutral_truth,
    double_negation,
    sum_with_negated,
    difference_with_negated,
    division_by_number,
    power_by_number,
    reciprocal_of_root,
    logistic_written_out,
    merged_number,
    merged_bound,
    merged_convert,
    narrowed_division,
)
