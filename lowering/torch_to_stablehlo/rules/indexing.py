"""Reading and writing at positions that are data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from litewright.compiler.composites.kv_cache import kv_cache_update as kv_cache_update_composite
from litewright.compiler.ir import hlo, hlo_indexing
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, rank_of, shape_of

from ..context import LoweringContext
from ..elements import Number, as_tensor, convert, is_bool
from .shape import along, axis_of

aten = torch.ops.aten


def _from_start(indices: ir.Value, size: int) -> ir.Value:
    """Indices that count from the end, counted from the start."""
    negative = hlo.compare("LT", indices, hlo.splat_like(0, indices))
    return hlo.select(negative, hlo.add(indices, hlo.splat_like(size, indices)), indices)


# ---- along one dimension -------------------------------------------------------------------------


def embedding(
    ctx: LoweringContext, table: ir.Value, indices: ir.Value, *unused: object
) -> ir.Value:
    """Rows of a table; table: [V, D]."""
    del unused

    def build(table: ir.Value, indices: ir.Value) -> ir.Value:
        return hlo_indexing.take(table, indices, 0)

    return ctx.composite("aten.embedding", [table, indices], {}, build)[0]


def index_select(ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value) -> ir.Value:
    """Elements along a dimension, by a vector of indices."""
    if not shape_of(x):
        return hlo.reshape(x, ctx.shape)
    flat = index if shape_of(index) else hlo.reshape(index, (1,))
    return hlo_indexing.take(x, flat, axis_of(x, dim))


def kv_cache_update(
    ctx: LoweringContext, cache: ir.Value, update: ir.Value, input_pos: ir.Value, axis: int
) -> ir.Value:
    """The cache with `update` written at consecutive positions from input_pos[0]."""
    dimension = axis_of(cache, axis)

    def build(cache: ir.Value, update: ir.Value, input_pos: ir.Value) -> ir.Value:
        first = hlo.reshape(along(input_pos, 0, 0, 1), ())
        zero = hlo.splat_like(0, first)
        start = [first if i == dimension else zero for i in range(rank_of(cache))]
        return hlo_indexing.dynamic_update_slice(cache, update, start)

    operands = [cache, update, input_pos]
    return ctx.composite("litewright.kv_cache_update", operands, {"axis": dimension}, build)[0]


# ---- index tensors -------------------------------------------------------------------------------


def index(ctx: LoweringContext, x: ir.Value, indices: Sequence[ir.Value | None]) -> ir.Value:
    """x[indices]: tensors of indices for some dimensions, which broadcast against each other."""
    used = [(axis, each) for axis, each in enumerate(indices) if each is not None]
    if any(is_bool(element_of(each)) for _, each in used):
        raise ctx.refuse("indexing by a mask: the shape of the result depends on its values")
    axes = [axis for axis, _ in used]
    if len(used) == 1:
        (axis, positions) = used[0]
        return hlo_indexing.take(x, _from_start(positions, shape_of(x)[axis]), axis)
    shape = np.broadcast_shapes(*(shape_of(each) for _, each in used))
    starts = _starts(x, used, shape)
    rest = [axis for axis in range(rank_of(x)) if axis not in axes]
    # The indexed dimensions first: the form that runtimes have.
    rows = _gather_rows(hlo.transpose(x, [*axes, *rest]), starts, len(axes))
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    return _moved(rows, len(shape), axes[0] if together else 0)


def _moved(x: ir.Value, count: int, place: int) -> ir.Value:
    """x with its first `count` dimensions behind the next `place` ones."""
    rest = range(count, rank_of(x))
    return hlo.transpose(x, [*rest[:place], *range(count), *rest[place:]])


def _starts(x: ir.Value, used: Sequence[tuple[int, ir.Value]], shape: tuple[int, ...]) -> ir.Value:
    """Positions as vectors: [*shape, number of indexed dimensions]."""
    kind = element_of(used[0][1])
    columns = [
        hlo.reshape(as_tensor(_from_start(each, shape_of(x)[axis]), shape, kind), (*shape, 1))
        for axis, each in used
    ]
    return hlo.concatenate(columns, len(shape))


def _gather_rows(x: ir.Value, starts: ir.Value, indexed: int) -> ir.Value:
    """x at vectors of positions for its first `indexed` dimensions."""
    shape, axes = shape_of(x), list(range(indexed))
    lead = shape_of(starts)[:-1]
    return hlo_indexing.gather(
        x,
        starts,
        offset_dims=range(len(lead), len(lead) + len(shape) - indexed),
        collapsed=axes,
        start_index_map=axes,
        index_vector_dim=len(lead),
        sizes=[1] * indexed + list(shape[indexed:]),
        shape=[*lead, *shape[indexed:]],
    )


def gather(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, **unused: object
) -> ir.Value:
    """result[i][j][k] = x[i][index[i][j][k]][k], for dimension 1 of three."""
    del unused
    if not shape_of(x):
        return hlo.broadcast(x, ctx.shape)
    axis = axis_of(x, dim)
    starts = own_positions(index, axis)
    axes = list(range(rank_of(x)))
    return hlo_indexing.gather(
        x, starts, offset_dims=[], collapsed=axes, start_index_map=axes,
        index_vector_dim=rank_of(starts) - 1, sizes=[1] * len(axes), shape=ctx.shape,
    )  # fmt: skip


def own_positions(index: ir.Value, axis: int) -> ir.Value:
    """For every element of an index its full position: its own place, `index` along one axis."""
    shape = shape_of(index)
    columns = [
        index if i == axis else hlo.iota(shape, i, element_of(index)) for i in range(len(shape))
    ]
    return hlo.concatenate([hlo.reshape(c, (*shape, 1)) for c in columns], len(shape))


def take(ctx: LoweringContext, x: ir.Value, index: ir.Value) -> ir.Value:
    """Elements of x laid out as a vector."""
    flat = hlo.reshape(x, (torch.Size(shape_of(x)).numel(),))
    return hlo.reshape(hlo_indexing.take(flat, _from_start(index, shape_of(flat)[0]), 0), ctx.shape)


# ---- writing -------------------------------------------------------------------------------------


def index_put(
    ctx: LoweringContext,
    x: ir.Value,
    indices: Sequence[ir.Value | None],
    values: ir.Value,
    accumulate: bool = False,
) -> ir.Value:
    """x with `values` written, or added, at x[indices]."""
    used = [(axis, each) for axis, each in enumerate(indices) if each is not None]
    if len(used) == 1 and is_bool(element_of(used[0][1])):
        return _masked_put(ctx, x, used[0], values, accumulate=accumulate)
    axes = [axis for axis, _ in used]
    shape = np.broadcast_shapes(*(shape_of(each) for _, each in used))
    starts = _starts(x, used, shape)
    rest = [n for axis, n in enumerate(shape_of(x)) if axis not in axes]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    at = axes[0] if together else 0
    full = (*rest[:at], *shape, *rest[at:])
    window = [i for i in range(len(full)) if not at <= i < at + len(shape)]
    return hlo_indexing.scatter(
        x,
        starts,
        as_tensor(values, full, ctx.element),
        combine="add" if accumulate else None,
        window_dims=window,
        inserted=axes,
        index_map=axes,
        index_vector_dim=len(shape),
    )


def _masked_put(
    ctx: LoweringContext,
    x: ir.Value,
    mask: tuple[int, ir.Value],
    values: ir.Value,
    *,
    accumulate: bool,
) -> ir.Value:
    """Writing one number where a mask holds; several would be counted out by the mask."""
    axis, where = mask
    if torch.Size(shape_of(values)).numel() != 1:
        raise ctx.refuse("writing several values by a mask: their places depend on its values")
    places = list(range(axis, axis + rank_of(where)))
    spread = hlo.broadcast_in_dim(where, ctx.shape, places)
    value = as_tensor(hlo.reshape(values, ()), ctx.shape, ctx.element)
    return hlo.select(spread, hlo.add(x, value) if accumulate else value, x)


def index_copy(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, source: ir.Value
) -> ir.Value:
    """x with slices of `source` written at positions along a dimension."""
    return _scatter_slices(ctx, None, x, dim, index, source)


def index_add(
    ctx: LoweringContext,
    x: ir.Value,
    dim: int,
    index: ir.Value,
    source: ir.Value,
    *,
    alpha: Number = 1,
) -> ir.Value:
    """x with slices of `source` added at positions along a dimension."""
    added = source if alpha == 1 else hlo.multiply(source, hlo.splat_like(alpha, source))
    return _scatter_slices(ctx, "add", x, dim, index, added)


def index_fill(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, value: Number | ir.Value
) -> ir.Value:
    """x with one number at positions along a dimension."""
    axis = axis_of(x, dim)
    shape = [
        torch.Size(shape_of(index)).numel() if i == axis else n for i, n in enumerate(ctx.shape)
    ]
    return _scatter_slices(ctx, None, x, dim, index, as_tensor(value, tuple(shape), ctx.element))


def _scatter_slices(
    ctx: LoweringContext,
    op: hlo.Reduction | None,
    x: ir.Value,
    dim: int,
    index: ir.Value,
    source: ir.Value,
) -> ir.Value:
    axis = axis_of(x, dim)
    count = torch.Size(shape_of(index)).numel()
    positions = hlo.reshape(_from_start(index, shape_of(x)[axis]), (count, 1))
    return hlo_indexing.scatter(
        x,
        positions,
        convert(source, ctx.element),
        combine=op,
        window_dims=[i for i in range(rank_of(source)) if i != axis],
        inserted=[axis],
        index_map=[axis],
        index_vector_dim=1,
    )


RULES = (
    (aten.embedding.default, embedding),
    (aten.index_select.default, index_select),
    (kv_cache_update_composite.op, kv_cache_update),
    (aten.index.Tensor, index),
    (aten._unsafe_index.Tensor, index),
    (aten.gather.default, gather),
    (aten.take.default, take),
    (aten.index_put.default, index_put),
    (aten._unsafe_index_put.default, index_put),
    (aten.index_copy.default, index_copy),
    (aten.index_add.default, index_add),
    (aten.index_fill.int_Scalar, index_fill),
    (aten.index_fill.int_Tensor, index_fill),
)
