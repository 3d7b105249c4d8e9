"""Builders for the StableHLO ops that read and write at positions that are data; see `hlo`."""

from __future__ import annotations

from collections.abc import Sequence

from . import hlo
from .mlir import ir, stablehlo
from .types import element_of, shape_of, tensor_type


def gather(
    x: ir.Value,
    starts: ir.Value,
    *,
    offset_dims: Sequence[int],
    collapsed: Sequence[int],
    start_index_map: Sequence[int],
    index_vector_dim: int,
    sizes: Sequence[int],
    shape: Sequence[int],
) -> ir.Value:
    """`stablehlo.gather` of result shape `shape`; starts out of range are moved into it."""
    numbers = stablehlo.GatherDimensionNumbers.get(
        offset_dims=list(offset_dims),
        collapsed_slice_dims=list(collapsed),
        operand_batching_dims=[],
        start_indices_batching_dims=[],
        start_index_map=list(start_index_map),
        index_vector_dim=index_vector_dim,
    )
    return ir.Operation.create(
        "stablehlo.gather",
        results=[tensor_type(shape, element_of(x))],
        operands=[x, starts],
        attributes={
            "dimension_numbers": numbers,
            "slice_sizes": ir.DenseI64ArrayAttr.get(list(sizes)),
        },
    ).result


def take(x: ir.Value, indices: ir.Value, axis: int) -> ir.Value:
    """x indexed along `axis` by integers of any shape, which take the place of that dimension.

    Indices out of range are moved into it.
    """
    shape, index_shape = shape_of(x), shape_of(indices)
    result = [*shape[:axis], *index_shape, *shape[axis + 1 :]]
    inserted = range(axis, axis + len(index_shape))
    return gather(
        x,
        indices,
        offset_dims=[i for i in range(len(result)) if i not in inserted],
        collapsed=[axis],
        start_index_map=[axis],
        index_vector_dim=len(index_shape),
        sizes=[1 if i == axis else n for i, n in enumerate(shape)],
        shape=result,
    )


def scatter(
    x: ir.Value,
    positions: ir.Value,
    updates: ir.Value,
    *,
    combine: hlo.Reduction | None = None,
    window_dims: Sequence[int],
    inserted: Sequence[int],
    index_map: Sequence[int],
    index_vector_dim: int,
) -> ir.Value:
    """`stablehlo.scatter`: x with `updates` written at `positions`, or combined by an op."""
    numbers = stablehlo.ScatterDimensionNumbers.get(
        update_window_dims=list(window_dims),
        inserted_window_dims=list(inserted),
        input_batching_dims=[],
        scatter_indices_batching_dims=[],
        scattered_dims_to_operand_dims=list(index_map),
        index_vector_dim=index_vector_dim,
    )
    op = ir.Operation.create(
        "stablehlo.scatter",
        results=[x.type],
        operands=[x, positions, updates],
        attributes={"scatter_dimension_numbers": numbers},
        regions=1,
    )
    scalar = tensor_type((), element_of(x))
    location = ir.Location.current
    body = ir.Block.create_at_start(op.regions[0], [scalar, scalar], [location, location])
    with ir.InsertionPoint(body):
        old, new = body.arguments
        value = new if combine is None else hlo.binary(combine, old, new)
        ir.Operation.create("stablehlo.return", operands=[value])
    return op.result


def dynamic_update_slice(x: ir.Value, update: ir.Value, start: Sequence[ir.Value]) -> ir.Value:
    """x with `update` written at `start`, a scalar tensor per dimension; it is moved inwards."""
    return ir.Operation.create(
        "stablehlo.dynamic_update_slice", results=[x.type], operands=[x, update, *start]
    ).result
