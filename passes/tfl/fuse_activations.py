"""RELU and its kin as the fused activation of the op before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

ACTIVATIONS = {"tfl.relu": "RELU", "tfl.relu6": "RELU6", "tfl.relu_n1_to_1": "RELU_N1_TO_1"}
FUSING = frozenset({
    "tfl.add", "tfl.sub", "tfl.mul", "tfl.div", "tfl.conv_2d", "tfl.depthwise_conv_2d",
    "tfl.fully_connected",
})  # fmt: skip


@rule(*ACTIVATIONS)
def fuse_into_producer(op: ir.OpView, context: RuleContext) -> Outcome:
    """relu(add(x, y)) -> add(x, y) {fused_activation_function = "RELU"}."""
    producer = hlo.producer(op.operands[0])
    if producer is None or op_name(producer) not in FUSING:
        return decline("the operand is made by no op that takes an activation")
    if not hlo.has_one_use(op.operands[0]):
        return decline("the value before the activation is read elsewhere too")
    attributes = tfl.attributes_of(producer)
    if attributes["fused_activation_function"] != "NONE":
        return decline("the producer has an activation", attributes["fused_activation_function"])
    attributes["fused_activation_function"] = ACTIVATIONS[op_name(op)]
    name = op_name(producer).removeprefix("tfl.")
    return tfl.emit(name, list(producer.operands), op.results[0].type, **attributes)


@dataclass(frozen=True)
class FuseActivations(RewritePass):
    """Fuses RELU, RELU6 and RELU_N1_TO_1 into arithmetic, convolutions and FULLY_CONNECTED.

    Before::

        %1 = "tfl.add"(%x, %y) {fused_activation_function = "NONE"}
        %2 = "tfl.relu"(%1)

    After::

        %2 = "tfl.add"(%x, %y) {fused_activation_function = "RELU"}
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (fuse_into_producer,)
