"""Comparisons, logic, bits, and tests of one element."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, element_type

from ..context import LoweringContext
from ..elements import Operand, convert, is_bool, is_float
from .elementwise import BinaryRule, UnaryRule, binary, identity

aten = torch.ops.aten


def comparison(direction: hlo.Comparison) -> BinaryRule:
    """A rule for a comparison, in the type that torch promotes the operands to."""

    def lower(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
        left, right = ctx.cast(x, y, element=ctx.common_element(x, y))
        return hlo.compare(direction, left, right)

    return lower


def logical(op: hlo.Binary) -> BinaryRule:
    """A rule for logic on what is not zero."""

    def lower(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
        return hlo.binary(op, *ctx.cast(x, y, element=element_type("i1")))

    return lower


def logical_not(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """Whether x is zero."""
    return hlo.unary("not", convert(x, ctx.element))


def bitwise_not(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The bits of x inverted."""
    del ctx
    return hlo.unary("not", x)


def shift_right(ctx: LoweringContext, x: Operand, y: Operand) -> ir.Value:
    """x >> y: arithmetic for signed integers."""
    left, right = ctx.cast(x, y)
    unsigned = str(ctx.element).startswith("ui")
    kind: hlo.Binary = "shift_right_logical" if unsigned else "shift_right_arithmetic"
    return hlo.binary(kind, left, right)


def _on_floats(test: Callable[[ir.Value], ir.Value], *, integers: bool) -> UnaryRule:
    """A rule for a test of floats that gives `integers` for integers."""

    def lower(ctx: LoweringContext, x: ir.Value) -> ir.Value:
        if is_float(element_of(x)):
            return test(x)
        return hlo.splat(integers, ctx.shape, element_type("i1"))

    return lower


def _is_nan(x: ir.Value) -> ir.Value:
    return hlo.compare("NE", x, x)


def _is_infinite(x: ir.Value) -> ir.Value:
    return hlo.compare("EQ", hlo.unary("abs", x), hlo.splat_like(math.inf, x))


def _is_finite(x: ir.Value) -> ir.Value:
    return hlo.compare("LT", hlo.unary("abs", x), hlo.splat_like(math.inf, x))


def _is_infinity(direction: hlo.Comparison, limit: float) -> Callable[[ir.Value], ir.Value]:
    return lambda x: hlo.compare(direction, x, hlo.splat_like(limit, x))


def nan_to_num(
    ctx: LoweringContext,
    x: ir.Value,
    nan: float | None = None,
    posinf: float | None = None,
    neginf: float | None = None,
) -> ir.Value:
    """x with numbers in place of NaN and the infinities."""
    if not is_float(ctx.element):
        return x
    limits = torch.finfo(ctx.out.dtype)
    high, low = limits.max if posinf is None else posinf, limits.min if neginf is None else neginf
    value = hlo.select(_is_nan(x), hlo.splat_like(nan or 0.0, x), x)
    value = hlo.select(
        hlo.compare("EQ", x, hlo.splat_like(math.inf, x)), hlo.splat_like(high, x), value
    )
    return hlo.select(
        hlo.compare("EQ", x, hlo.splat_like(-math.inf, x)), hlo.splat_like(low, x), value
    )


def heaviside(ctx: LoweringContext, x: ir.Value, at_zero: ir.Value) -> ir.Value:
    """0 where x is negative, 1 where it is positive, `at_zero` between."""
    value, zero = ctx.cast(x, at_zero)
    nothing = hlo.splat_like(0, value)
    step = convert(hlo.compare("GT", value, nothing), ctx.element)
    return hlo.select(hlo.compare("EQ", value, nothing), zero, step)


def signbit(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """Whether x is negative, or -0.0; NaN is taken for positive."""
    del ctx
    element = element_of(x)
    if is_float(element):
        # The reciprocal tells -0.0 from 0.0, which compare equal.
        zero, one = hlo.splat_like(0, x), hlo.splat_like(1, x)
        negative = hlo.compare("LT", hlo.binary("divide", one, x), zero)
        return hlo.binary("or", negative, hlo.compare("LT", x, zero))
    if is_bool(element):
        return hlo.splat_like(0, x)
    return hlo.compare("LT", x, hlo.splat_like(0, x))


_COMPARISONS: tuple[tuple[str, hlo.Comparison], ...] = (
    ("eq", "EQ"),
    ("ne", "NE"),
    ("lt", "LT"),
    ("le", "LE"),
    ("gt", "GT"),
    ("ge", "GE"),
)
_BITWISE: tuple[tuple[hlo.Binary, tuple[str, str]], ...] = (
    ("and", ("bitwise_and", "__and__")),
    ("or", ("bitwise_or", "__or__")),
    ("xor", ("bitwise_xor", "__xor__")),
)

RULES = (
    *(
        (overload, comparison(direction))
        for name, direction in _COMPARISONS
        for overload in (getattr(aten, name).Tensor, getattr(aten, name).Scalar)
    ),
    (aten.logical_and.default, logical("and")),
    (aten.logical_or.default, logical("or")),
    (aten.logical_xor.default, logical("xor")),
    (aten.logical_not.default, logical_not),
    (aten.bitwise_not.default, bitwise_not),
    *(
        (overload, binary(op))
        for op, names in _BITWISE
        for name in names
        for overload in (getattr(aten, name).Tensor, getattr(aten, name).Scalar)
    ),
    (aten.bitwise_left_shift.Tensor, binary("shift_left")),
    (aten.bitwise_left_shift.Tensor_Scalar, binary("shift_left")),
    (aten.__lshift__.Scalar, binary("shift_left")),
    (aten.__lshift__.Tensor, binary("shift_left")),
    (aten.bitwise_right_shift.Tensor, shift_right),
    (aten.bitwise_right_shift.Tensor_Scalar, shift_right),
    (aten.__rshift__.Scalar, shift_right),
    (aten.__rshift__.Tensor, shift_right),
    (aten.isnan.default, _on_floats(_is_nan, integers=False)),
    (aten.isinf.default, _on_floats(_is_infinite, integers=False)),
    (aten.isfinite.default, _on_floats(_is_finite, integers=True)),
    (aten.isposinf.default, _on_floats(_is_infinity("EQ", math.inf), integers=False)),
    (aten.isneginf.default, _on_floats(_is_infinity("EQ", -math.inf), integers=False)),
    (aten.nan_to_num.default, nan_to_num),
    (aten.heaviside.default, heaviside),
    (aten.signbit.default, signbit),
    (aten.positive.default, identity),
)
