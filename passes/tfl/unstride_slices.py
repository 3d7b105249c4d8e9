"""STRIDED_SLICEs that step over elements, as SLICEs of a RESHAPE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.tfl.shorthand import integers, reshape, slice_of
from litewright.compiler.ir.types import dtype_of, element_count, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@rule("tfl.strided_slice")
def slice_of_blocks(op: ir.OpView, context: RuleContext) -> Outcome:
    """x[:, 1::2] -> reshape(reshape(x, [N * M / 2, 2])[:, 1:2], [N, M / 2])."""
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
    shape, result = shape_of(x), shape_of(op.results[0])
    if any(n % stride for n, stride in zip(shape, strides, strict=True)):
        return decline("a dimension is no whole number of steps", shape, strides)
    # What needs no steps is cut off first.
    facts = list(zip(strides, begin, shape, result, strict=True))
    first = [start if stride == 1 else 0 for stride, start, _, _ in facts]
    size = [count if stride == 1 else n for stride, _, n, count in facts]
    x = slice_of(x, first, size)
    for axis, stride in enumerate(strides):
        if stride > 1:
            x = _every(x, axis, stride, begin[axis], result[axis])
    return reshape(x, result)


def _every(x: ir.Value, axis: int, stride: int, start: int, count: int) -> ir.Value:
    """`count` elements along an axis from `start` on, every `stride`-th of them.

    The axis is seen as blocks of `stride` elements. Dimensions that stay whole are one, so that there are
    four of them at the most, which is what any delegate takes.
    """
    shape = shape_of(x)
    before, after = element_count(shape[:axis]), element_count(shape[axis + 1 :])
    blocks = shape[axis] // stride
    if count == blocks:
        rows = reshape(x, [before * blocks, stride, after])
        picked = slice_of(rows, [0, start, 0], [before * blocks, 1, after])
    else:
        rows = reshape(x, [before, blocks, stride, after])
        begin = [0, start // stride, start % stride, 0]
        picked = slice_of(rows, begin, [before, count, 1, after])
    return reshape(picked, [*shape[:axis], count, *shape[axis + 1 :]])


@dataclass(frozen=True)
class UnstrideSlices(RewritePass):
    """Says a STRIDED_SLICE with steps as RESHAPE, SLICE, RESHAPE: the delegate takes no steps.

    Rotary embedding of interleaved pairs takes every second element, twice for queries and for keys; patches
    of a picture are merged by four such slices. Each would end a delegate partition.

    Before::

        %1 = "tfl.strided_slice"(%x, dense<[0, 1]>, dense<[4, 8]>, dense<[1, 2]>) : -> tensor<4x4xf32>

    After::

        %1 = "tfl.reshape"(%x, dense<[16, 2, 1]>)
        %2 = "tfl.slice"(%1, dense<[0, 1, 0]>, dense<[16, 1, 1]>)
        %3 = "tfl.reshape"(%2, dense<[4, 4]>)
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (slice_of_blocks,)
