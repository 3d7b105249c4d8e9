"""Ops that are right at the probes, and mean something else at other sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...ir import tfl
from ...ir.mlir import ir, op_name
from .formulas import Formula, Sum

Shapes = Sequence[tuple[int, ...]]
"""Of one value, at each of the probes."""

Grows = Callable[[Sequence[int]], Formula | None]
"""The formula that a dimension follows, from its sizes at the probes."""

_WINDOWS = ("tfl.conv_2d", "tfl.depthwise_conv_2d", "tfl.average_pool_2d", "tfl.max_pool_2d")


def hazard(
    op: ir.OpView, operands: Sequence[Shapes], results: Sequence[Shapes], grows: Grows
) -> str:
    """Why an op may be wrong at sizes that were not tried; empty if there is nothing to fear.

    Args:
        op: at the base.
        operands: shapes of its operands.
        results: shapes of its results.
        grows: how a dimension changes.
    """
    name = op_name(op)
    if name in _WINDOWS:
        return _window(op, operands[0], grows)
    if name == "tfl.transpose_conv":
        return _transposed(op, operands[2], results[0])
    return ""


def _window(op: ir.OpView, image: Shapes, grows: Grows) -> str:
    """SAME adds what makes the windows reach the edge: the same at all sizes, if these differ by whole strides."""
    if tfl.attribute(op, "padding") != "SAME":
        return ""
    for axis, stride in ((1, "stride_h"), (2, "stride_w")):
        sizes = [shape[axis] for shape in image]
        step = tfl.attribute(op, stride)
        if step == 1 or len(set(sizes)) == 1:
            continue
        formula = grows(sizes)
        if not isinstance(formula, Sum) or any(c % step for c in formula.coefficients):
            return (
                f"how much is padded goes by the remainder of a size divided by {step}; give that dimension "
                f"as a multiple, {step} * Dim(...)"
            )
    return ""


def _transposed(op: ir.OpView, image: Shapes, result: Shapes) -> str:
    """Its padding is what remains of the result's size, which must be the same at all sizes."""
    for axis, stride in ((1, "stride_h"), (2, "stride_w")):
        step = tfl.attribute(op, stride)
        if (
            len(
                {
                    small[axis] * step - large[axis]
                    for small, large in zip(image, result, strict=True)
                }
            )
            > 1
        ):
            return "its padding is another at another size"
    return ""
