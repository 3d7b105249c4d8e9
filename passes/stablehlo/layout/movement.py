"""Ops that move, cut, join, spread and reduce."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.types import (
    array_of,
    dense,
    element_of,
    element_type,
    is_static,
    rank_of,
    shape_of,
)

from . import channels
from .elementwise import ELEMENTWISE
from .roles import (
    ABSORBS,
    FIXED,
    FOLLOWS,
    SOURCE,
    Handler,
    Port,
    Role,
    copy_of,
    move_cost,
)


def _ints(values: Sequence[int]) -> ir.Attribute:
    return ir.DenseI64ArrayAttr.get(list(values))


def _axis(op: ir.OpView, name: str) -> int:
    return ir.IntegerAttr(op.attributes[name]).value


def _axis_attribute(axis: int) -> ir.Attribute:
    return ir.IntegerAttr.get(element_type("i64"), axis)


def _follows(op: ir.OpView) -> Role:
    return FOLLOWS if rank_of(op.results[0]) > 2 else FIXED


def _source(op: ir.OpView) -> Role:
    return SOURCE if rank_of(op.results[0]) > 2 else FIXED


def _along_axis(name: str) -> Handler:
    def rebuild(
        program: Program, op: ir.OpView, operands: Sequence[ir.Value]
    ) -> Sequence[ir.Value]:
        axis = channels.place(rank_of(op.results[0]), _axis(op, name))
        return copy_of(op, operands, None, **{name: _axis_attribute(axis)})

    return Handler(_source if name == "iota_dimension" else _follows, rebuild)


def _per_dimension(*names: str) -> Handler:
    def rebuild(
        program: Program, op: ir.OpView, operands: Sequence[ir.Value]
    ) -> Sequence[ir.Value]:
        given = {name: _ints(channels.turned(hlo.ints(op, name))) for name in names}
        return copy_of(op, operands, None, **given)

    return Handler(_follows, rebuild)


def _reverse(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    rank = rank_of(op.results[0])
    axes = [channels.place(rank, axis) for axis in hlo.ints(op, "dimensions")]
    return copy_of(op, operands, dimensions=_ints(axes))


# ---- constants and broadcasts --------------------------------------------------------------------


def _constant(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    attribute = ir.DenseElementsAttr(op.attributes["value"])
    kind = channels.turned_type(op.results[0].type)
    if attribute.is_splat:
        value = ir.DenseElementsAttr.get_splat(kind, attribute.get_splat_value())
    else:
        array = array_of(attribute)
        turned = np.ascontiguousarray(array.transpose(channels.order(array.ndim)))
        value = dense(turned, element_of(kind))
    return copy_of(op, operands, value=value)


def _broadcast_role(op: ir.OpView) -> Role:
    rank, dimensions = rank_of(op.results[0]), hlo.ints(op, "broadcast_dimensions")
    if rank > 2 and dimensions == list(range(rank)):
        return FOLLOWS
    # The operand is read plain, also where it has a rank that could carry a layout.
    return Role(Port.PLAIN, Port.BOTH) if rank > 2 else FIXED


def _broadcast(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    rank, dimensions = rank_of(op.results[0]), hlo.ints(op, "broadcast_dimensions")
    if dimensions == list(range(rank)):
        return copy_of(op, operands)
    places = [channels.place(rank, axis) for axis in dimensions]
    ascending = sorted(range(len(places)), key=places.__getitem__)
    x = channels.moved(operands[0], ascending)
    return copy_of(op, [x], broadcast_dimensions=_ints([places[i] for i in ascending]))


# ---- reductions ----------------------------------------------------------------------------------


def _reduce_role(op: ir.OpView) -> Role:
    rank, axes = rank_of(op.operands[0]), set(hlo.ints(op, "dimensions"))
    left = [i for i in range(rank) if i not in axes]
    physical = [i for i in channels.order(rank) if i not in axes]
    carriers = tuple(range(len(op.results)))
    if rank < 3:
        return FIXED
    if physical == left:
        return Role(Port.EITHER, Port.PLAIN, carriers)
    if len(left) > 2 and physical == channels.turned(left):
        return Role(Port.EITHER, Port.EITHER, carriers)
    return FIXED


def _reduce(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    rank = rank_of(op.operands[0])
    axes = sorted(channels.place(rank, axis) for axis in hlo.ints(op, "dimensions"))
    plain = _reduce_role(op).results is Port.PLAIN
    kinds = [r.type for r in op.results] if plain else None
    return copy_of(op, operands, kinds, dimensions=_ints(axes))


# ---- reshape and transpose -----------------------------------------------------------------------


def _is_only_reordered(shape: Sequence[int]) -> bool:
    return channels.keeps_order(shape, channels.order(len(shape)))


def _reshape_role(op: ir.OpView) -> Role:
    before, after = shape_of(op.operands[0]), shape_of(op.results[0])
    if not is_static(op.operands[0]) or not is_static(op.results[0]):
        return FIXED
    if len(before) > 2 and len(after) > 2 and before[:2] == after[:2]:
        return FOLLOWS
    if len(before) > 2 and _is_only_reordered(before):
        return ABSORBS
    if len(before) < 3 <= len(after) and _is_only_reordered(after):
        return SOURCE
    return FIXED


def _reshape(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    shape = shape_of(op.results[0])
    plain = _reshape_role(op).results is Port.PLAIN
    return [hlo.reshape(operands[0], shape if plain else channels.turned(shape))]


def _inverse_of_order(permutation: Sequence[int]) -> bool:
    rank = len(permutation)
    return rank > 2 and [permutation[i] for i in channels.order(rank)] == list(range(rank))


# What hands a layout on from its first operand.
_HANDING_ON = frozenset({
    *ELEMENTWISE, "stablehlo.concatenate", "stablehlo.slice", "stablehlo.pad", "stablehlo.reshape",
    "stablehlo.reverse", "stablehlo.composite",
})  # fmt: skip


def _comes_from_convolution(value: ir.Value) -> bool:
    """Whether a value is what a convolution made, changed only by ops that go along with any layout."""
    op = hlo.producer(value)
    while op is not None and op_name(op) in _HANDING_ON and len(op.operands) > 0:
        op = hlo.producer(op.operands[0])
    return op is not None and op_name(op) == "stablehlo.convolution"


def _makes_channels_last(op: ir.OpView, permutation: Sequence[int]) -> bool:
    """Whether a transpose is taken as what moves channels first, so that its operand is the result.

    Of rank 3 it may be either way round: what comes from a convolution has its channels last already.
    """
    if not _inverse_of_order(permutation):
        return False
    return len(permutation) > 3 or not _comes_from_convolution(op.operands[0])


def _composed(permutation: Sequence[int]) -> list[int]:
    """A permutation of the channels-first tensor as one of the channels-last tensor."""
    return [channels.place(len(permutation), i) for i in permutation]


def _transpose_role(op: ir.OpView) -> Role:
    permutation, shape = hlo.ints(op, "permutation"), shape_of(op.operands[0])
    if len(shape) < 3:
        return FIXED
    if _makes_channels_last(op, permutation):
        return Role(Port.PLAIN, Port.LAST, is_operand=True)
    plain = move_cost(shape, permutation)
    last = move_cost(channels.turned(shape), _composed(permutation))
    return Role(Port.EITHER, Port.PLAIN, cost_plain=plain, cost_last=last)


def _transpose(program: Program, op: ir.OpView, operands: Sequence[ir.Value]) -> Sequence[ir.Value]:
    return [channels.moved(operands[0], _composed(hlo.ints(op, "permutation")))]


HANDLERS: dict[str, Handler] = {
    "stablehlo.concatenate": _along_axis("dimension"),
    "stablehlo.iota": _along_axis("iota_dimension"),
    "stablehlo.slice": _per_dimension("start_indices", "limit_indices", "strides"),
    "stablehlo.pad": _per_dimension("edge_padding_low", "edge_padding_high", "interior_padding"),
    "stablehlo.reverse": Handler(_follows, _reverse),
    "stablehlo.constant": Handler(_source, _constant),
    "stablehlo.broadcast_in_dim": Handler(_broadcast_role, _broadcast),
    "stablehlo.reduce": Handler(_reduce_role, _reduce),
    "stablehlo.reshape": Handler(_reshape_role, _reshape),
    "stablehlo.transpose": Handler(_transpose_role, _transpose),
}
