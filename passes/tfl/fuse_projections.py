"""Projections of one value to several sets of heads as one FULLY_CONNECTED."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of, owner_function, weight_symbol
from litewright.compiler.ir.tfl.shorthand import permutation_of, reshape, transpose
from litewright.compiler.ir.types import dtype_of, element_of, shape_of, tensor_type
from litewright.compiler.weights import Concatenate
from litewright.passes.core import Pass, remove_dead

MOST_PARTS = 4  # as many as SPLIT may yield on the delegate


@dataclass(frozen=True, slots=True)
class _Heads:
    """FULLY_CONNECTED -> RESHAPE to [..., heads, width] -> TRANSPOSE, each read once but the last."""

    product: ir.OpView
    heads: ir.OpView
    turned: ir.OpView
    permutation: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """[..., heads, width]."""
        return shape_of(self.heads.results[0])


def _only_user(value: ir.Value, name: str) -> ir.OpView | None:
    if not hlo.has_one_use(value):
        return None
    user = next(iter(value.uses)).owner
    return user if op_name(user) == name else None


def _heads_of(product: ir.OpView) -> _Heads | None:
    if weight_symbol(product.operands[1]) is None:
        return None
    if tfl.attribute(product, "fused_activation_function") != "NONE":
        return None
    heads = _only_user(product.results[0], "tfl.reshape")
    turned = _only_user(heads.results[0], "tfl.transpose") if heads is not None else None
    permutation = permutation_of(turned) if turned is not None else None
    if heads is None or turned is None or permutation is None:
        return None
    flat, split = shape_of(product.results[0]), shape_of(heads.results[0])
    if split[-2] * split[-1] != flat[-1]:
        return None
    return _Heads(product, heads, turned, tuple(permutation))


def _groups(program: Program) -> Iterable[list[_Heads]]:
    """Projections of one value whose heads have one width and are turned alike."""
    for function in program.functions():
        found: dict[tuple[object, ...], list[_Heads]] = {}
        for op in body_of(function).operations:
            each = _heads_of(op) if op_name(op) == "tfl.fully_connected" else None
            if each is None:
                continue
            bias = each.product.operands[2]
            if not tfl.is_no_value(bias) and tfl.constant_of(bias) is None:
                continue
            shape = (*each.shape[:-2], each.shape[-1])
            attributes = str(tfl.attributes_of(each.product))
            key = (each.product.operands[0], shape, each.permutation, attributes)
            found.setdefault(key, []).append(each)
        yield from (group for group in found.values() if 1 < len(group) <= MOST_PARTS)


def _symbols(group: Sequence[_Heads]) -> tuple[str, ...]:
    return tuple(weight_symbol(each.product.operands[1]) or "" for each in group)


def _fusible(program: Program, groups: Sequence[Sequence[_Heads]]) -> set[tuple[str, ...]]:
    """Groups of weights that occur together wherever one of them occurs, so that one form serves all."""
    uses: dict[str, int] = {}
    for function in program.functions():
        for argument in function.arguments:
            symbol = weight_symbol(argument)
            if symbol is not None:
                uses[symbol] = uses.get(symbol, 0) + sum(1 for _ in argument.uses)
    grouped: dict[tuple[str, ...], int] = {}
    for group in groups:
        grouped[_symbols(group)] = grouped.get(_symbols(group), 0) + 1
    return {
        symbols
        for symbols, count in grouped.items()
        if len(set(symbols)) == len(symbols) and all(uses[symbol] == count for symbol in symbols)
    }


def _bias_of(group: Sequence[_Heads]) -> ir.Value | None:
    biases = [each.product.operands[2] for each in group]
    if all(tfl.is_no_value(bias) for bias in biases):
        return None
    parts = [
        np.zeros(shape_of(each.product.results[0])[-1], dtype_of(each.product.results[0]))
        if tfl.is_no_value(bias)
        else tfl.constant_of(bias)
        for each, bias in zip(group, biases, strict=True)
    ]
    return tfl.constant(np.concatenate([part for part in parts if part is not None]))


def _split(value: ir.Value, axis: int, sizes: Sequence[int]) -> list[ir.Value]:
    shape, element = list(shape_of(value)), element_of(value)
    kinds = [tensor_type([*shape[:axis], size, *shape[axis + 1 :]], element) for size in sizes]
    if len(set(sizes)) == 1:
        return tfl.emit_many("split", [tfl.constant(np.array(axis, np.int32)), value], kinds)
    parts: list[ir.Value] = []
    for number, kind in enumerate(kinds):
        begin = [0] * len(shape)
        begin[axis] = sum(sizes[:number])
        bounds = [tfl.constant(np.array(each, np.int32)) for each in (begin, shape_of(kind))]
        parts.append(tfl.emit("slice", [value, *bounds], kind))
    return parts


def _fuse(program: Program, group: Sequence[_Heads]) -> None:
    first = group[0].product
    function = owner_function(first.results[0])
    filters = [program.weights.expression(symbol) for symbol in _symbols(group)]
    with ir.InsertionPoint(first), first.location:
        weight = program.weight_argument(function, Concatenate(tuple(filters), 0))
        flat = shape_of(first.results[0])
        sizes = [each.shape[-2] for each in group]
        width = group[0].shape[-1]
        kind = tensor_type([*flat[:-1], sum(sizes) * width], element_of(first.results[0]))
        attributes = tfl.attributes_of(first)
        operands = [first.operands[0], weight, _bias_of(group)]
        product = tfl.emit("fully_connected", operands, kind, **attributes)
        heads = reshape(product, [*group[0].shape[:-2], sum(sizes), width])
        turned = transpose(heads, group[0].permutation)
        axis = group[0].permutation.index(len(group[0].shape) - 2)
        parts = _split(turned, axis, sizes)
    for each, part in zip(group, parts, strict=True):
        each.turned.results[0].replace_all_uses_with(part)


@dataclass(frozen=True)
class FuseProjections(Pass[Program]):
    """Computes the queries, keys and values of multi-head attention by one FULLY_CONNECTED.

    One RESHAPE and one TRANSPOSE then serve all of them. Weights are joined only where every signature
    joins them alike, so that each stays in the file once.

    Before:
        %q = transpose(reshape(fully_connected(%x, %wq)))     (and the same for k and v)
    After:
        %qkv = transpose(reshape(fully_connected(%x, concatenate(wq, wk, wv))))
        %q, %k, %v = split(%qkv)
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        groups = list(_groups(unit))
        fusible = _fusible(unit, groups)
        chosen = [group for group in groups if _symbols(group) in fusible]
        for group in chosen:
            _fuse(unit, group)
        if chosen:
            remove_dead(unit)
        return bool(chosen)
