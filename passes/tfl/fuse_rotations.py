"""Rotary embedding of queries and keys in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.tfl.shorthand import integers, slice_of
from litewright.compiler.ir.types import rank_of, shape_of
from litewright.passes.core import Decline, Observer, Pass, decline, remove_dead

from .rotation import Rotation, rotate, rotation_of


@dataclass(frozen=True, slots=True)
class _Piece:
    """A rotation of a SLICE along one dimension of a value.

    Attributes:
        op: the last op of the rotation.
        rotation: its parts; `x` is the slice.
        whole: what the slice is taken of.
        axis: the dimension that is cut.
        begin: where the slice begins.
        size: how long it is.
    """

    op: ir.OpView
    rotation: Rotation
    whole: ir.Value
    axis: int
    begin: int
    size: int

    @property
    def key(self) -> tuple[ir.Value, int, ir.Value, ir.Value]:
        """Equal for what can be rotated together."""
        return self.whole, self.axis, self.rotation.cos, self.rotation.sin


def _piece(op: ir.OpView) -> _Piece | Decline:
    rotation = rotation_of(op.results[0])
    if isinstance(rotation, Decline):
        return rotation
    cut = hlo.producer(rotation.x)
    if cut is None or op_name(cut) != "tfl.slice":
        return decline("what is rotated is no part of something else")
    begin, whole = integers(cut.operands[1]), shape_of(cut.operands[0])
    size = shape_of(rotation.x)
    axes = [i for i, (n, all_of_it) in enumerate(zip(size, whole, strict=True)) if n != all_of_it]
    if begin is None or len(axes) != 1:
        return decline("what is rotated is cut along several dimensions, or at run time")
    (axis,) = axes
    if not all(_is_spread_along(table, axis, len(size)) for table in (rotation.cos, rotation.sin)):
        return decline("the tables differ along the dimension that is cut")
    return _Piece(op, rotation, cut.operands[0], axis, begin[axis], size[axis])


def _is_spread_along(table: ir.Value, axis: int, rank: int) -> bool:
    own = axis - rank + rank_of(table)
    return own < 0 or shape_of(table)[own] == 1


def _runs(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces of one value, rotated alike, each of which begins where the one before ends."""
    found: dict[tuple[ir.Value, int, ir.Value, ir.Value], list[_Piece]] = {}
    for each in pieces:
        found.setdefault(each.key, []).append(each)
    for group in found.values():
        run: list[_Piece] = []
        for each in sorted(group, key=lambda piece: piece.begin):
            if run and run[-1].begin + run[-1].size != each.begin:
                yield run
                run = []
            run.append(each)
        yield run


def _fuse(run: Sequence[_Piece], order: Sequence[_Piece]) -> None:
    """Replaces the rotations of a run; `order` is that of the program."""
    axis, whole = run[0].axis, run[0].whole
    begin, size = [0] * rank_of(whole), list(shape_of(whole))
    begin[axis], size[axis] = run[0].begin, sum(each.size for each in run)
    earliest = next(each for each in order if each in run)
    with ir.InsertionPoint(earliest.op), earliest.op.location:
        together = rotate(slice_of(whole, begin, size), run[0].rotation)
        parts: list[ir.Value] = []
        for each in run:
            start = [0] * len(begin)
            start[axis] = each.begin - run[0].begin
            parts.append(slice_of(together, start, shape_of(each.rotation.x)))
    for each, part in zip(run, parts, strict=True):
        each.op.results[0].replace_all_uses_with(part)


@dataclass(frozen=True)
class FuseRotations(Pass[Program]):
    """Rotates parts of one value that lie side by side, queries and keys, together.

    Before::

        %q = "tfl.slice"(%qk, dense<[0, 0, 0, 0]>, dense<[1, 4, 8, 16]>)
        %k = "tfl.slice"(%qk, dense<[0, 4, 0, 0]>, dense<[1, 2, 8, 16]>)
        %qr = rotation(%q, %cos, %sin)      (SLICE, SLICE, CONCATENATION, MUL, MUL, ADD)
        %kr = rotation(%k, %cos, %sin)      (six more)

    After::

        %r = rotation(%qk, %cos, %sin)
        %qr = "tfl.slice"(%r, dense<[0, 0, 0, 0]>, dense<[1, 4, 8, 16]>)
        %kr = "tfl.slice"(%r, dense<[0, 4, 0, 0]>, dense<[1, 2, 8, 16]>)
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`; each ADD is told about."""
        fused = False
        for function in unit.functions():
            sums = [op for op in body_of(function).operations if op_name(op) == "tfl.add"]
            outcomes = [(op, _piece(op)) for op in sums]
            pieces = [each for _, each in outcomes if isinstance(each, _Piece)]
            runs = list(_runs(pieces))
            alone = decline("no neighbour is rotated alike")
            refused = [(op, each) for op, each in outcomes if isinstance(each, Decline)]
            refused += [(run[0].op, alone) for run in runs if len(run) == 1]
            for observer in observers:
                for op, why in refused:
                    observer.declined(self.name, op, why)
            for run in (run for run in runs if len(run) > 1):
                for observer in observers:
                    observer.applied(self.name, run[0].op)
                _fuse(run, pieces)
                fused = True
        return remove_dead(unit) if fused else False
