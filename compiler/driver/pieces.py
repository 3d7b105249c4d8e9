"""A signature in pieces, run one after another: weights of no more than one piece are in memory at a time."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..inspect.exposing import Place, computed
from ..ir.mlir import func, ir
from ..ir.program import body_of, weight_symbol
from ..ir.types import dtype_of, element_count, is_static, shape_of

AT_A_TIME = 256 * 1024 * 1024
"""Bytes of the weights of a piece; a single weight may be larger."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring ops.

    Attributes:
        starts: values that they read, and ops before them have made.
        ends: values that they make, and ops behind them read.
        shown: values that they make, and somebody wants to see.
        kept: values made here or before that ops behind them read.
    """

    starts: tuple[Place, ...]
    ends: tuple[Place, ...]
    shown: tuple[Place, ...]
    kept: frozenset[Place]


def pieces_of(
    function: func.FuncOp, shown: Collection[Place], limit: int = AT_A_TIME
) -> list[Piece] | None:
    """The pieces that compute some values, in order; what comes behind the last of these is in none.

    Returns:
        None if all of it fits, or cannot be cut since a value's shape is known only at run time.
    """
    ops = list(body_of(function).operations)[: max((each.index for each in shown), default=-1) + 1]
    bounds = _bounds(ops, limit)
    if len(bounds) <= 2:
        return None
    places = {value: place for place, _, value in computed(function)}
    last_use = {value: index for index, op in enumerate(ops) for value in op.operands}
    made: dict[ir.Value, int] = {
        value: index
        for index, op in enumerate(ops)
        for value in op.results
        if value in places or _is_dynamic(value)
    }
    crossing = [_crossing(made, last_use, bound) for bound in bounds]
    if any(value not in places for values in crossing for value in values):
        return None
    pieces: list[Piece] = []
    for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
        before = {places[value] for value in crossing[number]}
        after = {places[value] for value in crossing[number + 1]}
        read = {places[v] for op in ops[begin:end] for v in op.operands if v in places}
        pieces.append(
            Piece(
                tuple(sorted(before & read)),
                tuple(sorted(after - before)),
                tuple(sorted(each for each in shown if begin <= each.index < end)),
                frozenset(after),
            )
        )
    return pieces


def _bounds(ops: list[ir.OpView], limit: int) -> list[int]:
    """Where pieces begin, and where the last one ends."""
    bounds, size = [0], 0
    known: set[str] = set()
    for index, op in enumerate(ops):
        fresh = {
            s: v for v in op.operands if (s := weight_symbol(v)) is not None and s not in known
        }
        own = sum(map(_bytes_of, fresh.values()))
        if size and size + own > limit:
            bounds.append(index)
            size = 0
            known.clear()
        size += own
        known.update(fresh)
    return [*bounds, len(ops)]


def _crossing(
    made: Mapping[ir.Value, int], last_use: Mapping[ir.Value, int], bound: int
) -> list[ir.Value]:
    return [v for v, index in made.items() if index < bound <= last_use.get(v, -1)]


def _is_dynamic(value: ir.Value) -> bool:
    # "none" stands for an operand that is not there.
    return isinstance(value.type, ir.RankedTensorType) and not is_static(value)


def _bytes_of(weight: ir.Value) -> int:
    return element_count(shape_of(weight)) * dtype_of(weight).itemsize
