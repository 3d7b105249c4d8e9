"""Look-ups at places that are known, and in order: they are movement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import Array, ir, op_name, stablehlo
from litewright.compiler.ir.types import element_of, is_static, rank_of, shape_of
from litewright.passes.core import Decline, Outcome, Rule, RuleContext, decline, rule

from ..splats import number_of


@dataclass(frozen=True, slots=True)
class _Step:
    """How one coordinate of what is read depends on where the result is written.

    Attributes:
        start: the coordinate at the result's first element.
        axis: the only dimension of the result that it grows along, or -1.
        step: by how much.
    """

    start: int
    axis: int = -1
    step: int = 1


@dataclass(frozen=True, slots=True)
class _Window:
    """Which dimensions a gather takes from where; names as in StableHLO's specification.

    Attributes:
        starts: `[..., coordinates]`, where each slice starts.
        start_index_map: the dimensions of the operand that the coordinates are of.
        batch_axes: the dimensions of the result that are those of `starts`, the last left out.
        offsets: dimensions of the operand, with the dimensions of the result that run along them.
        sizes: of a slice.
    """

    starts: Array
    start_index_map: Sequence[int]
    batch_axes: Sequence[int]
    offsets: dict[int, int]
    sizes: Sequence[int]


def _window(op: ir.OpView) -> _Window | Decline:
    indices = hlo.constant_of(op.operands[1])
    if indices is None:
        return decline("the places depend on inputs")
    if op_name(op) == "stablehlo.composite":
        rank = rank_of(op.results[0])
        width = shape_of(op.operands[0])[1]
        return _Window(indices[..., None], [0], range(rank - 1), {1: rank - 1}, [1, width])
    numbers = stablehlo.GatherDimensionNumbers(op.attributes["dimension_numbers"])
    if list(numbers.operand_batching_dims):
        return decline("dimensions are gone along together")
    rank, offset_dims = rank_of(op.results[0]), list(numbers.offset_dims)
    if numbers.index_vector_dim == indices.ndim:
        indices = indices[..., None]
    collapsed = set(numbers.collapsed_slice_dims)
    kept = [axis for axis in range(rank_of(op.operands[0])) if axis not in collapsed]
    return _Window(
        np.moveaxis(indices, numbers.index_vector_dim, -1),
        list(numbers.start_index_map),
        [axis for axis in range(rank) if axis not in offset_dims],
        dict(zip(kept, offset_dims, strict=True)),
        hlo.ints(op, "slice_sizes"),
    )


def _coordinate(starts: Array, batch_axes: Sequence[int]) -> _Step | None:
    """The step that makes `starts`, if one does: equal distances along one axis, none along others."""
    first = int(starts.flat[0])
    for position, axis in enumerate(batch_axes):
        line = np.moveaxis(starts, position, 0).reshape(starts.shape[position], -1)[:, 0]
        step = int(line[1] - line[0]) if len(line) > 1 else 0
        if step == 0:
            continue
        counted = first + step * np.arange(len(line))
        shape = [-1 if i == position else 1 for i in range(starts.ndim)]
        same = bool((starts == counted.reshape(shape)).all())
        return _Step(first, axis, step) if same and step > 0 else None
    return _Step(first) if bool((starts == first).all()) else None


def _steps(op: ir.OpView, window: _Window) -> list[_Step] | Decline:
    """How each dimension of the operand is gone along."""
    steps: list[_Step] = []
    shape = shape_of(op.operands[0])
    for axis, size in enumerate(shape):
        found: _Step | None = _Step(0)
        if axis in window.start_index_map:
            place = list(window.start_index_map).index(axis)
            # StableHLO moves slices that would reach beyond the end.
            starts = np.clip(
                window.starts[..., place].astype(np.int64), 0, size - window.sizes[axis]
            )
            found = _coordinate(starts, window.batch_axes)
        if found is None:
            return decline("the places are not in order")
        if axis in window.offsets and window.sizes[axis] > 1:
            if found.axis >= 0:
                return decline("slices overlap")
            found = _Step(found.start, window.offsets[axis])
        steps.append(found)
    axes = [step.axis for step in steps if step.axis >= 0]
    return steps if len(set(axes)) == len(axes) else decline("the places are on a diagonal")


@rule("stablehlo.gather", "composite:aten.embedding")
def lookup_in_order(op: ir.OpView, context: RuleContext) -> Outcome:
    """table[[2, 3, 4]] -> table[2:5]: the rows of a weight then become a weight."""
    x, result = op.operands[0], op.results[0]
    shape = shape_of(result)
    if not is_static(x) or not is_static(result) or 0 in {*shape_of(x), *shape}:
        return decline("the shape is not known, or there are no elements")
    window = _window(op)
    if isinstance(window, Decline):
        return window
    steps = _steps(op, window)
    if isinstance(steps, Decline):
        return steps
    counts = [shape[step.axis] if step.axis >= 0 else 1 for step in steps]
    pairs = list(zip(steps, counts, strict=True))
    start = [step.start for step in steps]
    limit = [step.start + step.step * (count - 1) + 1 for step, count in pairs]
    cut = hlo.slice(x, start, limit, [step.step for step in steps])
    axes = [step.axis for step in steps if step.axis >= 0]
    moved = hlo.reshape(cut, [shape[axis] for axis in axes])
    moved = hlo.transpose(moved, sorted(range(len(axes)), key=axes.__getitem__))
    return hlo.broadcast_in_dim(moved, shape, sorted(axes))


@rule("stablehlo.gather", "stablehlo.dynamic_slice", "composite:aten.embedding")
def lookup_in_splat(op: ir.OpView, context: RuleContext) -> Outcome:
    """zeros[i] -> zeros: the token types that a model has in a table of its own."""
    number, result = number_of(op.operands[0]), op.results[0]
    if number is None:
        return decline("the table does not hold one number alone")
    if not is_static(result):
        return decline("the shape of the result is not known")
    return hlo.splat(number.item(), shape_of(result), element_of(result))


RULES: Sequence[Rule] = (lookup_in_splat, lookup_in_order)
