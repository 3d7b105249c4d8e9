"""Removal of calls that no result depends on."""

from __future__ import annotations

from dataclasses import dataclass

from litewright.compiler.ir.fx import FxProgram, live_nodes
from litewright.passes.core import Pass


@dataclass(frozen=True)
class RemoveUnusedNodes(Pass[FxProgram]):
    """Removes calls that no result depends on, assertions about shapes among them.

    A captured graph is functional: what nothing reads has no effect.

        %a = aten.relu(%x)
        %b = aten.exp(%x)                       %a = aten.relu(%x)
        aten._assert_tensor_metadata(%x)   =>   return %a
        return %a
    """

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        graph = unit.graph_module.graph
        live = set(live_nodes(unit.graph_module))
        dead = [n for n in graph.nodes if n.op not in ("placeholder", "output") and n not in live]
        for node in reversed(dead):
            graph.erase_node(node)
        return bool(dead)
