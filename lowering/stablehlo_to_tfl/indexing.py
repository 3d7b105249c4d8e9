"""Look-ups, gathers and cache updates."""

from __future__ import annotations

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name, stablehlo
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.tfl.shorthand import cast, reshape, slice_of
from litewright.compiler.ir.types import (
    element_count,
    element_of,
    element_type,
    rank_of,
    shape_of,
    tensor_type,
)
from litewright.compiler.weights import Reshape, Slice
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from .attributes import boolean, integer
from .contraction import constant_array


@rule("composite:aten.embedding")
def embedding(op: ir.OpView, context: RuleContext) -> Outcome:
    """table[indices] -> EMBEDDING_LOOKUP at indices of one dimension and 32 bits; a weight where they are known."""
    table, indices = op.operands
    if str(element_of(table)) != "f32":
        return decline("the table is not f32", element_of(table))
    shape = shape_of(op.results[0])
    known = constant_array(indices)
    rows = None if known is None else _known_rows(table, known, context)
    if rows is not None:
        spelt = tfl.constant(np.array(shape, np.int32))
        return (
            rows
            if shape_of(rows) == shape
            else tfl.emit("broadcast_to", [rows, spelt], op.results[0].type)
        )
    if known is not None:
        flat = tfl.constant(known.reshape(-1).astype(np.int32))
    else:
        flat = cast(reshape(indices, [element_count(shape_of(indices))]), element_type("i32"))
    kind = tensor_type([shape_of(flat)[0], shape[-1]], element_of(table))
    return reshape(tfl.emit("embedding_lookup", [flat, table], kind), shape)


def _known_rows(table: ir.Value, indices: Array, context: RuleContext) -> ir.Value | None:
    """Rows at consecutive places that are known before the model runs, as a weight: positions, mostly.

    There is none where somebody else wants rows that are computed: the table would be there twice.
    """
    symbol = weight_symbol(table)
    flat = _run(indices, shape_of(table)[0])
    if symbol is None or flat is None:
        return None
    program = context.program
    for function in program.functions():
        for argument in function.arguments:
            if weight_symbol(argument) == symbol and not all(map(_looks_up_run, argument.uses)):
                return None
    first, width = int(flat[0]), shape_of(table)[1]
    cut = Slice(program.weights.expression(symbol), (first, 0), (first + flat.size, width))
    shape = (*[1] * (indices.ndim - 1), flat.size, width)
    # Here, not by an op: delegates compute nothing of weights alone.
    return program.weight_argument(context.function, Reshape(cut, shape))


def _run(indices: Array, rows: int) -> Array | None:
    """Indices that follow one another, each row of a batch the same; those of one row, if it is so."""
    run = indices.astype(np.int64)
    while run.ndim > 1 and run.size and (run == run[:1]).all():
        run = run[0]
    inside = run.ndim == 1 and run.size > 0 and run[0] >= 0 and run[-1] < rows
    return run if inside and (np.diff(run) == 1).all() else None


def _looks_up_run(use: ir.OpOperand) -> bool:
    op = use.owner
    if op_name(op) != "stablehlo.composite" or hlo.composite_name(op) != "aten.embedding":
        return False
    known = constant_array(op.operands[1]) if use.operand_number == 0 else None
    return known is not None and _run(known, shape_of(op.operands[0])[0]) is not None


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
