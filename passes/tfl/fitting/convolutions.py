"""Convolutions in groups, for targets that have no such kernel."""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.quantized_type import weight_quantization_of
from litewright.compiler.ir.types import element_of, shape_of, tensor_type
from litewright.compiler.targets import Target
from litewright.compiler.weights import Slice
from litewright.passes.core import Rule, RuleContext

from .candidates import fitting
from .searches import split_channels


def rules(target: Target) -> tuple[Rule, ...]:
    """The rules for a target."""
    return (fitting(target, "split-groups", ["tfl.conv_2d"], [_by_group]),)


def _by_group(op: ir.OpView, context: RuleContext) -> ir.Value | None:
    """A CONV_2D for each group of channels, over its part of the filter, and a CONCATENATION."""
    x, filters, bias = op.operands
    groups = shape_of(x)[-1] // shape_of(filters)[-1]
    if groups < 2 or not _has_parts(filters) or not (tfl.is_no_value(bias) or _has_parts(bias)):
        return None
    width = shape_of(filters)[0] // groups
    kind = tensor_type([*shape_of(op.results[0])[:-1], width], element_of(op.results[0]))
    made: list[ir.Value] = []
    for number, part in enumerate(split_channels(x, groups)):
        first = number * width
        own_bias = bias if tfl.is_no_value(bias) else _part(bias, first, width, context)
        operands = [part, _part(filters, first, width, context), own_bias]
        made.append(tfl.emit("conv_2d", operands, kind, **tfl.attributes_of(op)))
    return tfl.emit("concatenation", made, op.results[0].type, axis=3)


def _has_parts(value: ir.Value) -> bool:
    is_plain_weight = weight_symbol(value) is not None and weight_quantization_of(value) is None
    return tfl.constant_of(value) is not None or is_plain_weight


def _part(value: ir.Value, first: int, count: int, context: RuleContext) -> ir.Value:
    """Some rows of a constant or weight, made when the file is written."""
    array = tfl.constant_of(value)
    if array is not None:
        return tfl.constant(array[first : first + count])
    symbol = weight_symbol(value)
    assert symbol is not None, "asked before"
    shape = shape_of(value)
    begin = (first, *[0] * (len(shape) - 1))
    cut = Slice(context.program.weights.expression(symbol), begin, (first + count, *shape[1:]))
    return context.program.weight_argument(context.function, cut)
