"""Weights that come as integers: what a source says of itself, and which expressions keep its integers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Protocol, runtime_checkable

import numpy as np

from ..quantize.specs import QuantSpec, int4_blocks
from .expression import (
    Binary,
    Cast,
    Concatenate,
    Expression,
    Leaf,
    Reshape,
    Slice,
    Transpose,
    leaves,
)
from .store import TensorSource, WeightStore


@runtime_checkable
class IntegerSource(Protocol):
    """A tensor of floats, as any source, that its checkpoint holds as integers.

    Attributes:
        why_not: why the file cannot hold the integers; empty if it can.
        why_unpacked: why kernels get products with these integers wrong, so that they are made floats in front
            of an op; empty if they do not.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        block_size: elements of the last dimension of a matrix that share a scale, `axis` being 0; 0 if all do.
        integers: of the shape of the tensor; int4 for blocks, else int8.
        scales: float16 [outputs, blocks] for blocks, else float32 [outputs]. real = scale * integer.
    """

    why_not: str
    why_unpacked: str
    axis: int | None
    block_size: int
    integers: TensorSource
    scales: TensorSource


@dataclass(frozen=True, slots=True)
class Kept:
    """Integers as they are in a checkpoint, and what goes with them.

    Attributes:
        integers: the expression of the integers.
        scales: that of their scales, one alone if `axis` is None.
        spec: how the weight is stored.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        why_unpacked: as that of the source.
    """

    integers: Expression
    scales: Expression
    spec: QuantSpec
    axis: int | None
    why_unpacked: str = ""


def holds_integers(store: WeightStore, expression: Expression) -> bool:
    """Whether any tensor of an expression comes as integers, in a form that the file can hold."""
    sources = [store.source(name) for name in leaves(expression)]
    return any(isinstance(each, IntegerSource) and not each.why_not for each in sources)


def integer_leaves(store: WeightStore, expression: Expression) -> list[str]:
    """The tensors of an expression that come as integers, in whichever form."""
    names = dict.fromkeys(leaves(expression))
    return [name for name in names if isinstance(store.source(name), IntegerSource)]


def kept_integers(store: WeightStore, expression: Expression) -> Kept | str:
    """The integers that an expression over integer sources is made of, or why there are none.

    What moves elements about is done to integers and to scales alike; any arithmetic makes other numbers.
    """
    match expression:
        case Leaf(name):
            return _of_leaf(store, name)
        case Cast(operand, "float32"):
            return kept_integers(store, operand)
        case Concatenate(operands, axis):
            return _joined([kept_integers(store, operand) for operand in operands], axis)
        case Slice(operand) | Transpose(operand) | Reshape(operand):
            inner = kept_integers(store, operand)
            return inner if isinstance(inner, str) else _moved(store, inner, expression)
        case _:
            sources = [store.source(name) for name in leaves(expression)]
            reasons = [each.why_not for each in sources if isinstance(each, IntegerSource)]
            return next(filter(None, reasons), "other numbers are made of it")


def with_scale_per_channel(store: WeightStore, kept: Kept, axis: int) -> Kept:
    """Integers that all share a scale, with one for each index of a dimension."""
    count = store.type_of(store.derive(kept.integers)).shape[axis]
    ones = store.literal(np.ones(count, np.float32))
    return replace(kept, scales=Binary("multiply", ones, kept.scales), axis=axis)


def _of_leaf(store: WeightStore, name: str) -> Kept | str:
    source = store.source(name)
    if not isinstance(source, IntegerSource):
        return f"{name} comes as floats"
    if source.why_not:
        return source.why_not
    integers, scales = f"integers({name})", f"scales({name})"
    store.add(integers, source.integers)
    store.add(scales, source.scales)
    spec = int4_blocks(source.block_size) if source.block_size else QuantSpec("int8", "channel")
    return Kept(Leaf(integers), Leaf(scales), spec, source.axis, source.why_unpacked)


def _joined(parts: list[Kept | str], axis: int) -> Kept | str:
    found = [each for each in parts if isinstance(each, Kept)]
    if len(found) < len(parts):
        return next(each for each in parts if isinstance(each, str))
    if len({(each.spec, each.axis) for each in found}) > 1:
        return "it is joined with a weight of another form"
    if found[0].axis != axis:
        return "it is joined with a weight of other scales"
    integers = Concatenate(tuple(each.integers for each in found), axis)
    scales = Concatenate(tuple(each.scales for each in found), 0)
    why = next(filter(None, (each.why_unpacked for each in found)), "")
    return Kept(integers, scales, found[0].spec, axis, why)


def _moved(store: WeightStore, kept: Kept, how: Slice | Transpose | Reshape) -> Kept | str:
    """Integers that are cut, turned or reshaped."""
    integers = replace(how, operand=kept.integers)
    axis = kept.axis
    if axis is None:
        return replace(kept, integers=integers)
    shape = store.type_of(store.derive(kept.integers)).shape
    if isinstance(how, Slice):
        return _cut(store, kept, how, shape)
    if kept.spec.block_size:
        return "its blocks are torn apart"
    if isinstance(how, Transpose):
        return replace(kept, integers=integers, axis=how.permutation.index(axis))
    there = _axis_after(shape, how.shape, axis)
    return (
        "its channels are torn apart"
        if there is None
        else replace(kept, integers=integers, axis=there)
    )


def _cut(store: WeightStore, kept: Kept, how: Slice, shape: tuple[int, ...]) -> Kept | str:
    axis = kept.axis
    assert axis is not None, "one scale for all goes with any part"
    if kept.spec.block_size and (how.start[1], how.limit[1]) != (0, shape[1]):
        return "its columns are cut"
    scales = store.type_of(store.derive(kept.scales)).shape
    rest = tuple(0 for _ in scales[1:])
    own = Slice(kept.scales, (how.start[axis], *rest), (how.limit[axis], *scales[1:]))
    return replace(kept, integers=replace(how, operand=kept.integers), scales=own)


def _axis_after(old: tuple[int, ...], new: tuple[int, ...], axis: int) -> int | None:
    """Where a dimension is after a reshape; None if it is joined with others or cut."""
    for there, size in enumerate(new):
        if size == old[axis] and prod(new[:there]) == prod(old[:axis]):
            return there
    return None
