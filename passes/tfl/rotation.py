"""What rotary embedding is on tfl, once signs are folded: found alike by the passes that move it about."""

from __future__ import annotations

from dataclasses import dataclass

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import binary, defined_by, integers, slice_of
from litewright.compiler.ir.types import rank_of, shape_of
from litewright.passes.core import Decline, decline


@dataclass(frozen=True, slots=True)
class Rotation:
    """x * cos + [second half of x, first half of x] * sin, along the last axis.

    Attributes:
        x: what is rotated, `[..., width]`.
        cos: broadcasts to x.
        sin: broadcasts to x; the sign of the second half is in it.
    """

    x: ir.Value
    cos: ir.Value
    sin: ir.Value


def rotation_of(value: ir.Value) -> Rotation | Decline:
    """The rotation that a value is the result of, or why it is none. What is inside is read by it alone."""
    total = defined_by(value, "add")
    if total is None or not _is_plain(total):
        return decline("the value is no ADD without an activation")
    for one, other in ((0, 1), (1, 0)):
        turned, straight = total.operands[one], total.operands[other]
        swapped = _swapped_times(turned)
        if swapped is None:
            continue
        x, sin = swapped
        cos = _other_factor(straight, x)
        if cos is None or not hlo.has_one_use(straight) or not hlo.has_one_use(turned):
            return decline("the other term is not the value times something")
        if shape_of(value) != shape_of(x):
            return decline("the tables spread the value")
        return Rotation(x, cos, sin)
    return decline("no term has the halves of a value swapped")


def rotate(x: ir.Value, by: Rotation) -> ir.Value:
    """Six ops that rotate x as another value was rotated: SLICE, SLICE, CONCATENATION, MUL, MUL, ADD."""
    shape = list(shape_of(x))
    half = shape[-1] // 2
    start, size = [0] * len(shape), [*shape[:-1], half]
    halves = [slice_of(x, [*start[:-1], half], size), slice_of(x, start, size)]
    swapped = tfl.emit("concatenation", halves, x.type, axis=len(shape) - 1)
    return binary("add", binary("mul", x, by.cos), binary("mul", swapped, by.sin))


def _is_plain(op: ir.OpView) -> bool:
    return tfl.attribute(op, "fused_activation_function") == "NONE"


def _other_factor(value: ir.Value, factor: ir.Value) -> ir.Value | None:
    """y, where a value is x * y."""
    product = defined_by(value, "mul")
    if product is None or not _is_plain(product):
        return None
    left, right = product.operands
    return right if left == factor else left if right == factor else None


def _swapped_times(value: ir.Value) -> tuple[ir.Value, ir.Value] | None:
    """x and y, where a value is [second half of x, first half of x] * y."""
    product = defined_by(value, "mul")
    if product is None or not _is_plain(product):
        return None
    for one, other in ((0, 1), (1, 0)):
        x = _swapped(product.operands[one])
        if x is not None:
            return x, product.operands[other]
    return None


def _swapped(value: ir.Value) -> ir.Value | None:
    """x, where a value is [second half of x, first half of x]."""
    joined = defined_by(value, "concatenation")
    if joined is None or len(joined.operands) != 2 or not hlo.has_one_use(value):
        return None
    rank = rank_of(value)
    if tfl.attribute(joined, "axis") % rank != rank - 1 or not _is_plain(joined):
        return None
    second, first = (_slice_begin(part) for part in joined.operands)
    if first is None or second is None or first[0] != second[0]:
        return None
    x, width = first[0], shape_of(value)[-1]
    before = [0] * (rank - 1)
    halves = first[1] == [*before, 0] and second[1] == [*before, width // 2]
    same_size = all(shape_of(part)[-1] * 2 == width for part in joined.operands)
    return x if halves and same_size and shape_of(x) == shape_of(value) else None


def _slice_begin(value: ir.Value) -> tuple[ir.Value, list[int]] | None:
    """The value that another is a SLICE of, and where that begins; nothing else reads it."""
    op = hlo.producer(value)
    if op is None or op_name(op) != "tfl.slice" or not hlo.has_one_use(value):
        return None
    begin = integers(op.operands[1])
    return None if begin is None else (op.operands[0], begin)
