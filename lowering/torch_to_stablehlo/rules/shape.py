"""Ops that move elements without computing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_type, shape_of

from ..context import LoweringContext
from ..elements import Number, as_tensor, convert

aten = torch.ops.aten

Edges = Callable[[ir.Value, int, int, int], tuple[ir.Value, ir.Value]]


def axis_of(x: ir.Value, dim: int) -> int:
    """A dimension counted from the start; numbers without dimensions have one, imagined."""
    return dim % max(1, len(shape_of(x)))


# ---- same elements, same order -------------------------------------------------------------------


def reshape(ctx: LoweringContext, x: ir.Value, *args: object, **kwargs: object) -> ir.Value:
    """x in the shape of the result: what torch computes from sizes and dimensions."""
    del args, kwargs
    return hlo.reshape(x, ctx.shape)


# ---- order of dimensions -------------------------------------------------------------------------


def permute(ctx: LoweringContext, x: ir.Value, dims: Sequence[int]) -> ir.Value:
    """Dimension i of the result is dimension dims[i]."""
    del ctx
    return hlo.transpose(x, [axis_of(x, d) for d in dims])


def transpose(ctx: LoweringContext, x: ir.Value, dim0: int, dim1: int) -> ir.Value:
    """Two dimensions swapped."""
    del ctx
    order = list(range(len(shape_of(x))))
    if order:
        one, other = axis_of(x, dim0), axis_of(x, dim1)
        order[one], order[other] = order[other], order[one]
    return hlo.transpose(x, order)


def matrix_transpose(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The last two dimensions swapped; x itself where it has but one."""
    return transpose(ctx, x, -1, -2) if len(shape_of(x)) > 1 else x


def reverse_dims(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The dimensions in reverse order."""
    return permute(ctx, x, list(range(len(shape_of(x))))[::-1])


def movedim(
    ctx: LoweringContext, x: ir.Value, source: int | Sequence[int], destination: int | Sequence[int]
) -> ir.Value:
    """Dimensions moved to other places, the rest in their order."""
    origins = [axis_of(x, d) for d in ([source] if isinstance(source, int) else source)]
    places = [
        axis_of(x, d) for d in ([destination] if isinstance(destination, int) else destination)
    ]
    rest = iter(i for i in range(len(shape_of(x))) if i not in origins)
    moved = dict(zip(places, origins, strict=True))
    return permute(
        ctx, x, [moved[i] if i in moved else next(rest) for i in range(len(shape_of(x)))]
    )


def flip(ctx: LoweringContext, x: ir.Value, dims: Sequence[int]) -> ir.Value:
    """The order along dimensions reversed."""
    del ctx
    return hlo.reverse(x, sorted(axis_of(x, d) for d in dims)) if dims else x


def roll(
    ctx: LoweringContext, x: ir.Value, shifts: Sequence[int], dims: Sequence[int] = ()
) -> ir.Value:
    """Elements shifted along dimensions; what falls off comes in at the other end."""
    if not dims:
        flat = hlo.reshape(x, (torch.Size(ctx.shape).numel(),))
        return hlo.reshape(_rolled(flat, shifts[0], 0), ctx.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        x = _rolled(x, shift, axis_of(x, dim))
    return x


def _rolled(x: ir.Value, shift: int, axis: int) -> ir.Value:
    size = shape_of(x)[axis]
    cut = -shift % size if size else 0
    if cut == 0:
        return x
    return hlo.concatenate([along(x, axis, cut, size), along(x, axis, 0, cut)], axis)


# ---- repetition ----------------------------------------------------------------------------------


def expand(ctx: LoweringContext, x: ir.Value, *args: object, **kwargs: object) -> ir.Value:
    """x repeated along dimensions of size 1, and new ones in front."""
    del args, kwargs
    return hlo.broadcast(x, ctx.shape)


def repeat(ctx: LoweringContext, x: ir.Value, repeats: Sequence[int]) -> ir.Value:
    """x laid out side by side, `repeats` times along each dimension; new ones come in front."""
    own = (1,) * (len(repeats) - len(shape_of(x))) + shape_of(x)
    if len(own) > len(repeats):
        repeats = [1] * (len(own) - len(repeats)) + list(repeats)
    pairs = [(r, n) for r, n in zip(repeats, own, strict=True)]
    spread = list(itertools.chain(*pairs))
    places = [2 * i + 1 for i in range(len(own))]
    wide = hlo.broadcast_in_dim(hlo.reshape(x, own), spread, places)
    return hlo.reshape(wide, ctx.shape)


def repeat_interleave(
    ctx: LoweringContext, x: ir.Value, repeats: int, dim: int | None = None, **unused: object
) -> ir.Value:
    """Each element along a dimension `repeats` times in a row."""
    del unused
    if dim is None:
        x, dim = hlo.reshape(x, (torch.Size(shape_of(x)).numel(),)), 0
    axis, shape = axis_of(x, dim), list(shape_of(x))
    wide = [*shape[: axis + 1], repeats, *shape[axis + 1 :]]
    places = [i for i in range(len(wide)) if i != axis + 1]
    return hlo.reshape(hlo.broadcast_in_dim(x, wide, places), ctx.shape)


# ---- joining and cutting -------------------------------------------------------------------------


def cat(ctx: LoweringContext, tensors: Sequence[ir.Value], dim: int = 0) -> ir.Value:
    """Tensors one after another; empty vectors, which fit everything to torch, are left out."""
    kept = [t for t in tensors if shape_of(t) != (0,)] or list(tensors[:1])
    return hlo.concatenate([convert(t, ctx.element) for t in kept], axis_of(kept[0], dim))


def stack(ctx: LoweringContext, tensors: Sequence[ir.Value], dim: int = 0) -> ir.Value:
    """Tensors one after another along a new dimension."""
    axis = dim % len(ctx.shape)
    shape = [*ctx.shape[:axis], 1, *ctx.shape[axis + 1 :]]
    rows = [hlo.reshape(convert(t, ctx.element), shape) for t in tensors]
    return hlo.concatenate(rows, axis)


def along(x: ir.Value, axis: int, begin: int, end: int, step: int = 1) -> ir.Value:
    """x[begin:end:step] along one dimension."""
    shape = shape_of(x)
    start = [begin if i == axis else 0 for i in range(len(shape))]
    limit = [end if i == axis else n for i, n in enumerate(shape)]
    return hlo.slice(x, start, limit, [step if i == axis else 1 for i in range(len(shape))])


def slice_(
    ctx: LoweringContext,
    x: ir.Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> ir.Value:
    """x[start:end:step] along a dimension, by Python's rules."""
    del ctx
    axis = axis_of(x, dim)
    begin, stop, _ = slice(start, end, step).indices(shape_of(x)[axis])
    return along(x, axis, begin, max(begin, stop), step)


def narrow(ctx: LoweringContext, x: ir.Value, dim: int, start: int, length: int) -> ir.Value:
    """`length` elements along a dimension."""
    begin = start % max(1, shape_of(x)[axis_of(x, dim)]) if start < 0 else start
    return slice_(ctx, x, dim, begin, begin + length)


def select(ctx: LoweringContext, x: ir.Value, dim: int, index: int) -> ir.Value:
    """One element along a dimension, which goes away."""
    axis = axis_of(x, dim)
    begin = index % shape_of(x)[axis]
    return hlo.reshape(along(x, axis, begin, begin + 1), ctx.shape)


def split(
    ctx: LoweringContext, x: ir.Value, sizes: int | Sequence[int], dim: int = 0
) -> list[ir.Value]:
    """x cut into parts along a dimension."""
    del sizes
    return _parts(ctx, x, axis_of(x, dim))


def _parts(ctx: LoweringContext, x: ir.Value, axis: int) -> list[ir.Value]:
    ends = list(itertools.accumulate(part.shape[axis] for part in ctx.outs))
    begins = [0, *ends[:-1]]
    return [along(x, axis, begin, end) for begin, end in zip(begins, ends, strict=True)]


def unbind(ctx: LoweringContext, x: ir.Value, dim: int = 0) -> list[ir.Value]:
    """The elements along a dimension, which goes away."""
    axis = axis_of(x, dim)
    shapes = [tuple(part.shape) for part in ctx.outs]
    return [hlo.reshape(along(x, axis, i, i + 1), shape) for i, shape in enumerate(shapes)]


def slice_scatter(
    ctx: LoweringContext,
    x: ir.Value,
    source: ir.Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> ir.Value:
    """x with `source` in place of x[start:end:step]."""
    axis = axis_of(x, dim)
    size = shape_of(x)[axis]
    begin, stop, _ = slice(start, end, step).indices(size)
    if step != 1:
        rows = {position: row for row, position in enumerate(range(begin, stop, step))}
        parts = [
            along(source, axis, rows[i], rows[i] + 1) if i in rows else along(x, axis, i, i + 1)
            for i in range(size)
        ]
        return hlo.concatenate(parts, axis)
    value = convert(source, ctx.element)
    parts = [along(x, axis, 0, begin), value, along(x, axis, max(begin, stop), size)]
    return hlo.concatenate([p for p in parts if shape_of(p)[axis] > 0], axis)


def select_scatter(
    ctx: LoweringContext, x: ir.Value, source: ir.Value, dim: int, index: int
) -> ir.Value:
    """x with `source` in place of its element `index` along a dimension."""
    axis = axis_of(x, dim)
    shape = [1 if i == axis else n for i, n in enumerate(shape_of(x))]
    begin = index % shape_of(x)[axis]
    return slice_scatter(ctx, x, hlo.reshape(source, shape), axis, begin, begin + 1)


# ---- edges ---------------------------------------------------------------------------------------


def constant_pad(
    ctx: LoweringContext, x: ir.Value, pad: Sequence[int], value: Number = 0
) -> ir.Value:
    """x with `value` around it; pairs of counts from the last dimension backwards."""
    low, high = _edges(pad, len(shape_of(x)))
    if all(n == 0 for n in (*low, *high)):
        return x
    return hlo.pad(x, as_tensor(value, (), ctx.element), low, high)


def pad(
    ctx: LoweringContext,
    x: ir.Value,
    pad: Sequence[int],
    mode: str = "constant",
    value: Number | None = None,
) -> ir.Value:
    """x with a constant, or copies of what is near the edge, around it."""
    match mode:
        case "constant":
            return constant_pad(ctx, x, pad, value or 0)
        case "reflect":
            return reflection_pad(ctx, x, pad)
        case "replicate":
            return replication_pad(ctx, x, pad)
        case _:
            return _padded_by(x, pad, _circular)


def _edges(pad: Sequence[int], rank: int) -> tuple[list[int], list[int]]:
    low, high = [0] * rank, [0] * rank
    for i in range(len(pad) // 2):
        low[rank - 1 - i], high[rank - 1 - i] = pad[2 * i], pad[2 * i + 1]
    return low, high


def reflection_pad(ctx: LoweringContext, x: ir.Value, padding: Sequence[int]) -> ir.Value:
    """x with its mirror image around it, the edge itself not repeated."""
    del ctx
    return _padded_by(x, padding, _mirrored)


def replication_pad(ctx: LoweringContext, x: ir.Value, padding: Sequence[int]) -> ir.Value:
    """x with its edge repeated around it."""
    del ctx
    return _padded_by(x, padding, _repeated)


def _mirrored(x: ir.Value, axis: int, low: int, high: int) -> tuple[ir.Value, ir.Value]:
    size = shape_of(x)[axis]
    before = hlo.reverse(along(x, axis, 1, 1 + low), [axis])
    return before, hlo.reverse(along(x, axis, size - 1 - high, size - 1), [axis])


def _repeated(x: ir.Value, axis: int, low: int, high: int) -> tuple[ir.Value, ir.Value]:
    size = shape_of(x)[axis]

    def copies(edge: ir.Value, count: int) -> ir.Value:
        shape = [count if i == axis else n for i, n in enumerate(shape_of(edge))]
        return hlo.broadcast(edge, shape)

    return copies(along(x, axis, 0, 1), low), copies(along(x, axis, size - 1, size), high)


def _circular(x: ir.Value, axis: int, low: int, high: int) -> tuple[ir.Value, ir.Value]:
    size = shape_of(x)[axis]
    return along(x, axis, size - low, size), along(x, axis, 0, high)


def _padded_by(x: ir.Value, padding: Sequence[int], edges: Edges) -> ir.Value:
    lows, highs = _edges(padding, len(shape_of(x)))
    for axis, (low, high) in enumerate(zip(lows, highs, strict=True)):
        if low < 0 or high < 0:
            x = along(x, axis, max(0, -low), shape_of(x)[axis] - max(0, -high))
        if low > 0 or high > 0:
            before, after = edges(x, axis, max(0, low), max(0, high))
            parts = [before, x, after]
            x = hlo.concatenate([p for p in parts if shape_of(p)[axis] > 0], axis)
    return x


# ---- blocks --------------------------------------------------------------------------------------


def pixel_shuffle(ctx: LoweringContext, x: ir.Value, factor: int) -> ir.Value:
    """[..., C * r * r, H, W] to [..., C, H * r, W * r]."""
    *lead, channels, height, width = shape_of(x)
    split_up = [*lead, channels // factor**2, factor, factor, height, width]
    n = len(lead)
    order = [*range(n), n, n + 3, n + 1, n + 4, n + 2]
    return hlo.reshape(hlo.transpose(hlo.reshape(x, split_up), order), ctx.shape)


def pixel_unshuffle(ctx: LoweringContext, x: ir.Value, factor: int) -> ir.Value:
    """[..., C, H * r, W * r] to [..., C * r * r, H, W]."""
    *lead, channels, height, width = shape_of(x)
    split_up = [*lead, channels, height // factor, factor, width // factor, factor]
    n = len(lead)
    order = [*range(n), n, n + 2, n + 4, n + 1, n + 3]
    return hlo.reshape(hlo.transpose(hlo.reshape(x, split_up), order), ctx.shape)


def unfold(ctx: LoweringContext, x: ir.Value, dim: int, size: int, step: int) -> ir.Value:
    """Windows along a dimension, laid out in a new last one."""
    axis = axis_of(x, dim)
    windows = ctx.shape[axis] if shape_of(x) else 1
    if not shape_of(x):
        return hlo.reshape(x, ctx.shape)
    reach = (windows - 1) * step + 1
    parts = [
        hlo.reshape(along(x, axis, k, k + reach, step), (*ctx.shape[:-1], 1)) for k in range(size)
    ]
    return hlo.concatenate(parts, len(ctx.shape) - 1)


def diagonal(
    ctx: LoweringContext, x: ir.Value, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> ir.Value:
    """The elements whose two indices differ by `offset`, along a new last dimension."""
    row, column = axis_of(x, dim1), axis_of(x, dim2)
    rest = [i for i in range(len(shape_of(x))) if i not in (row, column)]
    moved = hlo.transpose(x, [*rest, row, column])
    *lead, rows, columns = shape_of(moved)
    count = ctx.shape[-1]
    begin = max(0, -offset) * columns + max(0, offset)
    flat = hlo.reshape(moved, (*lead, rows * columns))
    end = begin + max(0, count - 1) * (columns + 1) + min(1, count)
    return along(flat, len(lead), begin, end, columns + 1)


def tril(ctx: LoweringContext, x: ir.Value, diagonal: int = 0) -> ir.Value:
    """x with zeros above a diagonal."""
    return _triangle(ctx, x, "LE", diagonal)


def triu(ctx: LoweringContext, x: ir.Value, diagonal: int = 0) -> ir.Value:
    """x with zeros below a diagonal."""
    return _triangle(ctx, x, "GE", diagonal)


def _triangle(
    ctx: LoweringContext, x: ir.Value, direction: hlo.Comparison, diagonal: int
) -> ir.Value:
    index = element_type("i32")
    rank = len(ctx.shape)
    rows = hlo.iota(ctx.shape, rank - 2, index)
    columns = hlo.iota(ctx.shape, rank - 1, index)
    limit = hlo.add(rows, hlo.splat_like(diagonal, rows)) if diagonal else rows
    return hlo.select(hlo.compare(direction, columns, limit), x, hlo.splat_like(0, x))


RULES = (
    *(
        (overload, reshape)
        for overload in (
            aten.view.default,
            aten._unsafe_view.default,
            aten.reshape.default,
            aten.view_as.default,
            aten.reshape_as.default,
            aten.flatten.using_ints,
            aten.unflatten.int,
            aten.squeeze.default,
            aten.squeeze.dim,
            aten.squeeze.dims,
            aten.unsqueeze.default,
            aten.ravel.default,
            aten.atleast_1d.default,
        )
    ),
    (aten.permute.default, permute),
    (aten.transpose.int, transpose),
    (aten.swapaxes.default, transpose),
    (aten.swapdims.default, transpose),
    (aten.t.default, matrix_transpose),
    (aten.mT.default, matrix_transpose),
    (aten.numpy_T.default, reverse_dims),
    (aten.movedim.int, movedim),
    (aten.movedim.intlist, movedim),
    (aten.flip.default, flip),
    (aten.roll.default, roll),
    (aten.expand.default, expand),
    (aten.expand_as.default, expand),
    (aten.broadcast_to.default, expand),
    (aten.repeat.default, repeat),
    (aten.tile.default, repeat),
    (aten.repeat_interleave.self_int, repeat_interleave),
    (aten.cat.default, cat),
    (aten.concat.default, cat),
    (aten.stack.default, stack),
    (aten.slice.Tensor, slice_),
    (aten.narrow.default, narrow),
    (aten.select.int, select),
    (aten.split.Tensor, split),
    (aten.split.sizes, split),
    (aten.split_with_sizes.default, split),
    (aten.split_with_sizes_copy.default, split),
    (aten.chunk.default, split),
    (aten.unbind.int, unbind),
    (aten.slice_scatter.default, slice_scatter),
    (aten.select_scatter.default, select_scatter),
    (aten.constant_pad_nd.default, constant_pad),
    (aten.pad.default, pad),
    (aten.reflection_pad1d.default, reflection_pad),
    (aten.reflection_pad2d.default, reflection_pad),
    (aten.reflection_pad3d.default, reflection_pad),
    (aten.replication_pad1d.default, replication_pad),
    (aten.replication_pad2d.default, replication_pad),
    (aten.replication_pad3d.default, replication_pad),
    (aten.pixel_shuffle.default, pixel_shuffle),
    (aten.pixel_unshuffle.default, pixel_unshuffle),
    (aten.unfold.default, unfold),
    (aten.diagonal.default, diagonal),
    (aten.tril.default, tril),
    (aten.triu.default, triu),
)
