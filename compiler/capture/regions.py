"""Inlining of regions that matter to gradients only: `with torch.no_grad()`, disabled autocast."""

from __future__ import annotations

from typing import Any

from torch._higher_order_ops.wrap import wrap_with_autocast, wrap_with_set_grad_enabled
from torch.fx import GraphModule, Node

from ..ir.torch_ops import items_of


def inline_regions(graph_module: GraphModule) -> None:
    """Puts the ops of such regions in the place of the calls that torch.export makes of them."""
    for node in list(graph_module.graph.nodes):
        region = _region(node)
        if region is not None:
            callee, operands = region
            inner = graph_module.get_submodule(str(callee.target))
            assert isinstance(inner, GraphModule), "a region is a graph"
            inline_regions(inner)
            _inline(node, inner, operands)
            if not callee.users:
                graph_module.graph.erase_node(callee)


def _region(node: Node) -> tuple[Node, list[Any]] | None:
    """The graph that a node calls, and what with; None where the call is none of those."""
    target: Any = node.target
    arguments = items_of(node.args) or []
    if target is wrap_with_set_grad_enabled:
        callee, operands = arguments[1], arguments[2:]
    elif target is wrap_with_autocast and not arguments[2]:
        callee, operands = arguments[4], arguments[5:]
    else:
        return None
    return (callee, operands) if isinstance(callee, Node) and callee.op == "get_attr" else None


def _inline(node: Node, inner: GraphModule, operands: list[Any]) -> None:
    """Copies a graph in front of a call, and lets every `getitem` of the call read the copies."""
    placeholders = inner.graph.find_nodes(op="placeholder")
    values: dict[Node, Any] = dict(zip(placeholders, operands, strict=True))
    with node.graph.inserting_before(node):
        made = items_of(node.graph.graph_copy(inner.graph, values)) or []
    for user in list(node.users):
        index = user.args[1]
        assert isinstance(index, int), "a region's results are read by number"
        user.replace_all_uses_with(made[index])
        node.graph.erase_node(user)
    node.graph.erase_node(node)
