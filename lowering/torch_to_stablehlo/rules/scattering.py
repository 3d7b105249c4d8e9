"""Writing along one dimension at places that another tensor says, element by element."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from litewright.compiler.ir import hlo, hlo_indexing
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, element_type, rank_of, shape_of

from ..context import LoweringContext
from ..elements import Number, as_tensor, convert, is_float
from .indexing import own_positions
from .shape import axis_of

aten = torch.ops.aten

_MOST_COMPARED = 1 << 20
"""Elements of an index, times the size of the dimension that it counts: of so many at most, all are compared."""


@dataclass(frozen=True, slots=True)
class _Aim:
    """Where the elements of an index point: it is compared with all places along a dimension.

    LiteRT writes to computed places by an op that no delegate takes, and that adds up what meets at one place.

    Attributes:
        axis: the dimension of x. In `hits` it is that of the index, and the places are the one behind it.
        hits: whether an element of the index points to a place, booleans of one rank more than x.
        shape: of x.
    """

    axis: int
    hits: ir.Value
    shape: tuple[int, ...]

    def reduce(self, op: hlo.Reduction, value: ir.Value, initial: float) -> ir.Value:
        """What all elements of the index bring to each place."""
        return hlo.reduce(op, value, [self.axis], initial)

    def any(self, hits: ir.Value) -> ir.Value:
        """Whether any element of the index points to a place."""
        return hlo.reduce("or", hits, [self.axis], 0)

    def spread(self, places: ir.Value) -> ir.Value:
        """A value for each place, for all elements of the index."""
        shape = shape_of(self.hits)
        return hlo.broadcast_in_dim(places, shape, _without(self.axis, len(shape)))

    def where(self, chosen: ir.Value, source: ir.Value) -> ir.Value:
        """Elements of the source, one for each of the index, at chosen places; 0 at others."""
        shape = shape_of(chosen)
        of_index = [n for i, n in enumerate(shape) if i != self.axis + 1]
        part = hlo.slice(source, [0] * len(of_index), of_index)
        spread = hlo.broadcast_in_dim(part, shape, _without(self.axis + 1, len(shape)))
        return hlo.select(chosen, spread, hlo.splat_like(0, spread))

    def padded(self, places: ir.Value, number: float) -> ir.Value:
        """A value for each place, and a number where the index is shorter than x in another dimension."""
        high = [n - own for n, own in zip(self.shape, shape_of(places), strict=True)]
        if not any(high):
            return places
        return hlo.pad(places, hlo.splat(number, (), element_of(places)), [0] * len(high), high)


def _aim(x: ir.Value, dim: int, index: ir.Value) -> _Aim | None:
    """None for a single number, and for what is too large to be compared."""
    if not shape_of(x) or not shape_of(index):
        return None
    axis = axis_of(x, dim)
    own = shape_of(index)
    shape = (*own[: axis + 1], shape_of(x)[axis], *own[axis + 1 :])
    if torch.Size(shape).numel() > _MOST_COMPARED:
        return None
    narrow = convert(index, element_type("i32"))
    wanted = hlo.broadcast_in_dim(narrow, shape, _without(axis + 1, len(shape)))
    places = hlo.iota(shape, axis + 1, element_type("i32"))
    return _Aim(axis, hlo.compare("EQ", wanted, places), tuple(shape_of(x)))


def _without(axis: int, rank: int) -> list[int]:
    return [i for i in range(rank) if i != axis]


def _scatter(
    ctx: LoweringContext,
    op: hlo.Reduction | None,
    x: ir.Value,
    dim: int,
    index: ir.Value,
    source: ir.Value | Number,
) -> ir.Value:
    """x with an element of `source` at the place of every index, which `index` says along `dim`."""
    shape = shape_of(index)
    if isinstance(source, ir.Value):
        source = hlo.slice(convert(source, ctx.element), [0] * len(shape), shape)
    if not shape_of(x):
        x, index = hlo.reshape(x, (1,)), hlo.reshape(index, (1,))
        source = hlo.reshape(as_tensor(source, (), ctx.element), (1,))
        return hlo.reshape(_scatter_full(op, x, 0, index, source), ())
    return _scatter_full(op, x, axis_of(x, dim), index, as_tensor(source, shape, ctx.element))


def _scatter_full(
    op: hlo.Reduction | None, x: ir.Value, axis: int, index: ir.Value, source: ir.Value
) -> ir.Value:
    axes = list(range(rank_of(x)))
    return hlo_indexing.scatter(
        x,
        own_positions(index, axis),
        source,
        combine=op,
        window_dims=[],
        inserted=axes,
        index_map=axes,
        index_vector_dim=rank_of(index),
    )


def scatter(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, source: ir.Value | Number
) -> ir.Value:
    """x with elements written at indices along a dimension; of several at one place, the last."""
    aimed = _aim(x, dim, index)
    if aimed is None:
        return _scatter(ctx, None, x, dim, index, source)
    if not isinstance(source, ir.Value):
        written = as_tensor(source, tuple(shape_of(x)), ctx.element)
        return hlo.select(aimed.padded(aimed.any(aimed.hits), 0), written, x)
    order = hlo.iota(shape_of(aimed.hits), aimed.axis, element_type("i32"))
    none = hlo.splat_like(-1, order)
    last = aimed.reduce("maximum", hlo.select(aimed.hits, order, none), -1)
    wins = hlo.compare("EQ", order, aimed.spread(last))
    found = aimed.reduce("add", aimed.where(wins, convert(source, ctx.element)), 0)
    there = hlo.compare("GE", last, hlo.splat_like(0, last))
    return hlo.select(aimed.padded(there, 0), aimed.padded(found, 0), x)


def scatter_add(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, source: ir.Value
) -> ir.Value:
    """x with elements added at indices along a dimension."""
    aimed = _aim(x, dim, index)
    if aimed is None or not is_float(ctx.element):
        return _scatter(ctx, "add", x, dim, index, source)
    added = aimed.reduce("add", aimed.where(aimed.hits, convert(source, ctx.element)), 0)
    return hlo.add(x, aimed.padded(added, 0))


_REDUCTIONS: dict[str, hlo.Reduction] = {
    "sum": "add",
    "add": "add",
    "prod": "multiply",
    "multiply": "multiply",
    "amax": "maximum",
    "amin": "minimum",
}


def scatter_reduce(
    ctx: LoweringContext, x: ir.Value, dim: int, index: ir.Value, source: ir.Value | Number,
    reduce: str, *, include_self: bool = True,
) -> ir.Value:  # fmt: skip
    """x combined with elements at indices along a dimension."""
    if reduce not in _REDUCTIONS or not include_self:
        raise ctx.refuse(f"reduce={reduce!r} with include_self={include_self}")
    return _scatter(ctx, _REDUCTIONS[reduce], x, dim, index, source)


RULES = (
    (aten.scatter.src, scatter),
    (aten.scatter.value, scatter),
    (aten.scatter_add.default, scatter_add),
    (aten.scatter.reduce, scatter_reduce),
    (aten.scatter.value_reduce, scatter_reduce),
)
