"""Marks around what a pattern finds, in a graph that stays as it was otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.fx import Graph, Node

from litewright.compiler.composites.boundary import MARK, next_number
from litewright.compiler.composites.pattern import CompositePattern
from litewright.compiler.ir.torch_ops import value_of

from ..remove_identities import remove_identities
from .search import Place, Search

aten = torch.ops.aten


def insert_marks(graph: Graph, pattern: CompositePattern) -> int:
    """Puts marks of operands and results around every place where a graph computes what a pattern does.

    Assertions about metadata go, and so do copies, but for those that are results.

    Returns:
        The number of places.
    """
    for node in [n for n in graph.nodes if n.target is aten._assert_tensor_metadata.default]:
        graph.erase_node(node)
    remove_identities(graph, keep=graph.output_node().all_input_nodes)
    count = 0
    for place in Search(pattern, graph).places():
        if isinstance(place, Place):
            _mark(place, pattern)
            count += 1
    return count


def _mark(place: Place, pattern: CompositePattern) -> None:
    region, number = place.region, next_number()
    attributes = repr({**pattern.attributes, **place.scalars})
    inside = set(region.nodes)
    for position, value in enumerate(region.inputs):
        mark = _after(value, pattern.name, number, position, attributes, is_input=True)
        readers = [user for user in value.users if user in inside]
        for reader in readers:
            reader.replace_input_with(value, mark)
    for position, value in enumerate(region.outputs):
        readers = [user for user in value.users if user not in inside]
        mark = _after(value, pattern.name, number, position, attributes, is_input=False)
        _hand_over(value, mark, readers)


def _after(
    value: Node, name: str, number: int, position: int, attributes: str, *, is_input: bool
) -> Node:
    with value.graph.inserting_after(_last_placeholder(value)):
        arguments = (value, name, number, position, is_input, attributes)
        mark = value.graph.call_function(MARK, arguments)
    kept = ("nn_module_stack", "stack_trace")
    mark.meta = {key: value.meta[key] for key in kept if key in value.meta}
    mark.meta["val"] = value_of(value)
    return mark


def _last_placeholder(value: Node) -> Node:
    """Where calls that read a value may begin: never among the inputs of a graph."""
    if value.op != "placeholder":
        return value
    return value.graph.find_nodes(op="placeholder")[-1]


def _hand_over(value: Node, mark: Node, readers: Sequence[Node]) -> None:
    for reader in readers:
        reader.replace_input_with(value, mark)
    if any(reader.op == "output" for reader in readers):
        # An exported program knows its results by the names of their nodes.
        name = value.name
        value.name = f"{name}_unmarked"
        mark.name = name
