"""Ops between DEQUANTIZE and QUANTIZE as ops of integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, weight_symbol
from litewright.compiler.ir.quantized_type import (
    QuantizedType,
    WeightQuantization,
    annotate_weight,
    quantized_type_of,
    storage_of,
    weight_quantization_of,
)
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.compiler.targets.activation_schemes import (
    ACTIVATION_USES,
    SIXTEEN,
    ActivationUse,
    why_not_integer,
)
from litewright.compiler.targets.weight_schemes import WEIGHT_USES
from litewright.compiler.weights import BiasIntegers, Binary, Expression, Leaf
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


def scheme_of(value: ir.Value) -> QuantizedType | None:
    """How a value of integers is quantised, if it has one scale; None for anything else."""
    if not isinstance(value.type, ir.RankedTensorType):
        return None
    found = quantized_type_of(element_of(value))
    return found if found is not None and found.axis is None else None


@rule("tfl.quantize")
def quantize_dequantized(op: ir.OpView, context: RuleContext) -> Outcome:
    """quantize(dequantize(q)) -> q, or quantize(q) where the scales differ."""
    del context
    integers = _behind_dequantize(op.operands[0])
    before = scheme_of(integers) if integers is not None else None
    after = scheme_of(op.results[0])
    if integers is None or before is None or after is None:
        return decline("no integers of one scale become others")
    if integers.type == op.results[0].type:
        return integers
    if before.storage != after.storage:
        return decline("the integers are of another size", before.storage, after.storage)
    return tfl.emit("quantize", [integers], op.results[0].type)


@rule("tfl.quantize")
def compute_in_integers(op: ir.OpView, context: RuleContext) -> Outcome:
    """quantize(op(dequantize(a), ...)) -> op(a, ...), where the runtime has such an op."""
    made, result = hlo.producer(op.operands[0]), scheme_of(op.results[0])
    if made is None or result is None:
        return decline("no op makes what becomes integers of one scale")
    kind = op_name(made).removeprefix("tfl.")
    use = ACTIVATION_USES.get(kind)
    if use is None:
        return decline("the runtime has no such op of integers", kind)
    if not hlo.has_one_use(op.operands[0]):
        return decline("the floats are read elsewhere too")
    operands = list(made.operands)
    schemes: list[QuantizedType] = []
    for position in use.positions(len(operands)):
        integers = _behind_dequantize(operands[position])
        scheme = scheme_of(integers) if integers is not None else None
        if integers is None or scheme is None:
            return decline("an operand is no integer of one scale", position)
        operands[position] = integers
        schemes.append(scheme)
    weight = weight_of(made, use, context.program)
    if use.weight is not None:
        if weight is None:
            return decline("the weight is no integer that kernels take")
        operands[use.weight] = weight.value
    largest = weight.largest_scale(context.program) if weight is not None else None
    why = why_not_integer(kind, schemes, result, largest)
    if why is not None:
        return decline("the runtime does not compute it in integers", why)
    if weight is not None and use.bias is not None and use.bias < len(operands):
        bias = _bias(made, use, weight, schemes[0], context)
        if bias is None:
            return decline("the bias is no constant that its integers can hold")
        operands[use.bias] = bias
    return _emit(op, made, operands, result)


def _behind_dequantize(value: ir.Value) -> ir.Value | None:
    op = defined_by(value, "dequantize")
    return op.operands[0] if op is not None else None


def _emit(
    op: ir.OpView, made: ir.OpView, operands: Sequence[ir.Value], result: QuantizedType
) -> ir.Value:
    """The op on integers; of its results the one that `op` quantises."""
    results = [tensor_type(shape_of(value), result.element_type()) for value in made.results]
    attributes = tfl.attributes_of(made)
    if "pot_scale_int16" in attributes and result.storage == SIXTEEN:
        attributes["pot_scale_int16"] = False
    if "asymmetric_quantize_inputs" in attributes:
        attributes["asymmetric_quantize_inputs"] = None
    number = list[ir.Value](made.results).index(op.operands[0])
    name = op_name(made).removeprefix("tfl.")
    with made.location:
        return tfl.emit_many(name, operands, results, **attributes)[number]


# ---- weights and biases --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class IntegerWeight:
    """A weight of integers that kernels multiply activations of integers by.

    Attributes:
        value: the integers.
        scales: symbol of its scales, one or one for each output channel.
        by_channel: whether there is one for each.
    """

    value: ir.Value
    scales: str
    by_channel: bool

    def largest_scale(self, program: Program) -> float:
        """The largest of its scales. The weight is quantised for it, unless that is done already."""
        return float(program.weights.read(self.scales).max(initial=0))


def weight_of(op: ir.OpView, use: ActivationUse, program: Program) -> IntegerWeight | None:
    """The weight of an op as integers, from behind its DEQUANTIZE; None if it has none that kernels take."""
    if use.weight is None:
        return None
    value = op.operands[use.weight]
    value = _behind_dequantize(value) or value
    found = _scales_of(program, value)
    if found is None or str(storage_of(element_of(value))) != "i8":
        return None
    known = WEIGHT_USES[op_name(op).removeprefix("tfl.")]
    scales, axis = found
    if axis is None:
        return IntegerWeight(value, scales, False) if "int8 tensor" in known.integer else None
    return IntegerWeight(value, scales, True) if axis == known.axis % rank_of(value) else None


def _scales_of(program: Program, weight: ir.Value) -> tuple[str, int | None] | None:
    """The symbol of a weight's scales, and the dimension that they belong to; None for other weights."""
    annotated = weight_quantization_of(weight)
    if annotated is not None:
        plain = annotated.block_size is None and annotated.zero_points is None
        return (annotated.scales, annotated.axis) if plain else None
    quantized = quantized_type_of(element_of(weight))
    if quantized is None or any(quantized.zero_points):
        return None
    literal = program.weights.literal(np.array(quantized.scales, np.float32))
    return program.weights.derive(literal), quantized.axis


def holds_bias(
    op: ir.OpView,
    use: ActivationUse,
    weight: IntegerWeight,
    scheme: QuantizedType,
    program: Program,
) -> bool:
    """Whether an op has no bias, or one that fits integers in steps of its products.

    It does not where the weights of a channel are next to nothing, and its bias is all that counts.
    """
    bias = op.operands[use.bias] if use.bias is not None and use.bias < len(op.operands) else None
    if bias is None or tfl.is_no_value(bias):
        return True
    expression = _expression_of(program, bias)
    if expression is None:
        return False
    numbers = program.weights.read(program.weights.derive(expression)).astype(np.float64)
    steps = program.weights.read(weight.scales).astype(np.float64) * scheme.scales[0]
    # Half of what 32 bits hold, which leaves room for the products.
    return scheme.storage == SIXTEEN or bool((np.abs(numbers) < steps * 2.0**30).all())


def _bias(
    made: ir.OpView,
    use: ActivationUse,
    weight: IntegerWeight,
    scheme: QuantizedType,
    context: RuleContext,
) -> ir.Value | None:
    """The bias as integers in steps of the products; None if they cannot hold it."""
    assert use.bias is not None, "asked for the bias of an op without"
    bias, program = made.operands[use.bias], context.program
    if not holds_bias(made, use, weight, scheme, program):
        return None
    expression = None if tfl.is_no_value(bias) else _expression_of(program, bias)
    if expression is None:
        return bias
    step = program.weights.literal(np.array(scheme.scales, np.float32))
    products = program.weights.derive(Binary("multiply", Leaf(weight.scales), step))
    dtype = "int64" if scheme.storage == SIXTEEN else "int32"
    integers = BiasIntegers(expression, products, dtype)
    argument = program.weight_argument(context.function, integers)
    axis = 0 if weight.by_channel else None
    return annotate_weight(argument, WeightQuantization(products, None, axis))


def _expression_of(program: Program, value: ir.Value) -> Expression | None:
    """What a weight or a constant is made of; None for any other value."""
    symbol = weight_symbol(value)
    if symbol is not None:
        return program.weights.expression(symbol)
    array = tfl.constant_of(value)
    if array is None:
        return None
    return program.weights.constant(origin_of(value.location).name, array)


@dataclass(frozen=True)
class FuseQuantized(RewritePass):
    """Fuses DEQUANTIZE, an op and QUANTIZE into the op on integers, where the runtime has it.

    Before::

        %1 = "tfl.dequantize"(%q)
        %2 = "tfl.tanh"(%1)
        %3 = "tfl.quantize"(%2)

    After::

        %3 = "tfl.tanh"(%q)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (quantize_dequantized, compute_in_integers)
