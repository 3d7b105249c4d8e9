"""Integers are moved as integers: DEQUANTIZE behind what moves numbers, QUANTIZE in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.compiler.ir.types import shape_of, tensor_type
from litewright.compiler.targets.activation_schemes import ACTIVATION_USES, why_not_integer
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .fuse_quantized import scheme_of

MOVES = frozenset({"tfl.pad", "tfl.reshape", "tfl.slice", "tfl.strided_slice", "tfl.transpose"})
"""Ops that move numbers, or put zeros between them: the integer of 0 is the zero point."""


@rule(*sorted(MOVES))
def dequantize_behind(op: ir.OpView, context: RuleContext) -> Outcome:
    """move(dequantize(q)) -> dequantize(move(q))."""
    del context
    before = defined_by(op.operands[0], "dequantize")
    scheme = scheme_of(before.operands[0]) if before is not None else None
    if before is None or scheme is None:
        return decline("what is moved was no integer of one scale")
    kind = op_name(op).removeprefix("tfl.")
    why = why_not_integer(kind, [scheme], scheme)
    if why is not None:
        return decline("the runtime does not move such integers", why)
    return tfl.emit("dequantize", [_moved(op, before.operands[0], scheme)], op.results[0].type)


@rule("tfl.quantize")
def quantize_in_front(op: ir.OpView, context: RuleContext) -> Outcome:
    """quantize(move(op(x))) -> move(quantize(op(x))), where the op may compute in integers."""
    del context
    move = hlo.producer(op.operands[0])
    if move is None or op_name(move) not in MOVES:
        return decline("what becomes an integer was not moved")
    scheme = scheme_of(op.results[0])
    made = hlo.producer(move.operands[0])
    kind = op_name(made).removeprefix("tfl.") if made is not None else ""
    if scheme is None or kind not in ACTIVATION_USES:
        return decline("no op that computes in integers makes what is moved", kind)
    if not (hlo.has_one_use(op.operands[0]) and hlo.has_one_use(move.operands[0])):
        return decline("the floats are read elsewhere too")
    why = why_not_integer(op_name(move).removeprefix("tfl."), [scheme], scheme)
    if why is not None:
        return decline("the runtime does not move such integers", why)
    kind = tensor_type(shape_of(move.operands[0]), scheme.element_type())
    return _moved(move, tfl.emit("quantize", [move.operands[0]], kind), scheme)


def _moved(op: ir.OpView, integers: ir.Value, scheme: QuantizedType) -> ir.Value:
    """What an op makes of integers in the place of floats."""
    result = tensor_type(shape_of(op.results[0]), scheme.element_type())
    operands = [integers, *list(op.operands)[1:]]
    name = op_name(op).removeprefix("tfl.")
    with op.location:
        return tfl.emit(name, operands, result, **tfl.attributes_of(op))


@dataclass(frozen=True)
class MoveIntegers(RewritePass):
    """Lets ops that move numbers move integers, so that those that compute with them meet.

    Between a DEQUANTIZE and the convolution that is to compute in integers there may be a PAD, and behind the
    convolution a TRANSPOSE in front of a QUANTIZE.

    Before::

        %1 = "tfl.dequantize"(%q)
        %2 = "tfl.pad"(%1, %paddings)

    After::

        %1 = "tfl.pad"(%q, %paddings)
        %2 = "tfl.dequantize"(%1)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (dequantize_behind, quantize_in_front)
