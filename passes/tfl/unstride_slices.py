"""STRIDED_SLICEs that step over elements, as SLICEs of a RESHAPE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import integers, reshape, slice_of
from litewright.compiler.ir.types import dtype_of, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

MOST_DIMENSIONS = 6
"""As many as the delegate's tensors may have."""
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@rule("tfl.strided_slice")
def slice_of_blocks(op: ir.OpView, context: RuleContext) -> Outcome:
    """x[:, 1::2] -> reshape(reshape(x, [N, M / 2, 2])[:, :, 1:2], [N, M / 2])."""
    x, *bounds = op.operands
    begin, end, strides = (integers(each) for each in bounds)
    if begin is None or end is None or strides is None:
        return decline("the bounds are not constant")
    if any(tfl.attribute(op, mask) for mask in _MASKS):
        return decline("a mask says more about the bounds")
    if dtype_of(x) != np.float32:
        return decline("the delegate takes floats alone", dtype_of(x))
    if min(strides) < 1 or max(strides) == 1:
        return decline("nothing is stepped over, or backwards", strides)
    shape = shape_of(x)
    if any(n % stride for n, stride in zip(shape, strides, strict=True)):
        return decline("a dimension is no whole number of steps", shape, strides)
    result = shape_of(op.results[0])
    blocks, first, size = list[int](), list[int](), list[int]()
    for n, start, stride, count in zip(shape, begin, strides, result, strict=True):
        if stride == 1:
            blocks, first, size = [*blocks, n], [*first, start], [*size, count]
        else:
            blocks += [n // stride, stride]
            first += [start // stride, start % stride]
            size += [count, 1]
    if len(blocks) > MOST_DIMENSIONS:
        return decline("the delegate's tensors have fewer dimensions", len(blocks))
    return reshape(slice_of(reshape(x, blocks), first, size), result)


@dataclass(frozen=True)
class UnstrideSlices(RewritePass):
    """Says a STRIDED_SLICE with steps as RESHAPE, SLICE, RESHAPE: the delegate takes no steps.

    Rotary embedding of interleaved pairs takes every second element, twice for queries and for keys; patches
    of a picture are merged by four such slices. Each would end a delegate partition.

    Before::

        %1 = "tfl.strided_slice"(%x, dense<[0, 1]>, dense<[4, 8]>, dense<[1, 2]>) : -> tensor<4x4xf32>

    After::

        %1 = "tfl.reshape"(%x, dense<[4, 4, 2]>)
        %2 = "tfl.slice"(%1, dense<[0, 0, 1]>, dense<[4, 4, 1]>)
        %3 = "tfl.reshape"(%2, dense<[4, 4]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (slice_of_blocks,)
