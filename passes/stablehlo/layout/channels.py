"""Channels-first and channels-last orders of dimensions, for tensors of any rank.

`[N, C, ...]` becomes `[N, ..., C]`. Tensors of rank 2 and less are the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, is_static, shape_of, tensor_type


def order(rank: int) -> tuple[int, ...]:
    """Which dimension of the channels-first tensor each dimension of the channels-last one is."""
    return (0, *range(2, rank), 1) if rank > 2 else tuple(range(rank))


def place(rank: int, axis: int) -> int:
    """Where a dimension of the channels-first tensor is in the channels-last one."""
    return order(rank).index(axis % rank)


def turned(values: Sequence[int]) -> list[int]:
    """Numbers given per dimension, channels first, in the order of channels last."""
    return [values[i] for i in order(len(values))]


def turned_type(kind: ir.Type) -> ir.RankedTensorType:
    """The type of a channels-first tensor once its channels are last."""
    return tensor_type(turned(shape_of(kind)), element_of(kind))


def keeps_order(shape: Sequence[int], permutation: Sequence[int]) -> bool:
    """Whether a permutation moves no dimensions but those of size 1: it is a reshape."""
    moved = [i for i in permutation if shape[i] != 1]
    return moved == sorted(moved)


def moved(x: ir.Value, permutation: Sequence[int]) -> ir.Value:
    """A transpose, or the reshape that does the same where no element trades places."""
    shape = shape_of(x)
    if keeps_order(shape, permutation) and is_static(x):
        return hlo.reshape(x, [shape[i] for i in permutation])
    return hlo.transpose(x, permutation)


def to_last(x: ir.Value) -> ir.Value:
    """[N, C, ...] -> [N, ..., C]."""
    return moved(x, order(len(shape_of(x))))


def to_first(x: ir.Value) -> ir.Value:
    """[N, ..., C] -> [N, C, ...]."""
    rank = len(shape_of(x))
    return moved(x, [order(rank).index(i) for i in range(rank)])
