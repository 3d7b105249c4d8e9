"""What the ops of a tfl program cost, as counts that follow from shapes alone. They are no times."""

from __future__ import annotations

from dataclasses import dataclass

from ...ir import tfl
from ...ir.mlir import ir, op_name
from ...ir.types import DYNAMIC, element_count
from ..survey import bytes_of


@dataclass(frozen=True, slots=True)
class Cost:
    """The work of one op.

    Attributes:
        multiplications: multiply-and-add steps of contractions and convolutions; 0 for other ops.
        bytes: what its operands and results take together: what it moves if nothing is in a cache.
    """

    multiplications: int
    bytes: int


def cost_of(op: ir.OpView) -> Cost:
    """The work of a tfl op; a dynamic dimension counts as 1."""
    moved = sum(bytes_of(value) for value in (*op.operands, *op.results))
    return Cost(_multiplications(op), moved)


def _multiplications(op: ir.OpView) -> int:
    """Elements of the result times the length of the sum behind each of them."""
    slices = _SUMMED.get(op_name(op).removeprefix("tfl."))
    if slices is None:
        return 0
    weight = _shape(op.operands[1])
    if op_name(op) == "tfl.transpose_conv":
        # Each element of the input meets the whole kernel of every output channel.
        return _count(_shape(op.operands[2])) * _count(weight[slices])
    if op_name(op) == "tfl.batch_matmul" and tfl.attribute(op, "adj_y"):
        slices = slice(-1, None)
    return _count(_shape(op.results[0])) * _count(weight[slices])


# The dimensions of the second operand that a sum runs over, by op.
_SUMMED = {
    "batch_matmul": slice(-2, -1),
    "conv_2d": slice(1, None),
    "conv_3d": slice(None, -1),
    "depthwise_conv_2d": slice(1, -1),
    "fully_connected": slice(1, None),
    "transpose_conv": slice(None, -1),
}


def _shape(value: ir.Value) -> tuple[int, ...]:
    fact = tfl.tensor_fact(value)
    return fact.shape if fact is not None else ()


def _count(shape: tuple[int, ...]) -> int:
    return element_count(1 if size == DYNAMIC else size for size in shape)
