"""Regions of FX graphs that become one call of a composite."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph, Node

from litewright.compiler.ir.fx_composite import CompositeCall
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.torch_ops import value_of
from litewright.passes.core import Decline, decline


@dataclass(frozen=True, slots=True)
class Region:
    """Some calls of a graph.

    Attributes:
        nodes: in the order of the graph.
        inputs: values from outside that they read.
        outputs: values that are read outside.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]


def region_of(
    nodes: Collection[Node], graph: Graph, is_last: Callable[[Node], bool] = lambda _: False
) -> Region:
    """The region of some calls, and what crosses its border.

    Args:
        nodes: the calls. Reading one of several results of an op is with the op.
        graph: that holds them.
        is_last: which inputs come behind all others; each kind is in the order of first use.
    """
    inside = _with_items(nodes)
    ordered = tuple(node for node in graph.nodes if node in inside)
    read = dict.fromkeys(i for node in ordered for i in node.all_input_nodes if i not in inside)
    inputs = sorted(read, key=is_last)
    outputs = [node for node in ordered if any(user not in inside for user in node.users)]
    return Region(ordered, tuple(inputs), tuple(outputs))


def why_not_whole(region: Region) -> Decline | None:
    """Why a region cannot be one call; None if it can."""
    if not region.nodes:
        return decline("there is nothing in it")
    if not region.outputs:
        return decline("nothing reads what it computes")
    for node in (*region.inputs, *region.outputs):
        if not isinstance(value_of(node), torch.Tensor):
            return decline("what crosses its border is no tensor", node.name)
    inside, behind = set(region.nodes), set[Node]()
    for node in _between(region):
        if node not in inside:
            if any(i in inside or i in behind for i in node.all_input_nodes):
                behind.add(node)
            continue
        back = next((i for i in node.all_input_nodes if i in behind), None)
        if back is not None:
            return decline(
                "it reads a value that is computed outside from its own result",
                f"{back.name}, {origin_of_node(back)}",
            )
    return None


def wrap(
    region: Region, name: str, attributes: Mapping[str, Any], meta: Mapping[str, Any] | None = None
) -> Node:
    """Puts one call of a composite in the place of a region that is whole; returns the call.

    Args:
        region: its inputs and outputs become operands and results, in order.
        name: of the composite.
        attributes: of the composite.
        meta: where the call comes from; that of the last output where left out.
    """
    call = CompositeCall.of(name, _copied(region))
    graph, last = region.nodes[-1].graph, region.nodes[-1]
    moved = _readers_before(region)
    with graph.inserting_after(last):
        node = graph.create_node("call_function", call, region.inputs, dict(attributes), call.label)
    values = [value_of(output) for output in region.outputs]
    where = region.outputs[-1].meta if meta is None else meta
    kept = {key: where[key] for key in ("nn_module_stack", "stack_trace") if key in where}
    node.meta = {**kept, "val": values[0] if len(values) == 1 else tuple(values)}
    anchor = node
    results = [node] if len(values) == 1 else []
    for number, value in enumerate(values if len(values) > 1 else ()):
        with graph.inserting_after(anchor):
            anchor = graph.call_function(operator.getitem, (node, number))
        anchor.meta = {**kept, "val": value}
        results.append(anchor)
    for output, result in zip(region.outputs, results, strict=True):
        output.replace_all_uses_with(result)
    for each in moved:
        anchor.append(each)
        anchor = each
    for each in reversed(region.nodes):
        graph.erase_node(each)
    return node


def _copied(region: Region) -> Graph:
    graph = Graph()
    copies: dict[Node, Node] = {}
    for number, each in enumerate(region.inputs):
        # One value may be several operands: names of its own for each.
        copies[each] = graph.placeholder(f"operand_{number}")
        copies[each].meta = {"val": value_of(each)}
    for each in region.nodes:
        copies[each] = graph.node_copy(each, copies.__getitem__)
    graph.output(tuple(copies[each] for each in region.outputs))
    return graph


def _with_items(nodes: Collection[Node]) -> set[Node]:
    """The calls, with every read of one of their several results, and without reads of others' results."""
    inside = set(nodes)
    inside |= {user for node in nodes for user in node.users if user.target is operator.getitem}
    return {n for n in inside if n.target is not operator.getitem or n.args[0] in inside}


def _between(region: Region) -> list[Node]:
    """All nodes from the first to the last of a region."""
    found: list[Node] = []
    node = region.nodes[0]
    while node is not region.nodes[-1]:
        found.append(node)
        node = node.next
    return [*found, node]


def _readers_before(region: Region) -> list[Node]:
    """Nodes outside that stand before the region's end and need what it computes, in order."""
    inside, readers = set(region.nodes), dict[Node, None]()
    for node in _between(region):
        if node not in inside and any(i in inside or i in readers for i in node.all_input_nodes):
            readers[node] = None
    return list(readers)
