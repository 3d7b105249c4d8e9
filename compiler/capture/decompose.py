"""From the graph that torch.export records to a functional graph of the ops that have a lowering."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch.export import ExportedProgram, default_decompositions
from torch.fx import GraphModule, Node

from ..ir.fx import live_nodes
from ..ir.torch_ops import Op, functional_form, makes_new_tensors, op_of
from .expand import expand_calls, has_mutation, is_final
from .regions import inline_regions


def decompose(program: ExportedProgram, kept: Collection[Op]) -> ExportedProgram:
    """The program with every op outside `kept` decomposed, to core ATen at worst, and functional.

    Calls are decomposed one by one where that will do. Where tensors are changed in place for others to
    see, torch has to trace the whole program again.
    """
    graph_module = program.graph_module
    inline_regions(graph_module)
    _replace_in_place_ops(graph_module)
    if not has_mutation(graph_module):
        expand_calls(graph_module, kept)
        if all(is_final(node, kept) for node in live_nodes(graph_module)):
            return program
    table: Any = default_decompositions()
    for op in kept:
        table.pop(op, None)
    opened: Any = program
    return opened.run_decompositions(table)


def _replace_in_place_ops(graph_module: GraphModule) -> None:
    """Makes `relu_` into `relu` where nobody else can see the tensor that it changes."""
    for node in graph_module.graph.nodes:
        op = op_of(node)
        functional = functional_form(op) if op is not None else None
        if functional is not None and _is_unseen(node):
            node.target = functional


def _is_unseen(node: Node) -> bool:
    """Whether the tensor that a node changes is new and read by that node alone."""
    changed = node.args[0]
    if not isinstance(changed, Node) or list(changed.users) != [node]:
        return False
    op = op_of(changed)
    return op is not None and makes_new_tensors(op)
