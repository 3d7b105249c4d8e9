"""Movement that undoes, repeats or hides other movement, or that moves nothing."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.types import element_count, element_of, is_static, shape_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from ..splats import is_number, number_of


def made_by(value: ir.Value, name: str) -> ir.OpView | None:
    """The op that makes a value, if it is a `stablehlo` op of that name."""
    op = hlo.producer(value)
    return op if op is not None and op_name(op) == f"stablehlo.{name}" else None


@rule(
    "stablehlo.reshape", "stablehlo.transpose", "stablehlo.broadcast_in_dim", "stablehlo.slice",
    "stablehlo.reverse", "stablehlo.concatenate",
)  # fmt: skip
def moved_splat(op: ir.OpView, context: RuleContext) -> Outcome:
    """transpose(dense<2.0>) -> dense<2.0> of the result's shape."""
    result = op.results[0]
    if not is_static(result):
        return decline("the shape is not known")
    numbers = [number_of(operand) for operand in op.operands]
    first = numbers[0]
    if first is None or any(number is None for number in numbers):
        return decline("an operand is no splat")
    if len({number.tobytes() for number in numbers if number is not None}) > 1:
        return decline("the splats differ")
    return hlo.splat(first.item(), shape_of(result), element_of(result))


# ---- reshape, transpose --------------------------------------------------------------------------


@rule("stablehlo.reshape")
def merged_reshape(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(reshape(x)) -> reshape(x), and nothing at all where the shape stays."""
    x, shape = op.operands[0], shape_of(op.results[0])
    if shape_of(x) == shape:
        return x
    inner = made_by(x, "reshape")
    if inner is None:
        return decline("the operand is no reshape")
    return hlo.reshape(inner.operands[0], shape)


@rule("stablehlo.transpose")
def merged_transpose(op: ir.OpView, context: RuleContext) -> Outcome:
    """transpose(transpose(x)) -> one transpose, or none; the identity goes."""
    permutation = hlo.ints(op, "permutation")
    if permutation == list(range(len(permutation))):
        return op.operands[0]
    inner = made_by(op.operands[0], "transpose")
    if inner is None:
        return decline("the operand is no transpose")
    first = hlo.ints(inner, "permutation")
    return hlo.transpose(inner.operands[0], [first[i] for i in permutation])


@rule("stablehlo.transpose")
def transpose_of_ones(op: ir.OpView, context: RuleContext) -> Outcome:
    """A transpose that moves dimensions of size 1 alone moves no element: it is a reshape."""
    if not is_static(op.results[0]):
        return decline("the shape is not known")
    shape = shape_of(op.operands[0])
    moved = [i for i in hlo.ints(op, "permutation") if shape[i] != 1]
    if moved != sorted(moved):
        return decline("dimensions larger than 1 trade places", shape)
    return hlo.reshape(op.operands[0], shape_of(op.results[0]))


# ---- broadcast -----------------------------------------------------------------------------------


@rule("stablehlo.broadcast_in_dim")
def merged_broadcast(op: ir.OpView, context: RuleContext) -> Outcome:
    """broadcast(broadcast(x)) -> broadcast(x); one that repeats nothing is a reshape."""
    x, shape = op.operands[0], shape_of(op.results[0])
    dimensions = hlo.ints(op, "broadcast_dimensions")
    if not is_static(x) or not is_static(op.results[0]):
        return decline("the shape is not known")
    if element_count(shape_of(x)) == element_count(shape) and dimensions == sorted(dimensions):
        return hlo.reshape(x, shape)
    inner = made_by(x, "broadcast_in_dim")
    if inner is None:
        return decline("it repeats elements, and the operand is no broadcast")
    first = hlo.ints(inner, "broadcast_dimensions")
    return hlo.broadcast_in_dim(inner.operands[0], shape, [dimensions[i] for i in first])


# ---- slice, concatenate, pad ---------------------------------------------------------------------


def _bounds(op: ir.OpView) -> tuple[list[int], list[int], list[int]]:
    return (
        hlo.ints(op, "start_indices"),
        hlo.ints(op, "limit_indices"),
        hlo.ints(op, "strides"),
    )


@rule("stablehlo.slice")
def whole_slice(op: ir.OpView, context: RuleContext) -> Outcome:
    """x[0:n] of an x of n -> x."""
    if not is_static(op.results[0]) or shape_of(op.operands[0]) != shape_of(op.results[0]):
        return decline("it cuts something off")
    return op.operands[0]


@rule("stablehlo.slice")
def merged_slice(op: ir.OpView, context: RuleContext) -> Outcome:
    """x[a:b][c:d] -> x[a + c:a + d]."""
    inner = made_by(op.operands[0], "slice")
    if inner is None:
        return decline("the operand is no slice")
    (start, limit, steps), (first, _, skipped) = _bounds(op), _bounds(inner)
    if any(step != 1 for step in skipped):
        return decline("the inner slice has strides")
    low = [a + c for a, c in zip(first, start, strict=True)]
    high = [a + d for a, d in zip(first, limit, strict=True)]
    return hlo.slice(inner.operands[0], low, high, steps)


@rule("stablehlo.slice")
def slice_of_concatenation(op: ir.OpView, context: RuleContext) -> Outcome:
    """concatenate(x, y)[what is of x] -> x[...]."""
    joined = made_by(op.operands[0], "concatenate")
    if joined is None:
        return decline("the operand is no concatenation")
    axis = ir.IntegerAttr(joined.attributes["dimension"]).value
    start, limit, steps = _bounds(op)
    offset = 0
    for part in joined.operands:
        size = shape_of(part)[axis]
        if offset <= start[axis] and limit[axis] <= offset + size:
            start[axis], limit[axis] = start[axis] - offset, limit[axis] - offset
            return hlo.slice(part, start, limit, steps)
        offset += size
    return decline("it takes from more than one part")


def _adjoin(one: ir.OpView, other: ir.OpView, axis: int) -> bool:
    """Whether a slice goes on where another of the same value ends."""
    (start, limit, steps), (next_start, next_limit, next_steps) = _bounds(one), _bounds(other)
    if one.operands[0] != other.operands[0] or {*steps, *next_steps} != {1}:
        return False
    same = all(
        i == axis or (start[i], limit[i]) == (next_start[i], next_limit[i])
        for i in range(len(start))
    )
    return same and limit[axis] == next_start[axis]


@rule("stablehlo.slice")
def slice_of_pad(op: ir.OpView, context: RuleContext) -> Outcome:
    """pad(x)[what is of x] -> x[...]."""
    padded = made_by(op.operands[0], "pad")
    if padded is None:
        return decline("the operand is not padded")
    x = padded.operands[0]
    if any(hlo.ints(padded, "interior_padding")) or not is_static(x):
        return decline("it is padded between its elements, or its shape is not known")
    low, (start, limit, steps) = hlo.ints(padded, "edge_padding_low"), _bounds(op)
    first = [a - n for a, n in zip(start, low, strict=True)]
    last = [b - n for b, n in zip(limit, low, strict=True)]
    if min(first, default=0) < 0 or any(b > n for b, n in zip(last, shape_of(x), strict=True)):
        return decline("it takes some of what was added")
    return hlo.slice(x, first, last, steps)


@rule("stablehlo.concatenate")
def nested_concatenation(op: ir.OpView, context: RuleContext) -> Outcome:
    """concatenate(concatenate(x, y), z) -> concatenate(x, y, z)."""
    axis = op.attributes["dimension"]
    parts: list[ir.Value] = []
    for operand in op.operands:
        inner = made_by(operand, "concatenate")
        same = inner is not None and inner.attributes["dimension"] == axis
        parts += list(inner.operands) if same and inner is not None else [operand]
    if len(parts) == len(op.operands):
        return decline("no operand is a concatenation along the same dimension")
    return hlo.concatenate(parts, ir.IntegerAttr(axis).value)


@rule("stablehlo.concatenate")
def concatenation_of_slices(op: ir.OpView, context: RuleContext) -> Outcome:
    """concatenate(x[0:2], x[2:5]) -> x[0:5]; parts without elements go."""
    axis = ir.IntegerAttr(op.attributes["dimension"]).value
    parts = [operand for operand in op.operands if shape_of(operand)[axis] != 0]
    if len(op.operands) == 1 or not parts:
        return op.operands[0]
    merged: list[ir.Value | tuple[ir.OpView, ir.OpView]] = []
    for part in parts:
        cut = made_by(part, "slice")
        last = merged[-1] if merged else None
        if cut is None:
            merged.append(part)
        elif isinstance(last, tuple) and _adjoin(last[1], cut, axis):
            merged[-1] = (last[0], cut)
        else:
            merged.append((cut, cut))
    if len(merged) == len(op.operands):
        return decline("no part goes on where another ends")
    return hlo.concatenate([_span(part) for part in merged], axis)


def _span(part: ir.Value | tuple[ir.OpView, ir.OpView]) -> ir.Value:
    """A part as it is, or the slice from the start of one op to the end of another."""
    if isinstance(part, ir.Value):
        return part
    first, last = part
    if first == last:
        return first.results[0]
    return hlo.slice(first.operands[0], _bounds(first)[0], _bounds(last)[1])


@rule("stablehlo.pad")
def pad_of_nothing(op: ir.OpView, context: RuleContext) -> Outcome:
    """A pad that adds nothing goes; what it adds to a splat of the same number is more of it."""
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    if not any(n for name in names for n in hlo.ints(op, name)):
        return op.operands[0]
    number = number_of(op.operands[1])
    if number is None or not is_number(op.operands[0], number.item()):
        return decline("it adds what is not there already")
    return hlo.splat_like(number.item(), op.results[0])


@rule("stablehlo.pad")
def merged_pad(op: ir.OpView, context: RuleContext) -> Outcome:
    """pad(pad(x, v), v) -> pad(x, v)."""
    inner = made_by(op.operands[0], "pad")
    if inner is None:
        return decline("the operand is not padded")
    if op.operands[1] != inner.operands[1]:
        return decline("it is padded with another value")
    names = ("edge_padding_low", "edge_padding_high", "interior_padding")
    (low, high, between), (first, last, inside) = (
        [hlo.ints(each, name) for name in names] for each in (op, inner)
    )
    # What one cuts off may be what the other has added.
    if any(between) or any(inside) or min(*low, *high, *first, *last) < 0:
        return decline("elements are cut off, or come between others")
    low = [a + b for a, b in zip(first, low, strict=True)]
    high = [a + b for a, b in zip(last, high, strict=True)]
    return hlo.pad(inner.operands[0], op.operands[1], low, high)


@rule("stablehlo.reverse")
def merged_reverse(op: ir.OpView, context: RuleContext) -> Outcome:
    """reverse(reverse(x)) -> x; dimensions of size 1 have no other order."""
    shape = shape_of(op.operands[0])
    axes = {axis for axis in hlo.ints(op, "dimensions") if shape[axis] != 1}
    if not axes:
        return op.operands[0]
    inner = made_by(op.operands[0], "reverse")
    if inner is None:
        return decline("the operand is not reversed")
    return hlo.reverse(inner.operands[0], sorted(axes ^ {*hlo.ints(inner, "dimensions")}))


RULES: Sequence[Rule] = (
    moved_splat,
    merged_reshape,
    merged_transpose,
    transpose_of_ones,
    merged_broadcast,
    whole_slice,
    merged_slice,
    slice_of_concatenation,
    slice_of_pad,
    nested_concatenation,
    concatenation_of_slices,
    pad_of_nothing,
    merged_pad,
    merged_reverse,
)
