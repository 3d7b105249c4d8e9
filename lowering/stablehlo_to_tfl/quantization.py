"""Activations that a graph quantises by itself: QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.tfl.shorthand import binary, scalar
from litewright.compiler.ir.types import element_of, shape_of, tensor_type
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import integer, number

_STORAGES = (("i8", -128, 127), ("i16", -32768, 32767))


@rule("composite:litewright.fake_quantize")
def fake_quantize(op: ir.OpView, context: RuleContext) -> Outcome:
    """Integers of 8 bits, or of 16 -> QUANTIZE and DEQUANTIZE; fewer of them -> the same behind two bounds.

    Unsigned integers become signed ones, which stand for the same numbers by another zero point.
    """
    x = op.operands[0]
    if str(element_of(x)) != "f32":
        return decline("floats of 32 bits become integers", element_of(x))
    scale, zero = number(op, "scale"), integer(op, "zero_point")
    low, high = integer(op, "low"), integer(op, "high")
    fitting = [each for each in _STORAGES if _shift(low, high, zero, *each[1:]) is not None]
    if not fitting:
        return decline("the integers fit neither 8 bits nor 16", low, high, zero)
    storage, least, most = fitting[0]
    shift = _shift(low, high, zero, least, most) or 0
    if storage == "i16" and zero + shift:
        return decline("integers of 16 bits have no zero point", zero)
    if (low + shift, high + shift) != (least, most):
        x = binary("maximum", x, scalar((low - zero) * scale, x))
        x = binary("minimum", x, scalar((high - zero) * scale, x))
    scheme = QuantizedType(storage, (scale,), (zero + shift,))
    integers = tfl.emit("quantize", [x], tensor_type(shape_of(x), scheme.element_type()))
    return tfl.emit("dequantize", [integers], x.type)


def _shift(low: int, high: int, zero: int, least: int, most: int) -> int | None:
    """What makes integers those of a type that goes from `least` to `most`; None if they do not fit."""
    shift = least - low if high - low == most - least else 0
    fits = least <= low + shift and high + shift <= most and least <= zero + shift <= most
    return shift if fits else None


RULES: tuple[Rule, ...] = (fake_quantize,)
