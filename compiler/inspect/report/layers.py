"""How far the interior values of a model are from those of eager torch, layer by layer.

A node of the captured graph and an op of the file are compared where both come from the same line of the
same module. What a pass has changed on purpose is told apart: values laid out in another order of
dimensions are turned back; values that are a multiple of what they were, since the factor has moved into
a weight, are compared without it, and say so; and where a value differs, but nothing that is computed
from it does, the passes have found another way to the same results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...ir.fx_origin import origin_of_node
from ...ir.mlir import Array, func
from ...ir.origin import Origin, origin_of
from ...ir.torch_ops import value_of
from ...ir.types import shape_of
from ..differences import compare, tolerance_for
from ..exposing import Place, computed
from .graphs import calls_of, kind_of

if TYPE_CHECKING:
    from torch.fx import Node

    from ...ir.fx import FxProgram

# Nodes that compute nothing: their values have been compared where they were made.
_MOVEMENT = frozenset({
    "alias", "cat", "chunk", "clone", "contiguous", "detach", "expand", "flatten", "getitem", "permute",
    "reshape", "select", "slice", "split", "split_with_sizes", "squeeze", "stack", "t", "transpose",
    "unflatten", "unsqueeze", "view",
})  # fmt: skip
# Orders of dimensions that passes lay tensors out in, by rank.
_ORDERS = {3: ((0, 2, 1),), 4: ((0, 2, 3, 1),), 5: ((0, 2, 3, 4, 1),)}
_BUDGET = 1 << 29


@dataclass(frozen=True, slots=True)
class Pair:
    """A node and the value of the file that stands for it.

    Attributes:
        node: name of the node.
        row: its position among the calls of the graph.
        place: where the file computes the value.
        bytes: what the value takes on both sides together.
    """

    node: str
    row: int
    place: Place
    bytes: int


@dataclass(frozen=True, slots=True)
class LayerError:
    """What became of one value.

    Attributes:
        row: position of the node among the calls of the graph.
        place: where the file computes the value.
        error: the largest absolute difference over the largest magnitude; infinite for NaN where there was none.
        factor: what the value was multiplied by on purpose; 1 for nothing.
        is_rearranged: the value differs, but nothing that is computed from it does.
    """

    row: int
    place: Place
    error: float
    factor: float = 1.0
    is_rearranged: bool = False


def pairs_of(graph: FxProgram, function: func.FuncOp) -> list[Pair]:
    """What can be compared.

    Where an origin has one node, the last value of that origin that fits; where it has several, its values one
    by one, if there are as many.
    """
    values: dict[Origin, list[tuple[Place, tuple[int, ...]]]] = {}
    for place, op, value in computed(function):
        values.setdefault(origin_of(op.location), []).append((place, shape_of(value)))
    nodes: dict[Origin, list[tuple[int, Node]]] = {}
    for row, node in enumerate(calls_of(graph)):
        nodes.setdefault(origin_of_node(node), []).append((row, node))
    found = (
        pair for origin, group in nodes.items() for pair in _matched(group, values.get(origin, []))
    )
    return _within_budget(sorted(found, key=lambda pair: pair.row))


def _matched(
    nodes: Sequence[tuple[int, Node]], values: Sequence[tuple[Place, tuple[int, ...]]]
) -> Iterator[Pair]:
    if len(nodes) == 1:
        shape = _shape(nodes[0][1])
        chosen = [v for v in values if shape is not None and _views(shape, v[1])][-1:]
    else:
        chosen = list(values) if len(nodes) == len(values) else []
    for (row, node), (place, shape) in zip(nodes, chosen, strict=False):
        own = _shape(node)
        if own is not None and _views(own, shape) and kind_of(node) not in _MOVEMENT:
            yield Pair(node.name, row, place, 8 * int(np.prod(own)))


def _shape(node: Node) -> tuple[int, ...] | None:
    value = value_of(node)
    return tuple(value.shape) if isinstance(value, torch.Tensor) else None


def _views(shape: tuple[int, ...], other: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The permutations of `shape` that give `other`, dimensions of size 1 left out."""
    orders = (tuple(range(len(shape))), *_ORDERS.get(len(shape), ()))
    wanted = [size for size in other if size != 1]
    return [
        order for order in orders if [shape[axis] for axis in order if shape[axis] != 1] == wanted
    ]


def _within_budget(pairs: list[Pair]) -> list[Pair]:
    """All pairs, or where their values would take too much memory, every second, third, ... of them."""
    step = 1 + sum(pair.bytes for pair in pairs) // _BUDGET
    return pairs[::-1][::step][::-1]


def errors_of(
    graph: FxProgram,
    pairs: Sequence[Pair],
    expected: Mapping[str, Array],
    actual: Mapping[Place, Array],
    wrong_results: Collection[str],
) -> list[LayerError]:
    """The errors of all pairs.

    Args:
        graph: what the nodes are of.
        pairs: what to compare.
        expected: values of nodes, by name.
        actual: values of the file.
        wrong_results: names of results of the signature that are off by more than the tolerance.
    """
    found = [_error(pair, expected[pair.node], actual[pair.place]) for pair in pairs]
    right = {
        pair.node: each.error <= tolerance_for({"": expected[pair.node]})
        for pair, each in zip(pairs, found, strict=True)
    }
    harmless = _harmless(graph, right, wrong_results)
    return [
        replace(each, is_rearranged=not right[pair.node] and pair.node in harmless)
        for pair, each in zip(pairs, found, strict=True)
    ]


def _harmless(
    graph: FxProgram, right: Mapping[str, bool], wrong_results: Collection[str]
) -> set[str]:
    """Names of nodes from which nothing wrong is computed, whatever they are themselves."""
    ends = zip(graph.outputs, graph.results, strict=True)
    ends_wrong = {node for name, node in ends if name in wrong_results}
    harmless: set[str] = set()
    for node in reversed(calls_of(graph)):
        users = [user for user in node.users if user.op == "call_function"]
        if node not in ends_wrong and all(right.get(u.name) or u.name in harmless for u in users):
            harmless.add(node.name)
    return harmless


def _error(pair: Pair, expected: Array, actual: Array) -> LayerError:
    found: list[LayerError] = []
    for order in _views(expected.shape, actual.shape):
        turned = np.ascontiguousarray(expected.transpose(order)).reshape(-1)
        flat = actual.reshape(-1).astype(expected.dtype)
        error = compare(pair.node, turned, flat, 0.0).error
        factor = _factor(turned, flat)
        if error > tolerance_for({"": expected}) and factor is not None:
            scaled = (turned * factor).astype(expected.dtype)
            left = compare(pair.node, scaled, flat, 0.0).error
            if left <= tolerance_for({"": expected}):
                found.append(LayerError(pair.row, pair.place, left, factor))
        found.append(LayerError(pair.row, pair.place, error))
    return min(found, key=lambda each: each.error)


def _factor(expected: Array, actual: Array) -> float | None:
    """The number that `expected` is best multiplied by to give `actual`."""
    if expected.dtype.kind in "biuc":
        return None
    e, a = expected.astype(np.float64), actual.astype(np.float64)
    power = float(e @ e)
    if not power or not np.isfinite(power) or not np.isfinite(a).all():
        return None
    return float(e @ a) / power or None
