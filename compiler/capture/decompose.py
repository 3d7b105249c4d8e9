"""From the graph that torch.export records to a functional graph of the ops that have a lowering."""

from __future__ import annotations

import operator
from collections.abc import Collection
from typing import Any

from torch.export import ExportedProgram, default_decompositions
from torch.fx import GraphModule, Node

from ..ir.fx import live_nodes
from ..ir.torch_ops import Op, functional_form, is_mutating, makes_new_tensors, op_of


def decompose(program: ExportedProgram, kept: Collection[Op]) -> ExportedProgram:
    """The program with every op outside `kept` decomposed, to core ATen at worst, and functional.

    Where nothing is left to decompose, the program itself comes back: tracing it once more would cost
    as much as the export did.
    """
    _replace_in_place_ops(program.graph_module)
    if _is_final(program.graph_module, kept):
        return program
    table: Any = default_decompositions()
    for op in kept:
        table.pop(op, None)
    opened: Any = program
    return opened.run_decompositions(table)


def _is_final(graph_module: GraphModule, kept: Collection[Op]) -> bool:
    ops = (op_of(node) for node in graph_module.graph.nodes)
    if any(op is not None and is_mutating(op) for op in ops):
        return False
    return all(
        node.target is operator.getitem or op_of(node) in kept for node in live_nodes(graph_module)
    )


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
