"""How result shapes follow from operands, for the verifier.

A rule answers None where it does not know: dynamic dimensions, operands that would have to be constant
and are not, wrong ranks (which the verifier has reported already). It is a check, not an inference that
others may lean on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..mlir import ir
from ..types import DYNAMIC, shape_of
from .constants import constant_of
from .spec import Shape, ShapeRule

Shapes = Sequence[Shape] | None


def same(op: ir.OpView) -> Shapes:
    """The shape of the first operand."""
    return [shape_of(op.operands[0])]


def broadcast(op: ir.OpView) -> Shapes:
    """All operands broadcast by NumPy's rule."""
    shapes = [shape_of(value) for value in op.operands]
    if any(DYNAMIC in shape for shape in shapes):
        return None
    return [np.broadcast_shapes(*shapes)]


def from_operand(position: int) -> ShapeRule:
    """The shape that a constant operand spells out."""

    def rule(op: ir.OpView) -> Shapes:
        numbers = _numbers(op, position)
        return None if numbers is None else [tuple(numbers)]

    return rule


def reduction(op: ir.OpView) -> Shapes:
    """The shape of the first operand without the axes that the second names, or with 1 there."""
    axes = _numbers(op, 1)
    if axes is None:
        return None
    shape = shape_of(op.operands[0])
    gone = {axis % len(shape) for axis in axes} if shape else set[int]()
    if _flag(op, "keep_dims"):
        return [tuple(1 if i in gone else n for i, n in enumerate(shape))]
    return [tuple(n for i, n in enumerate(shape) if i not in gone)]


def search(op: ir.OpView) -> Shapes:
    """The shape of the first operand without the axis that the second names."""
    axes = _numbers(op, 1)
    shape = shape_of(op.operands[0])
    if axes is None or not shape:
        return None
    gone = axes[0] % len(shape)
    return [tuple(n for i, n in enumerate(shape) if i != gone)]


def reshape(op: ir.OpView) -> Shapes:
    """The shape that the second operand spells out, -1 filled in."""
    wanted, own = _numbers(op, 1), shape_of(op.operands[0])
    if wanted is None or DYNAMIC in own:
        return None
    if -1 in wanted:
        known = math.prod(n for n in wanted if n != -1)
        rest, left = divmod(math.prod(own), known) if known else (0, 0)
        _require(left == 0, f"{list(own)} does not reshape to {wanted}")
        wanted = [rest if n == -1 else n for n in wanted]
    _require(math.prod(wanted) == math.prod(own), f"{list(own)} does not reshape to {wanted}")
    return [tuple(wanted)]


def transpose(op: ir.OpView) -> Shapes:
    """The dimensions of the first operand in the order of the second."""
    permutation, shape = _numbers(op, 1), shape_of(op.operands[0])
    if permutation is None:
        return None
    _require(
        sorted(permutation) == list(range(len(shape))),
        f"{permutation} is no order of {len(shape)} dimensions",
    )
    return [tuple(shape[i] for i in permutation)]


def slice_(op: ir.OpView) -> Shapes:
    """The size operand, -1 filled in."""
    begin, size, shape = _numbers(op, 1), _numbers(op, 2), shape_of(op.operands[0])
    if begin is None or size is None or DYNAMIC in shape:
        return None
    _require(len(begin) == len(size) == len(shape), "begin and size need a number per dimension")
    result = tuple(n - b if s == -1 else s for b, s, n in zip(begin, size, shape, strict=True))
    inside = all(
        b >= 0 and s >= 0 and b + s <= n for b, s, n in zip(begin, result, shape, strict=True)
    )
    _require(inside, f"[{begin}, size {size}] leaves {list(shape)}")
    return [result]


def pad(op: ir.OpView) -> Shapes:
    """Each dimension with what is added before and after."""
    padding, shape = _numbers(op, 1), shape_of(op.operands[0])
    if padding is None or DYNAMIC in shape:
        return None
    _require(len(padding) == 2 * len(shape), "padding needs two numbers per dimension")
    return [tuple(n + padding[2 * i] + padding[2 * i + 1] for i, n in enumerate(shape))]


def concatenation(op: ir.OpView) -> Shapes:
    """The operands one after another."""
    shapes = [shape_of(value) for value in op.operands]
    if any(DYNAMIC in shape or len(shape) != len(shapes[0]) for shape in shapes) or not shapes[0]:
        return None
    axis = _axis(op, len(shapes[0]))
    rest = {shape[:axis] + shape[axis + 1 :] for shape in shapes}
    _require(len(rest) == 1, "operands differ beside the axis")
    return [(*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])]


def split(op: ir.OpView) -> Shapes:
    """Equal parts along the axis."""
    axes, shape = _numbers(op, 0), shape_of(op.operands[1])
    if axes is None or DYNAMIC in shape or not shape:
        return None
    axis, parts = axes[0] % len(shape), len(op.results)
    _require(shape[axis] % parts == 0, f"dimension {shape[axis]} does not split into {parts}")
    return [(*shape[:axis], shape[axis] // parts, *shape[axis + 1 :])] * parts


def pack(op: ir.OpView) -> Shapes:
    """A new dimension with one index per operand."""
    shape = shape_of(op.operands[0])
    axis = _axis(op, len(shape) + 1)
    return [(*shape[:axis], len(op.operands), *shape[axis:])]


def unpack(op: ir.OpView) -> Shapes:
    """The operand without the axis, once per index."""
    shape = shape_of(op.operands[0])
    if not shape:
        return None
    axis = _axis(op, len(shape))
    return [shape[:axis] + shape[axis + 1 :]] * len(op.results)


def expand_dims(op: ir.OpView) -> Shapes:
    """A 1 put in at the axis."""
    axes, shape = _numbers(op, 1), shape_of(op.operands[0])
    if axes is None:
        return None
    axis = axes[0] % (len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def squeeze(op: ir.OpView) -> Shapes:
    """The operand without the dimensions named, or without all that are 1."""
    shape = shape_of(op.operands[0])
    found = op.attributes.get("squeeze_dims")
    axes = (
        [ir.IntegerAttr(a).value % max(len(shape), 1) for a in ir.ArrayAttr(found)]
        if found is not None
        else []
    )
    if not axes:
        return None if DYNAMIC in shape else [tuple(n for n in shape if n != 1)]
    return [tuple(n for i, n in enumerate(shape) if i not in axes)]


def tile(op: ir.OpView) -> Shapes:
    """Each dimension times its count."""
    counts, shape = _numbers(op, 1), shape_of(op.operands[0])
    if counts is None or DYNAMIC in shape or len(counts) != len(shape):
        return None
    return [tuple(n * c for n, c in zip(shape, counts, strict=True))]


def shape(op: ir.OpView) -> Shapes:
    """One number per dimension."""
    return [(len(shape_of(op.operands[0])),)]


def gather(op: ir.OpView) -> Shapes:
    """The axis replaced by the dimensions of the indices."""
    params, indices = shape_of(op.operands[0]), shape_of(op.operands[1])
    if not params:
        return None
    axis, batch = _axis(op, len(params)), _number(op, "batch_dims")
    return [params[:axis] + indices[batch:] + params[axis + 1 :]]


def gather_nd(op: ir.OpView) -> Shapes:
    """The last dimension of the indices names leading dimensions of the first operand."""
    params, indices = shape_of(op.operands[0]), shape_of(op.operands[1])
    if not indices or indices[-1] == DYNAMIC:
        return None
    return [indices[:-1] + params[indices[-1] :]]


def embedding_lookup(op: ir.OpView) -> Shapes:
    """One row of the table for each index."""
    return [shape_of(op.operands[0]) + shape_of(op.operands[1])[1:]]


def fully_connected(op: ir.OpView) -> Shapes:
    """[..., K] x [N, K] -> [..., N], or [rows, N] unless `keep_num_dims`."""
    x, w = shape_of(op.operands[0]), shape_of(op.operands[1])
    if len(w) != 2 or DYNAMIC in x or DYNAMIC in w or len(op.results) != 1 or not w[1]:
        return None
    if _flag(op, "keep_num_dims"):
        _require(bool(x) and x[-1] == w[1], f"input {list(x)} does not meet filter {list(w)}")
        return [(*x[:-1], w[0])]
    _require(math.prod(x) % w[1] == 0, f"input {list(x)} does not meet filter {list(w)}")
    return [(math.prod(x) // w[1], w[0])]


def batch_matmul(op: ir.OpView) -> Shapes:
    """[..., M, K] x [..., K, N] -> [..., M, N], leading dimensions broadcast."""
    x, y = shape_of(op.operands[0]), shape_of(op.operands[1])
    if DYNAMIC in x or DYNAMIC in y or len(x) < 2 or len(y) < 2:
        return None
    rows, inner = (x[-1], x[-2]) if _flag(op, "adj_x") else (x[-2], x[-1])
    other, columns = (y[-1], y[-2]) if _flag(op, "adj_y") else (y[-2], y[-1])
    _require(inner == other, f"{list(x)} does not meet {list(y)}")
    return [(*np.broadcast_shapes(x[:-2], y[:-2]), rows, columns)]


def convolution(op: ir.OpView) -> Shapes:
    """NHWC x OHWI (or 1HWO where each channel has its own kernel)."""
    x, w = shape_of(op.operands[0]), shape_of(op.operands[1])
    if DYNAMIC in x or DYNAMIC in w or len(x) != 4 or len(w) != 4:
        return None
    depthwise = "depth_multiplier" in op.attributes
    channels = w[3] if depthwise else w[0]
    _require(
        x[3] % w[3] == 0 if not depthwise else channels % x[3] == 0,
        f"input {list(x)} does not meet filter {list(w)}",
    )
    height = _window(
        op, x[1], w[1], _number(op, "stride_h", 1), _number(op, "dilation_h_factor", 1)
    )
    width = _window(op, x[2], w[2], _number(op, "stride_w", 1), _number(op, "dilation_w_factor", 1))
    return [(x[0], height, width, channels)]


def pool(op: ir.OpView) -> Shapes:
    """NHWC, a window moved over height and width."""
    x = shape_of(op.operands[0])
    if DYNAMIC in x or len(x) != 4:
        return None
    height = _window(op, x[1], _number(op, "filter_height"), _number(op, "stride_h", 1), 1)
    width = _window(op, x[2], _number(op, "filter_width"), _number(op, "stride_w", 1), 1)
    return [(x[0], height, width, x[3])]


def resize(op: ir.OpView) -> Shapes:
    """Height and width replaced by the second operand."""
    size, x = _numbers(op, 1), shape_of(op.operands[0])
    return None if size is None or len(x) != 4 or len(size) != 2 else [(x[0], *size, x[3])]


class ShapeError(Exception):
    """Operands that do not fit each other."""


def _require(holds: bool, message: str) -> None:  # noqa: FBT001
    if not holds:
        raise ShapeError(message)


def _window(op: ir.OpView, size: int, kernel: int, step: int, dilation: int) -> int:
    if ir.StringAttr(op.attributes["padding"]).value == "SAME":
        return -(-size // step)
    return -(-(size - dilation * (kernel - 1)) // step)


def _numbers(op: ir.OpView, position: int) -> list[int] | None:
    array = constant_of(op.operands[position])
    return None if array is None else [int(n) for n in array.reshape(-1)]


def _number(op: ir.OpView, name: str, otherwise: int = 0) -> int:
    found = op.attributes.get(name)
    return otherwise if found is None else ir.IntegerAttr(found).value


def _flag(op: ir.OpView, name: str) -> bool:
    found = op.attributes.get(name)
    return found is not None and ir.BoolAttr(found).value


def _axis(op: ir.OpView, rank: int) -> int:
    return _number(op, "axis") % rank
