"""Weights that come as integers: what a source says of itself, and which expressions keep its integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ..quantize.specs import QuantSpec, int4_blocks
from .expression import Cast, Concatenate, Expression, Leaf, Slice, leaves
from .store import TensorSource, WeightStore


@runtime_checkable
class IntegerSource(Protocol):
    """A matrix [outputs, inputs] of floats, as any source, that its checkpoint holds as integers.

    Attributes:
        why_not: why the file cannot hold the integers; empty if it can.
        block_size: inputs of an output channel that share a scale; 0 if all do.
        integers: of the shape of the matrix; int4 for blocks, else int8.
        scales: float16 [outputs, blocks] for blocks, else float32 [outputs]. real = scale * integer.
    """

    why_not: str
    block_size: int
    integers: TensorSource
    scales: TensorSource


@dataclass(frozen=True, slots=True)
class Kept:
    """Integers as they are in a checkpoint, and what goes with them.

    Attributes:
        integers: the expression of the integers.
        scales: that of their scales.
        spec: how the weight is stored.
    """

    integers: Expression
    scales: Expression
    spec: QuantSpec


def holds_integers(store: WeightStore, expression: Expression) -> bool:
    """Whether any tensor of an expression comes as integers, in a form that the file can hold."""
    sources = [store.source(name) for name in leaves(expression)]
    return any(isinstance(each, IntegerSource) and not each.why_not for each in sources)


def comes_as_integers(store: WeightStore, expression: Expression) -> bool:
    """Whether any tensor of an expression comes as integers, in whichever form."""
    return any(isinstance(store.source(name), IntegerSource) for name in leaves(expression))


def kept_integers(store: WeightStore, expression: Expression) -> Kept | str:
    """The integers that an expression over integer sources is made of, or why there are none.

    Rows may be cut and joined, which is done to integers and to scales alike; any arithmetic makes other
    numbers.
    """
    match expression:
        case Leaf(name):
            return _of_leaf(store, name)
        case Cast(operand, "float32"):
            return kept_integers(store, operand)
        case Concatenate(operands, 0):
            return _joined([kept_integers(store, operand) for operand in operands])
        case Slice(operand, start, limit) if start[1:] == (0,):
            width = store.type_of(store.derive(operand)).shape[1]
            inner = kept_integers(store, operand)
            if limit[1] != width or isinstance(inner, str):
                return inner if isinstance(inner, str) else "its columns are cut"
            scales = store.type_of(store.derive(inner.scales)).shape
            rest = tuple(0 for _ in scales[1:])
            rows = Slice(inner.scales, (start[0], *rest), (limit[0], *scales[1:]))
            return Kept(Slice(inner.integers, start, limit), rows, inner.spec)
        case _:
            sources = [store.source(name) for name in leaves(expression)]
            reasons = [each.why_not for each in sources if isinstance(each, IntegerSource)]
            return next(filter(None, reasons), "other numbers are made of it")


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
    return Kept(Leaf(integers), Leaf(scales), spec)


def _joined(parts: list[Kept | str]) -> Kept | str:
    found = [each for each in parts if isinstance(each, Kept)]
    if len(found) < len(parts):
        return next(each for each in parts if isinstance(each, str))
    if len({each.spec for each in found}) > 1:
        return "it is joined with a weight of another form"
    integers = Concatenate(tuple(each.integers for each in found), 0)
    return Kept(integers, Concatenate(tuple(each.scales for each in found), 0), found[0].spec)
