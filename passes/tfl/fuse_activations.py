"""RELU and its kin as the fused activation of the op before them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import reshape
from litewright.compiler.ir.types import dtype_of, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .fuse_biases import behind_reshape

ACTIVATIONS = {"tfl.relu": "RELU", "tfl.relu6": "RELU6", "tfl.relu_n1_to_1": "RELU_N1_TO_1"}
FUSING = frozenset({
    "tfl.add", "tfl.sub", "tfl.mul", "tfl.div", "tfl.conv_2d", "tfl.depthwise_conv_2d",
    "tfl.fully_connected",
})  # fmt: skip

_RANGES = {"RELU": (0.0, math.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
_ACTIVATION_OF = {bounds: name for name, bounds in _RANGES.items()}


def separate_activation(op: ir.OpView) -> None:
    """Makes the fused activation of an op an op of its own behind it, if it has one."""
    fused = tfl.attribute(op, "fused_activation_function")
    name = next((each for each, own in ACTIVATIONS.items() if own == fused), None)
    if name is None:
        return
    value = op.results[0]
    op.attributes["fused_activation_function"] = ir.StringAttr.get("NONE")
    readers = [(use.owner, use.operand_number) for use in value.uses]
    with ir.InsertionPoint.after(op), op.location:
        activated = tfl.emit(name.removeprefix("tfl."), [value], value.type)
    for reader, number in readers:
        reader.operands[number] = activated


@rule(*ACTIVATIONS)
def fuse_into_producer(op: ir.OpView, context: RuleContext) -> Outcome:
    """relu(add(x, y)) -> add(x, y) {fused_activation_function = "RELU"}."""
    value = behind_reshape(op.operands[0])
    producer = hlo.producer(value)
    if producer is None or op_name(producer) not in FUSING:
        return decline("the operand is made by no op that takes an activation")
    if not hlo.has_one_use(value):
        return decline("the value before the activation is read elsewhere too")
    attributes = tfl.attributes_of(producer)
    if attributes["fused_activation_function"] != "NONE":
        return decline("the producer has an activation", attributes["fused_activation_function"])
    attributes["fused_activation_function"] = ACTIVATIONS[op_name(op)]
    name = op_name(producer).removeprefix("tfl.")
    fused = tfl.emit(name, list(producer.operands), value.type, **attributes)
    return reshape(fused, shape_of(op.results[0]))


@rule("tfl.minimum", "tfl.maximum", "tfl.relu")
def bounds_are_activation(op: ir.OpView, context: RuleContext) -> Outcome:
    """minimum(relu(x), 6) -> relu6(x), maximum(minimum(x, 6), 0) too; between -1 and 1 likewise."""
    outer = _bound(op)
    if outer is None:
        return decline("no operand is a number")
    value, low, high = outer
    inner = hlo.producer(value)
    bounded = None if inner is None else _bound(inner)
    if inner is None or bounded is None:
        return decline("the operand is no bounded value")
    name = _ACTIVATION_OF.get((max(low, bounded.low), min(high, bounded.high)))
    if name is None:
        return decline(
            "the bounds are those of no activation", bounded.low, bounded.high, low, high
        )
    if not hlo.has_one_use(value):
        return decline("the value before the bound is read elsewhere too")
    kind = op.results[0].type
    if op_name(inner) not in FUSING:
        return tfl.emit(name.lower(), [bounded.value], kind)
    attributes = tfl.attributes_of(inner)
    attributes["fused_activation_function"] = name
    return tfl.emit(op_name(inner).removeprefix("tfl."), list(inner.operands), kind, **attributes)


class _Bound(NamedTuple):
    """A value that an op keeps between two numbers; for an op with an activation, its result."""

    value: ir.Value
    low: float
    high: float


def _bound(op: ir.OpView) -> _Bound | None:
    """What an op bounds, if that is floats and its shape stays."""
    name, result = op_name(op), op.results[0]
    if name in FUSING:
        fused = tfl.attribute(op, "fused_activation_function")
        return _Bound(result, *_RANGES[fused]) if fused in _RANGES else None
    if name in ACTIVATIONS:
        return _Bound(op.operands[0], *_RANGES[ACTIVATIONS[name]])
    if name not in {"tfl.minimum", "tfl.maximum"} or dtype_of(result) != np.float32:
        return None
    for number in (0, 1):
        array, value = tfl.constant_of(op.operands[number]), op.operands[1 - number]
        if array is not None and array.size == 1 and shape_of(value) == shape_of(result):
            bound = float(array.flat[0])
            return (
                _Bound(value, -math.inf, bound)
                if name == "tfl.minimum"
                else _Bound(value, bound, math.inf)
            )
    return None


@dataclass(frozen=True)
class FuseActivations(RewritePass):
    """Fuses RELU, RELU6 and RELU_N1_TO_1 into arithmetic, convolutions and FULLY_CONNECTED.

    A RESHAPE between the two that keeps the last dimension moves behind. Bounds that make up one of them,
    as torch's `clamp` and `hardtanh` write them, are one: an op less for each convolution of a MobileNet.

    Before::

        %1 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"}
        %2 = "tfl.maximum"(%1, dense<0.0> : tensor<f32>)
        %3 = "tfl.minimum"(%2, dense<6.0> : tensor<f32>)

    After::

        %3 = "tfl.add"(%x, %y) {fused_activation_function = "RELU6"}
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (bounds_are_activation, fuse_into_producer)
