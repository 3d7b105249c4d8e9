"""Merging of calls that compute the same."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.torch_ops import items_of, op_of
from litewright.passes.core import Pass


@dataclass(frozen=True)
class MergeEqualNodes(Pass[FxProgram]):
    """Replaces a call by an earlier one of the same op on the same arguments.

    Models compute masks and rotary angles anew in every layer.

        %a = aten.cos(%x)
        %b = aten.cos(%x)                   %a = aten.cos(%x)
        %c = aten.add.Tensor(%a, %b)   =>   %c = aten.add.Tensor(%a, %a)

    Calls that draw random numbers are left alone.
    """

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        graph = unit.graph_module.graph
        first: dict[Hashable, Node] = {}
        changed = False
        for node in list(graph.nodes):
            key = _key(node)
            if key is None:
                continue
            known = first.setdefault(key, node)
            if known is not node:
                node.replace_all_uses_with(known)
                graph.erase_node(node)
                changed = True
        return changed


def _key(node: Node) -> Hashable | None:
    """What two calls have in common that compute the same; None for what must not be merged."""
    if node.op != "call_function":
        return None
    op = op_of(node)
    if op is not None and torch.Tag.nondeterministic_seeded in op.tags:
        return None
    try:
        key = (node.target, _frozen(node.args), _frozen(sorted(node.kwargs.items())))
        hash(key)
    except TypeError:
        return None
    return key


def _frozen(value: Any) -> Hashable:
    items = items_of(value)
    if items is not None:
        return tuple(_frozen(each) for each in items)
    # 1, 1.0 and True are equal to Python, and -0.0 is to 0.0, but not to an op.
    return value if isinstance(value, Node) else (type(value).__name__, repr(value))
