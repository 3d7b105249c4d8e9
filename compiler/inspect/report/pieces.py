"""Parts of a program that are modules of the user's model, each of which can be cut out and timed alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...ir.mlir import func, ir
from ...ir.origin import origin_of
from ...ir.program import body_of
from ..exposing import Place, computed
from ..survey import bytes_of
from .origins import ROOT, Origins
from .snapshots import is_constant, kind_of, type_text

# A module that is nearly the whole model tells nothing that the whole model does not.
_LARGEST_SHARE = 0.5


@dataclass(slots=True)
class Piece:
    """What a module computes.

    Attributes:
        modules: numbers of all modules that compute the same, with other weights; the first is meant.
        starts: values that come from outside.
        ends: values that are read outside.
        bytes: what its operands take that no op computes: weights, constants and inputs.
    """

    modules: list[int]
    starts: tuple[Place, ...]
    ends: tuple[Place, ...]
    bytes: int


def pieces_of(function: func.FuncOp, origins: Origins) -> list[Piece]:
    """The modules of a signature, those that are alike together. The context must be current."""
    ops = list(body_of(function).operations)
    places = {value: place for place, _, value in computed(function)}
    readers = _readers(ops)
    found: dict[object, Piece] = {}
    for module, members in _members(ops, origins).items():
        key = tuple(_look(ops[index]) for index in sorted(members))
        if key in found:
            found[key].modules.append(module)
            continue
        read = {value for index in members for value in ops[index].operands}
        starts = {places[v] for v in read if v in places and places[v].index not in members}
        ends = {
            places[value]
            for index in members
            for value in ops[index].results
            if value in places and any(reader not in members for reader in readers.get(value, ()))
        }
        held = sum(bytes_of(value) for value in read if value not in places)
        if ends:
            found[key] = Piece([module], tuple(sorted(starts)), tuple(sorted(ends)), held)
    return list(found.values())


def _members(ops: Sequence[ir.OpView], origins: Origins) -> Mapping[int, set[int]]:
    """By module, the positions of the ops that come from it or from inside of it."""
    members: dict[int, set[int]] = {}
    steps = [index for index, op in enumerate(ops[:-1]) if not is_constant(op)]
    for index in steps:
        for module in _around(origin_of(ops[index].location).path, origins):
            members.setdefault(module, set()).add(index)
    most = _LARGEST_SHARE * len(steps)
    return {module: own for module, own in members.items() if len(own) <= most}


def _around(path: str, origins: Origins) -> Iterator[int]:
    module = origins.module(path)
    while module != ROOT:
        yield module
        module = origins.parent(module)


def _readers(ops: Sequence[ir.OpView]) -> Mapping[ir.Value, list[int]]:
    readers: dict[ir.Value, list[int]] = {}
    for index, op in enumerate(ops):
        for value in op.operands:
            readers.setdefault(value, []).append(index)
    return readers


def _look(op: ir.OpView) -> tuple[str, ...]:
    """What decides how long an op takes: its kind and types."""
    return (kind_of(op), *(type_text(value) for value in (*op.operands, *op.results)))
