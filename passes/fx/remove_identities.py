"""Removal of calls that hand on their operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Graph, Node

from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.torch_ops import op_of, value_of
from litewright.passes.core import Pass

aten = torch.ops.aten

_COPIES = frozenset(
    {
        aten.alias.default,
        aten.clone.default,
        aten.contiguous.default,
        aten.detach.default,
        aten.lift_fresh_copy.default,
    }
)
_UNLESS_TYPE_CHANGES = frozenset(
    {
        aten._to_copy.default,
        aten.to.device,
        aten.to.dtype,
        aten.to.dtype_layout,
        aten.to.other,
        aten.type_as.default,
    }
)
_UNLESS_SHAPE_CHANGES = frozenset(
    {
        aten._unsafe_view.default,
        aten.expand.default,
        aten.reshape.default,
        aten.slice.Tensor,
        aten.view.default,
    }
)


@dataclass(frozen=True)
class RemoveIdentities(Pass[FxProgram]):
    """Removes copies, conversions to the dtype and views in the shape that a value has already.

    In a functional graph nobody can tell a value from its copy. Composites are found, and begin and end,
    where something is computed.

        %a = aten.to.dtype(%x, torch.float32)
        %b = aten.clone(%a)
        %c = aten.mul(%b, %b)                    =>    %c = aten.mul(%x, %x)
    """

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        return remove_identities(unit.graph_module.graph)


def remove_identities(graph: Graph, keep: Sequence[Node] = ()) -> bool:
    """Removes them from a graph, but for those in `keep`; says whether there were any."""
    found = [node for node in graph.nodes if node not in keep and _is_identity(node)]
    for node in found:
        node.replace_all_uses_with(node.all_input_nodes[0])
        graph.erase_node(node)
    return bool(found)


def _is_identity(node: Node) -> bool:
    op = op_of(node)
    if op is None:
        return False
    if op in _COPIES:
        return True
    if op is aten.dropout.default:
        arguments: tuple[Any, ...] = node.args
        return not arguments[2]
    if op not in _UNLESS_TYPE_CHANGES and op not in _UNLESS_SHAPE_CHANGES:
        return False
    before, after = value_of(node.all_input_nodes[0]), value_of(node)
    return before.dtype == after.dtype and before.shape == after.shape
