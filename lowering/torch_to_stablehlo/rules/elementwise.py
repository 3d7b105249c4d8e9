"""Arithmetic, activations and other functions of one element at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from litewright.compiler.composites.boundary import MARK
from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, element_type, shape_of

from ..context import LoweringContext
from ..elements import Number, Operand, as_tensor, convert, is_bool, is_float

aten = torch.ops.aten


# ---- factories -----------------------------------------------------------------------------------

UnaryRule = Callable[[LoweringContext, ir.Value], ir.Value]
BinaryRule = Callable[[LoweringContext, Operand, Operand], ir.Value]


def unary(op: hlo.Unary) -> UnaryRule:
    """A rule that is one StableHLO op on an operand of the result's dtype."""

    def lower(ctx: LoweringContext, x: ir.Value) -> ir.Value:
        return hlo.unary(op, convert(x, ctx.element))

    return lower


def binary(op: hlo.Binary) -> BinaryRule:
    """A rule that is one StableHLO op on operands of the result's dtype and shape."""

    def lower(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
        return hlo.binary(op, *ctx.cast(x, y))

    return lower


def rounding(op: hlo.Unary) -> UnaryRule:
    """As `unary`, and nothing for integers."""

    def lower(ctx: LoweringContext, x: ir.Value) -> ir.Value:
        return hlo.unary(op, x) if is_float(ctx.element) else x

    return lower


# ---- arithmetic ----------------------------------------------------------------------------------


def _scaled(x: ir.Value, alpha: Number) -> ir.Value:
    return x if alpha == 1 else hlo.multiply(x, hlo.splat_like(alpha, x))


def add(ctx: LoweringContext, x: Operand, y: Operand, alpha: Number = 1) -> ir.Value:
    """x + alpha * y."""
    left, right = ctx.cast(x, y)
    return hlo.add(left, _scaled(right, alpha))


def sub(ctx: LoweringContext, x: Operand, y: Operand, alpha: Number = 1) -> ir.Value:
    """x - alpha * y."""
    left, right = ctx.cast(x, y)
    return hlo.binary("subtract", left, _scaled(right, alpha))


def rsub(ctx: LoweringContext, x: Operand, y: Operand, alpha: Number = 1) -> ir.Value:
    """y - alpha * x."""
    return sub(ctx, y, x, alpha)


def floor_of_quotient(x: ir.Value, y: ir.Value) -> ir.Value:
    """The quotient rounded down; of integers too, whose division rounds towards zero."""
    quotient = hlo.binary("divide", x, y)
    if is_float(element_of(x)):
        return hlo.unary("floor", quotient)
    if str(element_of(x)).startswith("ui"):
        return quotient
    remainder = hlo.binary("remainder", x, y)
    zero = hlo.splat_like(0, x)
    inexact = hlo.compare("NE", remainder, zero)
    differ = hlo.compare("NE", hlo.unary("sign", remainder), hlo.unary("sign", y))
    lower = hlo.binary("subtract", quotient, hlo.splat_like(1, x))
    return hlo.select(hlo.binary("and", inexact, differ), lower, quotient)


def truncate(x: ir.Value) -> ir.Value:
    """x rounded towards zero."""
    positive = hlo.compare("GE", x, hlo.splat_like(0, x))
    return hlo.select(positive, hlo.unary("floor", x), hlo.unary("ceil", x))


def div(
    ctx: LoweringContext, x: Operand, y: Operand, *, rounding_mode: str | None = None
) -> ir.Value:
    """x / y, as it is, rounded down (`floor`) or towards zero (`trunc`)."""
    left, right = ctx.cast(x, y)
    if rounding_mode == "floor":
        return ctx.composite("aten.floor_divide", [left, right], {}, floor_of_quotient)[0]
    quotient = hlo.binary("divide", left, right)
    if rounding_mode == "trunc" and is_float(ctx.element):
        return truncate(quotient)
    return quotient


def floor_divide(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
    """x // y."""
    return div(ctx, x, y, rounding_mode="floor")


def remainder(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
    """x % y with the sign of y, as in Python."""
    return ctx.composite("aten.remainder", ctx.cast(x, y), {}, _remainder)[0]


def _remainder(left: ir.Value, right: ir.Value) -> ir.Value:
    rest = hlo.binary("remainder", left, right)
    zero = hlo.splat_like(0, rest)
    differ = hlo.compare("NE", hlo.compare("LT", rest, zero), hlo.compare("LT", right, zero))
    wrong = hlo.binary("and", hlo.compare("NE", rest, zero), differ)
    return hlo.select(wrong, hlo.add(rest, right), rest)


def power(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
    """x ** y; small constant exponents become products and roots."""
    if isinstance(x, ir.Value) and not isinstance(y, ir.Value):
        return _power_of_number(ctx, convert(x, ctx.element), y)
    left, right = ctx.cast(x, y)
    return hlo.binary("power", left, right)


def _power_of_number(ctx: LoweringContext, x: ir.Value, exponent: complex) -> ir.Value:
    if exponent == 1:
        return x
    if exponent == 2:
        return hlo.multiply(x, x)
    if exponent == 3:
        return hlo.multiply(hlo.multiply(x, x), x)
    if is_float(ctx.element):
        if exponent == 0.5:
            return hlo.unary("sqrt", x)
        if exponent == -0.5:
            return hlo.unary("rsqrt", x)
        if exponent == -1:
            return reciprocal(ctx, x)
    return hlo.binary("power", x, hlo.splat_like(exponent, x))


def reciprocal(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """1 / x."""
    cast = convert(x, ctx.element)
    return hlo.binary("divide", hlo.splat_like(1, cast), cast)


def square(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x * x."""
    cast = convert(x, ctx.element)
    return hlo.multiply(cast, cast)


def absolute(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """|x|."""
    return x if is_bool(ctx.element) or _is_unsigned(x) else hlo.unary("abs", x)


def _is_unsigned(x: ir.Value) -> bool:
    return str(element_of(x)).startswith("ui")


def sign(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """-1, 0 or 1."""
    if is_bool(ctx.element):
        return x
    if _is_unsigned(x):
        return hlo.convert(hlo.compare("NE", x, hlo.splat_like(0, x)), ctx.element)
    return hlo.unary("sign", x)


def trunc(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x rounded towards zero."""
    return truncate(x) if is_float(ctx.element) else x


def frac(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x - trunc(x)."""
    del ctx
    return hlo.binary("subtract", x, truncate(x))


def round_decimals(ctx: LoweringContext, x: ir.Value, *, decimals: int) -> ir.Value:
    """x rounded to that many decimals, halves to even."""
    del ctx
    scale = hlo.splat_like(10.0 ** abs(decimals), x)
    into: tuple[hlo.Binary, hlo.Binary] = ("multiply", "divide")
    there, back = into if decimals >= 0 else into[::-1]
    return hlo.binary(back, hlo.unary("round_nearest_even", hlo.binary(there, x, scale)), scale)


def exp2(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """2 ** x."""
    cast = convert(x, ctx.element)
    return hlo.unary("exponential", hlo.multiply(cast, hlo.splat_like(math.log(2), cast)))


def log_to_base(base: float) -> UnaryRule:
    """A rule for the logarithm to a base."""

    def lower(ctx: LoweringContext, x: ir.Value) -> ir.Value:
        natural = hlo.unary("log", convert(x, ctx.element))
        return hlo.multiply(natural, hlo.splat_like(1 / math.log(base), natural))

    return lower


def lerp(ctx: LoweringContext, start: ir.Value, end: ir.Value, weight: Operand) -> ir.Value:
    """start + weight * (end - start)."""
    first, last, share = ctx.cast(start, end, weight)
    return hlo.add(first, hlo.multiply(share, hlo.binary("subtract", last, first)))


def addcmul(
    ctx: LoweringContext, x: ir.Value, a: ir.Value, b: ir.Value, *, value: Number = 1
) -> ir.Value:
    """x + value * a * b."""
    base, left, right = ctx.cast(x, a, b)
    return hlo.add(base, _scaled(hlo.multiply(left, right), value))


def addcdiv(
    ctx: LoweringContext, x: ir.Value, a: ir.Value, b: ir.Value, *, value: Number = 1
) -> ir.Value:
    """x + value * a / b."""
    base, left, right = ctx.cast(x, a, b)
    return hlo.add(base, _scaled(hlo.binary("divide", left, right), value))


# ---- limits --------------------------------------------------------------------------------------


def clamp(
    ctx: LoweringContext, x: ir.Value, low: Operand | None = None, high: Operand | None = None
) -> ir.Value:
    """x, at least `low` and at most `high`; either may be absent."""
    (value,) = ctx.cast(x)
    if low is not None:
        value = hlo.binary("maximum", value, *ctx.cast(low))
    if high is not None:
        value = hlo.binary("minimum", value, *ctx.cast(high))
    return value


def clamp_max(ctx: LoweringContext, x: ir.Value, high: Operand) -> ir.Value:
    """x, at most `high`."""
    return clamp(ctx, x, None, high)


def relu(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """max(x, 0)."""
    return clamp(ctx, x, 0)


def relu6(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x between 0 and 6."""
    return clamp(ctx, x, 0, 6)


def hardtanh(ctx: LoweringContext, x: ir.Value, low: Number = -1, high: Number = 1) -> ir.Value:
    """x between `low` and `high`."""
    return clamp(ctx, x, low, high)


def threshold(ctx: LoweringContext, x: ir.Value, limit: Number, value: Number) -> ir.Value:
    """x where it is above `limit`, else `value`."""
    del ctx
    return hlo.select(hlo.compare("GT", x, hlo.splat_like(limit, x)), x, hlo.splat_like(value, x))


# ---- conversions ---------------------------------------------------------------------------------


def identity(ctx: LoweringContext, x: ir.Value, *args: object, **kwargs: object) -> ir.Value:
    """x as the result's dtype: copies, conversions, what happens in training only."""
    del args, kwargs
    return convert(x, ctx.element)


def clone(ctx: LoweringContext, x: ir.Value, *unused: object, **kwargs: object) -> ir.Value:
    """x; memory formats have no meaning here."""
    del ctx, unused, kwargs
    return x


def copy(ctx: LoweringContext, x: ir.Value, source: ir.Value, *unused: object) -> ir.Value:
    """`source` in the shape and dtype of x."""
    del x, unused
    return ctx.cast(source)[0]


def where(ctx: LoweringContext, condition: ir.Value, x: Operand, y: Operand) -> ir.Value:
    """x where the condition holds, else y."""
    return hlo.select(as_tensor(condition, ctx.shape, element_type("i1")), *ctx.cast(x, y))


def masked_fill(ctx: LoweringContext, x: ir.Value, mask: ir.Value, value: Operand) -> ir.Value:
    """`value` where the mask holds, else x."""
    return where(ctx, mask, value, x)


def view_dtype(ctx: LoweringContext, x: ir.Value, dtype: torch.dtype) -> ir.Value:
    """The bits of x as another type of the same width."""
    if tuple(ctx.shape) != shape_of(x):
        raise ctx.refuse(f"a view as {dtype} of another width")
    return hlo.bitcast_convert(x, ctx.element)


RULES = (
    (aten.add.Tensor, add),
    (aten.add.Scalar, add),
    (aten.sub.Tensor, sub),
    (aten.sub.Scalar, sub),
    (aten.rsub.Tensor, rsub),
    (aten.rsub.Scalar, rsub),
    (aten.mul.Tensor, binary("multiply")),
    (aten.mul.Scalar, binary("multiply")),
    (aten.multiply.Tensor, binary("multiply")),
    (aten.div.Tensor, div),
    (aten.div.Scalar, div),
    (aten.div.Tensor_mode, div),
    (aten.div.Scalar_mode, div),
    (aten.true_divide.Tensor, div),
    (aten.floor_divide.default, floor_divide),
    (aten.floor_divide.Scalar, floor_divide),
    (aten.remainder.Tensor, remainder),
    (aten.remainder.Scalar, remainder),
    (aten.remainder.Scalar_Tensor, remainder),
    (aten.fmod.Tensor, binary("remainder")),
    (aten.fmod.Scalar, binary("remainder")),
    (aten.pow.Tensor_Tensor, power),
    (aten.pow.Tensor_Scalar, power),
    (aten.pow.Scalar, power),
    (aten.maximum.default, binary("maximum")),
    (aten.minimum.default, binary("minimum")),
    (aten.max.other, binary("maximum")),
    (aten.min.other, binary("minimum")),
    (aten.atan2.default, binary("atan2")),
    (aten.neg.default, unary("negate")),
    (aten.sign.default, sign),
    (aten.sgn.default, sign),
    (aten.ceil.default, rounding("ceil")),
    (aten.floor.default, rounding("floor")),
    (aten.round.default, rounding("round_nearest_even")),
    (aten.round.decimals, round_decimals),
    (aten.trunc.default, trunc),
    (aten.frac.default, frac),
    (aten.sqrt.default, unary("sqrt")),
    (aten.rsqrt.default, unary("rsqrt")),
    (aten.reciprocal.default, reciprocal),
    (aten.square.default, square),
    (aten.exp.default, unary("exponential")),
    (aten.exp2.default, exp2),
    (aten.expm1.default, unary("exponential_minus_one")),
    (aten.log.default, unary("log")),
    (aten.log1p.default, unary("log_plus_one")),
    (aten.log2.default, log_to_base(2)),
    (aten.log10.default, log_to_base(10)),
    (aten.sin.default, unary("sine")),
    (aten.cos.default, unary("cosine")),
    (aten.tanh.default, unary("tanh")),
    (aten.sigmoid.default, unary("logistic")),
    (aten.erf.default, unary("erf")),
    (aten.lerp.Scalar, lerp),
    (aten.lerp.Tensor, lerp),
    (aten.addcmul.default, addcmul),
    (aten.addcdiv.default, addcdiv),
    (aten.clamp.default, clamp),
    (aten.clamp.Tensor, clamp),
    (aten.clip.default, clamp),
    (aten.clip.Tensor, clamp),
    (aten.clamp_min.default, clamp),
    (aten.clamp_min.Tensor, clamp),
    (aten.clamp_max.default, clamp_max),
    (aten.clamp_max.Tensor, clamp_max),
    (aten.relu.default, relu),
    (aten.relu6.default, relu6),
    (aten.hardtanh.default, hardtanh),
    (aten.threshold.default, threshold),
    (aten.to.dtype, identity),
    (aten.to.dtype_layout, identity),
    (aten.to.device, identity),
    (aten.to.other, identity),
    (aten._to_copy.default, identity),
    (aten.type_as.default, identity),
    (aten.copy.default, copy),
    (aten.contiguous.default, clone),
    (aten.clone.default, clone),
    (MARK, clone),  # of a composite that no pass has made
    (aten.alias.default, clone),
    (aten.detach.default, clone),
    (aten.lift_fresh_copy.default, clone),
    (aten.dropout.default, identity),
    (aten.feature_dropout.default, identity),
    (aten.alpha_dropout.default, identity),
    (aten.view.dtype, view_dtype),
    (aten.where.self, where),
    (aten.where.ScalarOther, where),
    (aten.where.ScalarSelf, where),
    (aten.where.Scalar, where),
    (aten.masked_fill.Scalar, masked_fill),
    (aten.masked_fill.Tensor, masked_fill),
)
