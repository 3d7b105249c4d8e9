"""Complex numbers as pairs of real ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from litewright.compiler.ir import cloning, hlo
from litewright.compiler.ir.mlir import ir, op_name, stablehlo
from litewright.compiler.ir.types import element_of, is_complex, shape_of, tensor_type
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .splats import is_number

Parts = tuple[ir.Value, ir.Value]
Product = Callable[[ir.Value, ir.Value], ir.Value]


def _parts(value: ir.Value) -> Parts | None:
    """The real and the imaginary part of what is made of two."""
    made = hlo.producer(value)
    if made is None or op_name(made) != "stablehlo.complex":
        return None
    return made.operands[0], made.operands[1]


def _is_real(parts: Parts) -> bool:
    return is_number(parts[1], 0)


def _of_part(op: ir.OpView, operands: Sequence[ir.Value]) -> ir.Value:
    """The same op on other operands, which are real."""
    element = next(ir.ComplexType(element_of(o)) for o in op.operands if is_complex(o)).element_type
    attributes = {name: op.attributes[name] for name in op.attributes}
    result = tensor_type(shape_of(op.results[0]), element)
    return ir.Operation.create(op_name(op), [result], list(operands), attributes).result


@rule(
    "stablehlo.add", "stablehlo.subtract", "stablehlo.negate", "stablehlo.select",
    "stablehlo.reshape", "stablehlo.transpose", "stablehlo.broadcast_in_dim", "stablehlo.slice",
    "stablehlo.concatenate", "stablehlo.reverse", "stablehlo.pad", "stablehlo.gather",
    "stablehlo.dynamic_slice", "stablehlo.dynamic_update_slice",
)  # fmt: skip
def both_parts(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(complex(a, b)) -> complex(reshape(a), reshape(b)); so with all that is linear or moves."""
    if not is_complex(op.results[0]):
        return decline("the numbers are real")
    real, imaginary = list(op.operands), list(op.operands)
    for number, operand in enumerate(op.operands):
        if is_complex(operand):
            parts = _parts(operand)
            if parts is None:
                return decline("an operand is not made of two parts")
            real[number], imaginary[number] = parts
    return hlo.complex_of(_of_part(op, real), _of_part(op, imaginary))


def _product(left: Parts, right: Parts, times: Product) -> ir.Value:
    """(a + bi) (c + di) = (ac - bd) + (ad + bc) i; what is real is not multiplied by zero."""
    (a, b), (c, d) = left, right
    if _is_real(right):
        return hlo.complex_of(times(a, c), times(b, c))
    if _is_real(left):
        return hlo.complex_of(times(a, c), times(a, d))
    real = hlo.binary("subtract", times(a, c), times(b, d))
    return hlo.complex_of(real, hlo.add(times(a, d), times(b, c)))


@rule("stablehlo.multiply", "stablehlo.dot_general")
def product(op: ir.OpView, context: RuleContext) -> Outcome:
    """complex(a, b) * complex(c, d) -> complex(a * c - b * d, a * d + b * c)."""
    if not is_complex(op.results[0]):
        return decline("the numbers are real")
    left, right = _parts(op.operands[0]), _parts(op.operands[1])
    if left is None or right is None:
        return decline("a factor is not made of two parts")
    return _product(left, right, lambda x, y: _of_part(op, (x, y)))


@rule("stablehlo.divide")
def quotient(op: ir.OpView, context: RuleContext) -> Outcome:
    """z / complex(c, d) -> z * complex(c, -d) / (c * c + d * d), where that sum is a number of the type."""
    if not is_complex(op.results[0]):
        return decline("the numbers are real")
    dividend, divisor = _parts(op.operands[0]), _parts(op.operands[1])
    if dividend is None or divisor is None:
        return decline("dividend or divisor is not made of two parts")
    (c, d), scaled, scale = divisor, dividend, divisor[0]
    if not _is_real(divisor):
        turned = _product(dividend, (c, hlo.unary("negate", d)), hlo.multiply)
        scaled = hlo.real_part(turned), hlo.imaginary_part(turned)
        scale = hlo.add(hlo.multiply(c, c), hlo.multiply(d, d))
    return hlo.complex_of(*(hlo.binary("divide", part, scale) for part in scaled))


@rule("stablehlo.exponential")
def exponential(op: ir.OpView, context: RuleContext) -> Outcome:
    """exp(complex(a, b)) -> complex(exp(a) * cos(b), exp(a) * sin(b))."""
    if not is_complex(op.results[0]):
        return decline("the numbers are real")
    parts = _parts(op.operands[0])
    if parts is None:
        return decline("the exponent is not made of two parts")
    waves = hlo.unary("cosine", parts[1]), hlo.unary("sine", parts[1])
    if is_number(parts[0], 0):
        return hlo.complex_of(*waves)
    size = hlo.unary("exponential", parts[0])
    return hlo.complex_of(*(hlo.multiply(size, wave) for wave in waves))


@rule("stablehlo.reduce")
def total(op: ir.OpView, context: RuleContext) -> Outcome:
    """reduce(complex(a, b)) by additions from zero -> complex(reduce(a), reduce(b))."""
    if not is_complex(op.results[0]):
        return decline("the numbers are real")
    if len(op.results) > 1 or hlo.reduction_kind(op) != "stablehlo.add":
        return decline("it does more than add")
    parts, initial = _parts(op.operands[0]), _parts(op.operands[1])
    if parts is None or initial is None or not all(is_number(part, 0) for part in initial):
        return decline(
            "what is added is not made of two parts, or the sum does not begin with zero"
        )
    axes = hlo.ints(op, "dimensions")
    return hlo.complex_of(*(hlo.reduce("add", part, axes, 0) for part in parts))


@rule("stablehlo.compare")
def comparison(op: ir.OpView, context: RuleContext) -> Outcome:
    """complex(a, b) == complex(c, d) -> a == c and b == d; they differ where a part does."""
    if not is_complex(op.operands[0]):
        return decline("the numbers are real")
    left, right = _parts(op.operands[0]), _parts(op.operands[1])
    if left is None or right is None:
        return decline("what is compared is not made of two parts")
    direction = stablehlo.ComparisonDirectionAttr(op.attributes["comparison_direction"]).value
    same = direction == "EQ"
    parts = [hlo.compare("EQ" if same else "NE", *each) for each in zip(left, right, strict=True)]
    return hlo.binary("and" if same else "or", *parts)


@rule("stablehlo.real", "stablehlo.imag")
def part(op: ir.OpView, context: RuleContext) -> Outcome:
    """real(complex(a, b)) -> a."""
    parts = _parts(op.operands[0])
    if parts is None:
        return decline("the number is not made of two parts")
    return parts[0] if op_name(op) == "stablehlo.real" else parts[1]


@rule("stablehlo.composite", "func.call")
def border(op: ir.OpView, context: RuleContext) -> Outcome:
    """A composite that takes or returns complex numbers -> its decomposition."""
    if not any(is_complex(value) for value in (*op.operands, *op.results)):
        return decline("what goes in and comes out is real")
    key = "decomposition" if op_name(op) == "stablehlo.composite" else "callee"
    callee = context.program.function(ir.FlatSymbolRefAttr(op.attributes[key]).value)
    return cloning.inline(callee, list(op.operands))


@dataclass(frozen=True)
class SplitComplex(RewritePass):
    """Turns every complex number to a pair of real ones, since runtimes compute with real ones alone.

    Before::

        %z = stablehlo.complex %a, %b
        %0 = stablehlo.transpose %z, dims = [1, 0]
        %1 = stablehlo.imag %0

    After::

        %1 = stablehlo.transpose %b, dims = [1, 0]
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return border, both_parts, product, quotient, exponential, total, comparison, part
