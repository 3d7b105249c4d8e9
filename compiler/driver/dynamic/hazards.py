"""Ops that are right at the probes, and mean something else at other sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ...ir import tfl
from ...ir.mlir import func, ir, op_name
from ...ir.program import body_of
from ...ir.types import is_static
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
    if name == "tfl.transpose_conv" and len(set(results[0])) > 1:
        return (
            "LiteRT learns the size of a transposed convolution's result while it runs, and applications that use "
            "CompiledModel crash; nn.Upsample and a convolution take any size"
        )
    return ""


# Operands that decide the shape of a result.
_DECIDING: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "tfl.reshape": (1,),
        "tfl.broadcast_to": (1,),
        "tfl.slice": (1, 2),
        "tfl.strided_slice": (1, 2, 3),
        "tfl.range": (0, 1, 2),
        "tfl.fill": (0,),
        "tfl.tile": (1,),
        "tfl.pad": (1,),
        "tfl.padv2": (1,),
        "tfl.mirror_pad": (1,),
        "tfl.resize_bilinear": (1,),
        "tfl.resize_nearest_neighbor": (1,),
    }
)

# What LiteRT computes before a call, of what it knows then.
_FORESEEN = ("tfl.strided_slice", "tfl.concatenation", "tfl.mul")


def surprises(function: func.FuncOp) -> Iterator[tuple[ir.OpView, str]]:
    """Ops whose results have shapes that LiteRT does not know before a call.

    Its interpreter finds room for them while it runs. CompiledModel, which applications use, ends the process.
    """
    known: set[ir.Value] = set()
    for op in body_of(function).operations:
        name = op_name(op)
        operands = list(op.operands)
        foreseen = name in _FORESEEN and all(each in known for each in operands)
        if foreseen or name == "tfl.shape" or all(map(tfl.is_constant, op.results)):
            known.update(op.results)
        if not any(True for result in op.results for _ in result.uses):
            continue
        deciding = [operands[n] for n in _DECIDING.get(name, ()) if n < len(operands)]
        if any(each not in known for each in deciding):
            yield op, "its shape is a sum or a quotient of sizes, which LiteRT learns too late"
        elif name == "tfl.slice" and not is_static(operands[0]):
            yield op, "LiteRT learns too late what is cut from a value of any size"


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
