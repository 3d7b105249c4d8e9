"""Projections of one value to several sets of heads as one FULLY_CONNECTED."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of, owner_function
from litewright.compiler.ir.tfl.shorthand import permutation_of, reshape, slice_of, transpose
from litewright.compiler.ir.types import dtype_of, element_count, element_of, shape_of, tensor_type
from litewright.compiler.weights import Concatenate
from litewright.passes.core import Decline, Observer, Pass, decline, remove_dead

from .matrices import Matrix, expression_of, matrix_of, reads_of
from .rotation import Rotation, rotation_of

MOST_PARTS = 4
"""As many as SPLIT may yield on the delegate."""


@dataclass(frozen=True, slots=True)
class _Heads:
    """FULLY_CONNECTED -> RESHAPE to [..., heads, width] -> maybe TRANSPOSE, each read once but the last.

    Attributes:
        product: the FULLY_CONNECTED.
        split: what RESHAPE makes of it.
        result: the last of them.
        permutation: of the TRANSPOSE; nothing where there is none.
        tables: the cosines and sines that the result is rotated by, if it is.
    """

    product: ir.OpView
    split: ir.Value
    result: ir.Value
    permutation: tuple[int, ...]
    tables: tuple[ir.Value, ir.Value] | None

    @property
    def matrix(self) -> Matrix:
        """What the projection multiplies by."""
        matrix = matrix_of(self.product.operands[1])
        assert matrix is not None, "found with a matrix"
        return matrix

    def axes(self) -> list[int]:
        """Dimensions of `split` along which joined matrices join the heads, the last one first."""
        flat, shape = shape_of(self.product.results[0]), shape_of(self.split)
        rows = element_count(flat[:-1])
        found = (i for i in range(len(shape)) if element_count(shape[:i]) == rows)
        return sorted(found, reverse=True)


# ---- what is projected ---------------------------------------------------------------------------


def _heads_of(product: ir.OpView, most_rows: int) -> _Heads | Decline:
    if matrix_of(product.operands[1]) is None:
        return decline("the matrix is computed from inputs")
    bias = product.operands[2]
    if not tfl.is_no_value(bias) and tfl.constant_of(bias) is None:
        return decline("the bias is no constant")
    if tfl.attribute(product, "fused_activation_function") != "NONE":
        return decline("an activation is fused")
    reshaped = _only_user(product.results[0], "tfl.reshape")
    if reshaped is None:
        return decline("the product is not split into heads by a RESHAPE alone")
    split = result = reshaped.results[0]
    turned = _only_user(split, "tfl.transpose")
    permutation = permutation_of(turned) if turned is not None else None
    if turned is not None and permutation is not None:
        result = turned.results[0]
    rotation = _rotation_from(result)
    if rotation is None and any(op_name(use.owner) == "tfl.slice" for use in result.uses):
        return decline("the heads are of several kinds already")
    if rotation is None and element_count(shape_of(product.results[0])[:-1]) > most_rows:
        return decline("the heads are not rotated, and many rows would be copied")
    tables = None if rotation is None else (rotation.cos, rotation.sin)
    found = _Heads(product, split, result, tuple(permutation or ()), tables)
    return found if found.axes() else decline("the RESHAPE mixes heads with rows")


def _only_user(value: ir.Value, name: str) -> ir.OpView | None:
    if not hlo.has_one_use(value):
        return None
    user = next(iter(value.uses)).owner
    return user if op_name(user) == name else None


def _rotation_from(x: ir.Value) -> Rotation | None:
    """The rotation of a value that nothing else reads."""
    for use in x.uses:
        if op_name(use.owner) == "tfl.mul" and hlo.has_one_use(use.owner.results[0]):
            total = next(iter(use.owner.results[0].uses)).owner
            rotation = rotation_of(total.results[0]) if op_name(total) == "tfl.add" else None
            if isinstance(rotation, Rotation) and rotation.x == x:
                return rotation
    return None


# ---- which of it is joined -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Projections of one value whose heads can lie side by side.

    Attributes:
        members: in the order in which they are computed.
        axis: of the split values, along which the heads are counted.
    """

    members: tuple[_Heads, ...]
    axis: int

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """One per member."""
        return tuple(each.matrix for each in self.members)


def _groups(heads: Sequence[_Heads]) -> Iterator[_Group]:
    """Projections of one value, alike in all but the number of heads, the larger groups first."""
    found: dict[tuple[object, ...], tuple[int, list[_Heads]]] = {}
    for each in heads:
        shape = shape_of(each.split)
        attributes = str(tfl.attributes_of(each.product))
        for axis in each.axes():
            rest = (*shape[:axis], *shape[axis + 1 :])
            key = (each.product.operands[0], attributes, each.permutation, each.tables, axis, rest)
            found.setdefault(key, (axis, []))[1].append(each)
    taken = set[Matrix]()
    for axis, members in sorted(found.values(), key=lambda item: (-len(item[1]), -item[0])):
        group = _Group(tuple(each for each in members if each.matrix not in taken), axis)
        if 1 < len(group.members) == len(set(group.matrices)) <= MOST_PARTS:
            taken.update(group.matrices)
            yield group


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is joined in a program, and why the rest is not."""

    groups: tuple[_Group, ...]
    declined: tuple[tuple[ir.OpView, Decline], ...]


def _plan(program: Program, most_rows: int) -> _Plan:
    """Groups whose matrices occur together wherever one of them occurs, so that one form serves all."""
    found: list[_Group] = []
    declined: list[tuple[ir.OpView, Decline]] = []
    for function in program.functions():
        products = (
            op for op in body_of(function).operations if op_name(op) == "tfl.fully_connected"
        )
        outcomes = [(op, _heads_of(op, most_rows)) for op in products]
        heads = [each for _, each in outcomes if isinstance(each, _Heads)]
        groups = list(_groups(heads))
        found += groups
        declined += [(op, each) for op, each in outcomes if isinstance(each, Decline)]
        joined = {matrix for group in groups for matrix in group.matrices}
        alone = decline("no other projection of the value has heads of that width, rotated alike")
        declined += [(each.product, alone) for each in heads if each.matrix not in joined]
    reads, counts = reads_of(program), Counter(group.matrices for group in found)
    shared = decline("a matrix is read elsewhere too, or joined to others there")
    # Constants are small: they may be there in several forms.
    sound = [
        group
        for group in found
        if all(reads[m] == counts[group.matrices] for m in group.matrices if isinstance(m, str))
    ]
    declined += [(each.product, shared) for g in found if g not in sound for each in g.members]
    return _Plan(tuple(sound), tuple(declined))


# ---- joining -------------------------------------------------------------------------------------


def _bias_of(group: _Group) -> ir.Value | None:
    biases = [each.product.operands[2] for each in group.members]
    if all(tfl.is_no_value(bias) for bias in biases):
        return None
    parts = [
        np.zeros(shape_of(each.product.results[0])[-1], dtype_of(each.product.results[0]))
        if tfl.is_no_value(bias)
        else tfl.constant_of(bias)
        for each, bias in zip(group.members, biases, strict=True)
    ]
    return tfl.constant(np.concatenate([part for part in parts if part is not None]))


def _matrix_of(program: Program, group: _Group) -> ir.Value:
    matrices = [each.product.operands[1] for each in group.members]
    arrays = [array for each in matrices if (array := tfl.constant_of(each)) is not None]
    if len(arrays) == len(matrices):
        return tfl.constant(np.concatenate(arrays))
    joined = Concatenate(tuple(expression_of(program, each) for each in matrices), 0)
    function = owner_function(group.members[0].product.results[0])
    return program.weight_argument(function, joined)


def _fuse(program: Program, group: _Group) -> None:
    first = group.members[0]
    with ir.InsertionPoint(first.product), first.product.location:
        flat = shape_of(first.product.results[0])
        columns = sum(shape_of(each.product.results[0])[-1] for each in group.members)
        kind = tensor_type([*flat[:-1], columns], element_of(first.product.results[0]))
        operands = [first.product.operands[0], _matrix_of(program, group), _bias_of(group)]
        product = tfl.emit("fully_connected", operands, kind, **tfl.attributes_of(first.product))
        counts = [shape_of(each.split)[group.axis] for each in group.members]
        shape = list(shape_of(first.split))
        shape[group.axis] = sum(counts)
        joined, axis = reshape(product, shape), group.axis
        if first.permutation:
            joined, axis = transpose(joined, first.permutation), first.permutation.index(axis)
        parts: list[ir.Value] = []
        for number, count in enumerate(counts):
            begin, size = [0] * len(shape), list(shape_of(joined))
            begin[axis], size[axis] = sum(counts[:number]), count
            parts.append(slice_of(joined, begin, size))
    for each, part in zip(group.members, parts, strict=True):
        each.result.replace_all_uses_with(part)


@dataclass(frozen=True)
class FuseProjections(Pass[Program]):
    """Computes projections of one value, such as queries and keys, by one FULLY_CONNECTED.

    One RESHAPE, one TRANSPOSE and, behind `fuse-rotations`, one rotary embedding then serve all of them.
    Matrices are joined only where every signature joins them alike, so that each stays in the file once.

    Joined parts have to be copied out of the product again, which costs more the more rows it has. Measured
    on one thread, the files by turns, each loaded twice: with rotary embedding behind it, joining queries and
    keys takes 6 of 45 ops from each layer of a decoder, decoding is 1 to 2 % faster and prefill of 128
    tokens the same within noise. Without, joining queries, keys and values makes a MiniLM of 128 tokens 3 to
    4 % slower and BERT-base 3 %; with 16 tokens there is no difference, with one token it is 1 to 2 %
    faster. So heads that are not rotated are joined only where there are few rows.

    Attributes:
        most_rows: of a product whose heads are not rotated, in every signature that has it.

    Before::

        %q = "tfl.fully_connected"(%x, %wq, %none) -> tensor<1x8x64xf32>
        %k = "tfl.fully_connected"(%x, %wk, %none) -> tensor<1x8x32xf32>
        %qh = "tfl.reshape"(%q, dense<[1, 8, 4, 16]>)
        %kh = "tfl.reshape"(%k, dense<[1, 8, 2, 16]>)

    After::

        %qk = "tfl.fully_connected"(%x, %concatenate(wq, wk), %none) -> tensor<1x8x96xf32>
        %h = "tfl.reshape"(%qk, dense<[1, 8, 6, 16]>)
        %qh = "tfl.slice"(%h, dense<[0, 0, 0, 0]>, dense<[1, 8, 4, 16]>)
        %kh = "tfl.slice"(%h, dense<[0, 0, 4, 0]>, dense<[1, 8, 2, 16]>)
    """

    most_rows: int = 8

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`; each FULLY_CONNECTED is told about."""
        plan = _plan(unit, self.most_rows)
        for observer in observers:
            for op, why in plan.declined:
                observer.declined(self.name, op, why)
            for group in plan.groups:
                observer.applied(self.name, group.members[0].product)
        for group in plan.groups:
            _fuse(unit, group)
        fused = bool(plan.groups)
        # Nothing of what was found may outlive what is erased now.
        del plan
        return remove_dead(unit) if fused else False
