"""Elementwise ops: each has a tfl op of its own, or is said in a few that do."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name, stablehlo
from litewright.compiler.ir.tfl.shorthand import binary, cast, scalar, unary
from litewright.compiler.ir.types import dtype_of, element_of, shape_of, tensor_type
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

UNARY = {
    "abs": "abs", "ceil": "ceil", "cosine": "cos", "exponential": "exp", "floor": "floor", "log": "log",
    "logistic": "logistic", "negate": "neg", "round_nearest_even": "round", "rsqrt": "rsqrt",
    "sign": "sign", "sine": "sin", "sqrt": "sqrt", "tanh": "tanh",
}  # fmt: skip
BINARY = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "maximum": "maximum",
    "minimum": "minimum", "power": "pow",
}  # fmt: skip
LOGICAL = {"and": "logical_and", "or": "logical_or"}
COMPARISON = {
    "EQ": "equal", "NE": "not_equal", "GE": "greater_equal", "GT": "greater", "LE": "less_equal",
    "LT": "less",
}  # fmt: skip


def _label(op: ir.OpView) -> str:
    return op_name(op).partition(".")[2]


def _is_bool(value: ir.Value) -> bool:
    return str(element_of(value)) == "i1"


def _has_kernel(name: str, operand: ir.Value) -> bool:
    """Whether the table says that the runtime computes an op in an element type."""
    return str(element_of(operand)) in tfl.OPS[name].operands[0].types


@rule(*(f"stablehlo.{name}" for name in UNARY))
def unary_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """One operand, one tfl op of (mostly) the same name."""
    name = UNARY[_label(op)]
    if not _has_kernel(name, op.operands[0]):
        return decline("no kernel for this element type", op.operands[0].type)
    return unary(name, op.operands[0])


@rule("stablehlo.abs")
def magnitude(op: ir.OpView, context: RuleContext) -> Outcome:
    """abs(x) of 64-bit integers, which ABS has no kernel for -> maximum(x, -x)."""
    x = op.operands[0]
    if str(element_of(x)) != "i64":
        return decline("no 64-bit integer", x.type)
    return binary("maximum", x, unary("neg", x))


@rule("stablehlo.maximum")
def maximum_with_zero(op: ir.OpView, context: RuleContext) -> Outcome:
    """maximum(x, 0) -> RELU."""
    for number in (0, 1):
        array = _constant(op.operands[number])
        if array is not None and array.dtype.kind == "f" and (array == 0).all():
            return unary("relu", op.operands[1 - number])
    return decline("no operand is the constant 0")


@rule("stablehlo.clamp")
def clamp(op: ir.OpView, context: RuleContext) -> Outcome:
    """A clamp -> RELU6 for 0 and 6, else minimum(maximum(x, low), high)."""
    low, x, high = op.operands
    bounds = [_constant(low), _constant(high)]
    numbers = [
        float(b.flat[0]) for b in bounds if b is not None and b.size and (b == b.flat[0]).all()
    ]
    named = "relu6" if numbers == [0, 6] else "relu_n1_to_1" if numbers == [-1, 1] else None
    if named is not None and str(element_of(x)) == "f32":
        return unary(named, x)
    return binary("minimum", binary("maximum", x, low), high)


@rule(*(f"stablehlo.{name}" for name in BINARY))
def binary_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """Two operands of one type, one tfl op."""
    x, y = op.operands
    if _is_bool(x):
        logical = {"add": "logical_or", "maximum": "logical_or", "multiply": "logical_and"}
        logical["minimum"] = "logical_and"
        return binary(logical[_label(op)], x, y)
    name = BINARY[_label(op)]
    if not _has_kernel(name, x):
        return decline("no kernel for this element type", x.type)
    return binary(name, x, y)


@rule(*(f"stablehlo.{name}" for name in LOGICAL), "stablehlo.xor")
def logical_op(op: ir.OpView, context: RuleContext) -> Outcome:
    """and, or, xor of booleans."""
    x, y = op.operands
    if not _is_bool(x):
        return decline("bitwise arithmetic has no kernel but for xor")
    if _label(op) == "xor":
        return binary("not_equal", x, y)
    return binary(LOGICAL[_label(op)], x, y)


@rule("stablehlo.not")
def logical_not(op: ir.OpView, context: RuleContext) -> Outcome:
    """not of booleans."""
    if not _is_bool(op.operands[0]):
        return decline("bitwise not has no kernel")
    return unary("logical_not", op.operands[0])


@rule("stablehlo.remainder")
def remainder(op: ir.OpView, context: RuleContext) -> Outcome:
    """The remainder with the dividend's sign: x - y * trunc(x / y), where DIV of integers truncates."""
    x, y = op.operands
    if str(element_of(x)) not in {"i32", "i16"} or not _has_kernel("div", x):
        return decline("integers that DIV takes, since only they divide exactly", x.type)
    return binary("sub", x, binary("mul", y, binary("div", x, y)))


@rule("stablehlo.compare")
def compare(op: ir.OpView, context: RuleContext) -> Outcome:
    """A comparison, yielding booleans."""
    direction = stablehlo.ComparisonDirectionAttr(op.attributes["comparison_direction"]).value
    x, y = op.operands
    if _is_bool(x):
        x, y = (cast(each, ir.IntegerType.get_signless(32)) for each in (x, y))
    return tfl.emit(COMPARISON[direction], [x, y], op.results[0].type)


@rule("stablehlo.select")
def select(op: ir.OpView, context: RuleContext) -> Outcome:
    """select -> SELECT_V2, which broadcasts a scalar predicate."""
    return tfl.emit("select_v2", list(op.operands), op.results[0].type)


@rule("stablehlo.convert")
def convert(op: ir.OpView, context: RuleContext) -> Outcome:
    """convert -> CAST; to a boolean it is a comparison with 0."""
    x = op.operands[0]
    if str(element_of(op.results[0])) == "i1":
        return tfl.emit("not_equal", [x, scalar(0, x)], op.results[0].type)
    return cast(x, element_of(op.results[0]))


# Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: absolute error below 1.5e-7.
_ERF_P = 0.3275911
_ERF_A = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


@rule("chlo.erf")
def erf(op: ir.OpView, context: RuleContext) -> Outcome:
    """No kernel computes it: sign(x) (1 - p(t) exp(-x^2)), t = 1 / (1 + 0.3275911 |x|)."""
    x = op.operands[0]
    magnitude = unary("abs", x)
    one = scalar(1.0, x)
    t = binary("div", one, binary("add", binary("mul", magnitude, scalar(_ERF_P, x)), one))
    polynomial = scalar(_ERF_A[-1], x)
    for coefficient in reversed(_ERF_A[:-1]):
        polynomial = binary("add", binary("mul", polynomial, t), scalar(coefficient, x))
    decay = unary("exp", unary("neg", binary("mul", x, x)))
    tail = binary("mul", binary("mul", polynomial, t), decay)
    return binary("mul", unary("sign", x), binary("sub", one, tail))


@rule("stablehlo.log_plus_one")
def log_plus_one(op: ir.OpView, context: RuleContext) -> Outcome:
    """log(u) x / (u - 1) with u = 1 + x, and x itself where u is 1: exact also where x is small.

    After W. Kahan, as given in D. Goldberg, What every computer scientist should know about
    floating-point arithmetic, theorem 4.
    """
    x = op.operands[0]
    if not _has_kernel("log", x):
        return decline("no kernel for this element type", x.type)
    one = scalar(1.0, x)
    u = binary("add", x, one)
    is_one = tfl.emit("equal", [u, one], tensor_type(shape_of(x), "i1"))
    rest = tfl.emit("select_v2", [is_one, one, binary("sub", u, one)], x.type)
    scaled = binary("div", binary("mul", unary("log", u), x), rest)
    return tfl.emit("select_v2", [is_one, x, scaled], x.type)


@rule("stablehlo.exponential_minus_one")
def exponential_minus_one(op: ir.OpView, context: RuleContext) -> Outcome:
    """tanh(x / 2) (exp(x) + 1), which loses no digits where x is small."""
    x = op.operands[0]
    if not _has_kernel("exp", x):
        return decline("no kernel for this element type", x.type)
    half = unary("tanh", binary("mul", x, scalar(0.5, x)))
    return binary("mul", half, binary("add", unary("exp", x), scalar(1.0, x)))


@rule("stablehlo.tan")
def tangent(op: ir.OpView, context: RuleContext) -> Outcome:
    """sin(x) / cos(x)."""
    x = op.operands[0]
    if not _has_kernel("sin", x):
        return decline("no kernel for this element type", x.type)
    return binary("div", unary("sin", x), unary("cos", x))


@rule("stablehlo.atan2")
def atan2(op: ir.OpView, context: RuleContext) -> Outcome:
    """atan2 -> ATAN2."""
    if not _has_kernel("atan2", op.operands[0]):
        return decline("no kernel for this element type", op.operands[0].type)
    return tfl.emit("atan2", list(op.operands), op.results[0].type)


@rule("stablehlo.is_finite")
def is_finite(op: ir.OpView, context: RuleContext) -> Outcome:
    """|x| < infinity, which is false for NaN too."""
    x = op.operands[0]
    if not _has_kernel("abs", x):
        return decline("no kernel for this element type", x.type)
    return tfl.emit("less", [unary("abs", x), scalar(np.inf, x)], op.results[0].type)


@rule("stablehlo.sign")
def sign_of_integers(op: ir.OpView, context: RuleContext) -> Outcome:
    """min(max(x, -1), 1), for integers, which SIGN does not take."""
    x = op.operands[0]
    if _has_kernel("sign", x) or not _has_kernel("maximum", x):
        return decline("SIGN takes it, or MAXIMUM does not", x.type)
    return binary("minimum", binary("maximum", x, scalar(-1, x)), scalar(1, x))


@rule("stablehlo.constant")
def constant(op: ir.OpView, context: RuleContext) -> Outcome:
    """constant -> the same numbers as a tfl constant."""
    array = hlo.constant_of(op.results[0])
    assert array is not None, "the root is a constant"
    return tfl.constant(array)


@rule("stablehlo.iota")
def iota(op: ir.OpView, context: RuleContext) -> Outcome:
    """iota -> a constant of one dimension, broadcast where the shape asks for it."""
    shape, kind = shape_of(op.results[0]), op.results[0].type
    axis = ir.IntegerAttr(op.attributes["iota_dimension"]).value
    count = np.arange(shape[axis]).reshape([n if i == axis else 1 for i, n in enumerate(shape)])
    array = tfl.constant(count.astype(dtype_of(kind)))
    if shape_of(array) == shape:
        return array
    return tfl.emit("broadcast_to", [array, tfl.constant(np.array(shape, np.int32))], kind)


def _constant(value: ir.Value) -> Array | None:
    array = hlo.constant_of(value)
    return tfl.constant_of(value) if array is None else array


RULES: tuple[Rule, ...] = (
    maximum_with_zero, unary_op, magnitude, binary_op, logical_op, logical_not, remainder, compare, select, convert,
    clamp, erf, log_plus_one, exponential_minus_one, tangent, atan2, is_finite, sign_of_integers,
    constant, iota,
)  # fmt: skip
