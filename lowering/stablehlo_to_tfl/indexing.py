"""Look-ups, gathers and cache updates."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, stablehlo
from litewright.compiler.ir.tfl.shorthand import cast, reshape, slice_of
from litewright.compiler.ir.types import (
    element_count,
    element_of,
    element_type,
    rank_of,
    shape_of,
    tensor_type,
)
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import boolean, integer
from .contraction import constant_array


@rule("composite:aten.embedding")
def embedding(op: ir.OpView, context: RuleContext) -> Outcome:
    """table[indices] -> EMBEDDING_LOOKUP, whose indices are one-dimensional and 32 bits wide."""
    table, indices = op.operands
    if str(element_of(table)) != "f32":
        return decline("the table is not f32", element_of(table))
    shape = shape_of(op.results[0])
    flat = cast(reshape(indices, [element_count(shape_of(indices))]), element_type("i32"))
    rows = tensor_type([shape_of(flat)[0], shape[-1]], element_of(table))
    return reshape(tfl.emit("embedding_lookup", [flat, table], rows), shape)


@rule("composite:litewright.kv_cache_update")
def kv_cache_update(op: ir.OpView, context: RuleContext) -> Outcome:
    """DYNAMIC_UPDATE_SLICE at [0, ..., input_pos[0], ..., 0].

    The vector of starts is input_pos[0] times a unit vector: one op, the same for all layers.
    """
    cache, update, positions = op.operands
    unit = np.zeros(rank_of(cache), np.int32)
    unit[integer(op, "axis") % rank_of(cache)] = 1
    first = cast(slice_of(positions, [0], [1]), element_type("i32"))
    starts = tfl.emit("mul", [first, tfl.constant(unit)], tensor_type([len(unit)], "i32"))
    return tfl.emit("dynamic_update_slice", [cache, update, starts], op.results[0].type)


@rule("stablehlo.gather")
def gather_along_axis(op: ir.OpView, context: RuleContext) -> Outcome:
    """A gather of whole slices along one axis -> GATHER."""
    x, indices = op.operands
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    collapsed = list(numbers.collapsed_slice_dims)
    if len(collapsed) != 1 or list(numbers.start_index_map) != collapsed:
        return decline("slices start at more than one coordinate", collapsed)
    if list(numbers.operand_batching_dims):
        return decline("batching dimensions")
    axis, sizes = collapsed[0], list(ir.DenseI64ArrayAttr(op.attributes["slice_sizes"]))
    whole = [n if i != axis else 1 for i, n in enumerate(shape_of(x))]
    if sizes != whole:
        return decline("slices are cut in other dimensions too", sizes)
    shape = list(shape_of(indices))
    if numbers.index_vector_dim < len(shape):
        if shape[numbers.index_vector_dim] != 1:
            return decline("index vectors of several coordinates")
        del shape[numbers.index_vector_dim]
    result, offsets = shape_of(op.results[0]), list(numbers.offset_dims)
    expected = [*range(axis), *range(axis + len(shape), len(result))]
    if offsets != expected:
        return decline("the result's dimensions are in another order", offsets)
    flat = cast(reshape(indices, shape), element_type("i32"))
    flat = _clamped(flat, shape_of(x)[axis])
    return tfl.emit("gather", [x, flat], op.results[0].type, axis=axis, batch_dims=0)


@rule("stablehlo.gather")
def gather_known_points(op: ir.OpView, context: RuleContext) -> Outcome:
    """Single elements at constant coordinates -> RESHAPE if they are all, in order; else a flat GATHER."""
    x, indices = op.operands
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    array, order = constant_array(indices), list(numbers.start_index_map)
    if array is None or any(n != 1 for n in ir.DenseI64ArrayAttr(op.attributes["slice_sizes"])):
        return decline("coordinates known only at run time, or slices of more than one element")
    if list(numbers.collapsed_slice_dims) != list(range(rank_of(x))) or sorted(order) != list(
        range(rank_of(x))
    ):
        return decline("coordinates that leave dimensions out", order)
    coordinates = np.moveaxis(array, numbers.index_vector_dim, 0)
    clipped = [
        np.clip(coordinates[order.index(axis)], 0, size - 1)
        for axis, size in enumerate(shape_of(x))
    ]
    flat = np.ravel_multi_index(clipped, shape_of(x))
    if flat.size == element_count(shape_of(x)) and (flat.reshape(-1) == np.arange(flat.size)).all():
        return reshape(x, shape_of(op.results[0]))
    row = reshape(x, [element_count(shape_of(x))])
    places = tfl.constant(np.asarray(flat, np.int32))
    return tfl.emit("gather", [row, places], op.results[0].type, axis=0, batch_dims=0)


@rule("stablehlo.gather")
def gather_leading(op: ir.OpView, context: RuleContext) -> Outcome:
    """Whole slices at coordinates of the leading dimensions -> GATHER_ND."""
    x, indices = op.operands
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    count = len(numbers.start_index_map)
    leading = list(range(count))
    if list(numbers.start_index_map) != leading or list(numbers.collapsed_slice_dims) != leading:
        return decline("the coordinates are not those of the leading dimensions")
    if list(numbers.operand_batching_dims):
        return decline("batching dimensions")
    sizes = list(ir.DenseI64ArrayAttr(op.attributes["slice_sizes"]))
    if sizes != [1] * count + list(shape_of(x)[count:]):
        return decline("slices are cut in other dimensions too", sizes)
    if numbers.index_vector_dim != rank_of(indices) - 1:
        return decline("the coordinates do not lie along the last dimension")
    outer = rank_of(indices) - 1
    if list(numbers.offset_dims) != list(range(outer, rank_of(op.results[0]))):
        return decline("the result's dimensions are in another order")
    places = cast(indices, element_type("i32"))
    for name, bound in (
        ("maximum", [0] * count),
        ("minimum", [n - 1 for n in shape_of(x)[:count]]),
    ):
        places = tfl.emit(name, [places, tfl.constant(np.array(bound, np.int32))], places.type)
    return tfl.emit("gather_nd", [x, places], op.results[0].type)


@rule("composite:aten.cumsum")
def cumulative_sum(op: ir.OpView, context: RuleContext) -> Outcome:
    """A running sum along an axis -> CUMSUM."""
    x = op.operands[0]
    if str(element_of(x)) not in tfl.OPS["cumsum"].operands[0].types or rank_of(x) == 0:
        return decline("CUMSUM does not take the element type", x.type)
    axis = tfl.constant(np.array(integer(op, "dim") % rank_of(x), np.int32))
    return tfl.emit("cumsum", [x, axis], x.type, exclusive=False, reverse=False)


@rule("composite:aten.topk")
def top_k(op: ir.OpView, context: RuleContext) -> Outcome:
    """The k greatest of the last axis, in order -> TOPK_V2."""
    x = op.operands[0]
    if str(element_of(x)) != "f32" or integer(op, "dim") % rank_of(x) != rank_of(x) - 1:
        return decline("not f32 along the last axis", x.type)
    if not boolean(op, "largest"):
        return decline("the smallest are wanted")
    shape = shape_of(op.results[0])
    count = tfl.constant(np.array(integer(op, "k"), np.int32))
    kinds = [op.results[0].type, tensor_type(shape, "i32")]
    values, places = tfl.emit_many("topk_v2", [x, count], kinds)
    return [values, cast(places, element_of(op.results[1]))]


def _clamped(indices: ir.Value, size: int) -> ir.Value:
    """Indices moved into range, as StableHLO has it; constant ones are known to be in range or not."""
    array = tfl.constant_of(indices)
    if array is not None and (array >= 0).all() and (array < size).all():
        return indices
    for name, bound in (("maximum", 0), ("minimum", size - 1)):
        limit = tfl.constant(np.array(bound, np.int32))
        indices = tfl.emit(name, [indices, limit], indices.type)
    return indices


RULES: tuple[Rule, ...] = (
    embedding,
    kv_cache_update,
    gather_along_axis,
    gather_known_points,
    gather_leading,
    cumulative_sum,
    top_k,
)
