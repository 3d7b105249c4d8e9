"""From the graph that torch.export records to a functional graph of the ops that have a lowering."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from torch.export import ExportedProgram, default_decompositions

from ..ir.fx import live_nodes
from ..ir.fx_expand import expand_calls, has_mutation, is_final, replace_in_place_ops
from ..ir.torch_ops import Op
from .regions import inline_regions


def decompose(program: ExportedProgram, kept: Collection[Op]) -> ExportedProgram:
    """The program with every op outside `kept` decomposed, to core ATen at worst, and functional.

    Calls are decomposed one by one where that will do. Where tensors are changed in place for others to
    see, torch has to trace the whole program again.
    """
    graph_module = program.graph_module
    inline_regions(graph_module)
    replace_in_place_ops(graph_module)
    if not has_mutation(graph_module):
        expand_calls(graph_module, kept)
        if all(is_final(node, kept) for node in live_nodes(graph_module)):
            return program
    table: Any = default_decompositions()
    for op in kept:
        table.pop(op, None)
    opened: Any = program
    return opened.run_decompositions(table)
