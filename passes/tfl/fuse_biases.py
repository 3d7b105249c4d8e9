"""ADD of a per-channel constant as the bias of the op before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.tfl.shorthand import defined_by, reshape
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

BIASED = frozenset({"tfl.fully_connected", "tfl.conv_2d", "tfl.depthwise_conv_2d"})


def per_channel(value: ir.Value, channels: int) -> Array | None:
    """A constant as [channels], if it differs along the last axis alone."""
    array = tfl.constant_of(value)
    if array is None or any(n != 1 for n in array.shape[:-1]):
        return None
    if array.size not in {1, channels}:
        return None
    return np.broadcast_to(array.reshape(-1), (channels,))


def behind_reshape(value: ir.Value) -> ir.Value:
    """The value before a RESHAPE that keeps the last dimension, if there is one that nothing else reads."""
    op = defined_by(value, "reshape")
    if op is None or not hlo.has_one_use(value):
        return value
    x = op.operands[0]
    return x if shape_of(x)[-1:] == shape_of(value)[-1:] else value


@rule("tfl.add")
def add_is_bias(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(fully_connected(x, w), b) -> fully_connected(x, w, b), adding to a bias that is there."""
    for number in (0, 1):
        value, addend = op.operands[number], op.operands[1 - number]
        product = behind_reshape(value)
        producer = hlo.producer(product)
        if producer is None or op_name(producer) not in BIASED:
            continue
        if shape_of(value) != shape_of(op.results[0]):
            return decline("the sum is broadcast to a larger shape")
        more = per_channel(addend, shape_of(product)[-1])
        if more is None:
            return decline("the addend is no constant per channel")
        if not hlo.has_one_use(product):
            return decline("the product is read elsewhere too")
        return _with_bias(op, producer, more)
    return decline("no operand is a FULLY_CONNECTED or convolution")


def _with_bias(op: ir.OpView, producer: ir.OpView, more: Array) -> Outcome:
    attributes = tfl.attributes_of(producer)
    if attributes["fused_activation_function"] != "NONE":
        return decline("an activation stands between the product and the addition")
    operands = list(producer.operands)
    before = None if tfl.is_no_value(operands[2]) else tfl.constant_of(operands[2])
    if before is None and not tfl.is_no_value(operands[2]):
        return decline("the bias that is there is no constant")
    operands[2] = tfl.constant(np.ascontiguousarray(more if before is None else before + more))
    attributes["fused_activation_function"] = tfl.attribute(op, "fused_activation_function")
    name = op_name(producer).removeprefix("tfl.")
    biased = tfl.emit(name, operands, producer.results[0].type, **attributes)
    return reshape(biased, shape_of(op.results[0]))


@dataclass(frozen=True)
class FuseBiases(RewritePass):
    """Fuses the ADD of a constant per channel into FULLY_CONNECTED and convolutions.

    A RESHAPE between them that keeps the channels moves behind.

    Before::

        %1 = "tfl.fully_connected"(%x, %w, %none)
        %2 = "tfl.add"(%1, dense<...> : tensor<16xf32>)

    After::

        %2 = "tfl.fully_connected"(%x, %w, dense<...> : tensor<16xf32>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (add_is_bias,)
