"""Constants without what broadcasting makes up for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.types import shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

from .absorb_broadcasts import BROADCASTING


def without_repeats(array: Array) -> Array:
    """The smallest array that broadcasts to `array`, leading dimensions of one left out.

    A single number is left as it is: numbers in one element are for `absorb-broadcasts`.
    """
    # As bits: zeros of two signs are two numbers, and what is no number is equal to itself.
    bits = np.ascontiguousarray(array).view(f"u{array.itemsize}")
    small = array
    for axis in range(array.ndim):
        if array.shape[axis] > 1 and bool((bits == bits.take([0], axis=axis)).all()):
            small = small.take([0], axis=axis)
    kept = small.shape
    while len(kept) > 1 and kept[0] == 1:
        kept = kept[1:]
    return small.reshape(kept)


@rule(*BROADCASTING)
def shrink_constant(op: ir.OpView, context: RuleContext) -> Outcome:
    """add(x, [[a, b], [a, b]]) -> add(x, [a, b]): fewer bytes in the file, and a bias that can be fused."""
    shape = shape_of(op.results[0])
    for number in (0, 1):
        array = tfl.constant_of(op.operands[number])
        if array is None or array.size <= 1:
            continue
        small = without_repeats(array)
        if small.shape == array.shape:
            continue
        if np.broadcast_shapes(small.shape, shape_of(op.operands[1 - number])) != shape:
            continue
        operands = list(op.operands)
        operands[number] = tfl.constant(np.ascontiguousarray(small))
        spec = tfl.spec_of(op)
        assert spec is not None, "the roots are in the table"
        return tfl.emit(spec.name, operands, op.results[0].type, **tfl.attributes_of(op))
    return decline("no constant repeats itself where the other operand makes up for it")


@dataclass(frozen=True)
class ShrinkConstants(RewritePass):
    """Takes from constants the repetitions that broadcasting makes up for.

    Folding spreads a bias over a batch, or a row of a table over all tokens; what is left here
    has its own size again.

    Before::

        %1 = "tfl.add"(%x, dense<[[1.0, 2.0], [1.0, 2.0]]> : tensor<2x2xf32>) : -> tensor<4x2x2xf32>

    After::

        %1 = "tfl.add"(%x, dense<[1.0, 2.0]> : tensor<2xf32>) : -> tensor<4x2x2xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (shrink_constant,)
