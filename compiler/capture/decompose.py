"""From the graph that torch.export records to a functional graph of the ops that have a lowering."""

from __future__ import annotations

import operator
from collections.abc import Collection

import torch
from torch._ops import OpOverload
from torch.export import ExportedProgram, default_decompositions
from torch.fx import GraphModule, Node

from ..ir.fx import live_nodes

aten = torch.ops.aten

# Composite ops of torch that always make a new tensor, though their schemas do not promise it.
_FRESH = frozenset(
    {
        aten.batch_norm.default,
        aten.conv1d.default,
        aten.conv2d.default,
        aten.conv3d.default,
        aten.layer_norm.default,
        aten.linear.default,
        aten.matmul.default,
    }
)


def decompose(program: ExportedProgram, kept: Collection[OpOverload]) -> ExportedProgram:
    """The program with every op outside `kept` decomposed, to core ATen at worst, and functional.

    Where nothing is left to decompose, the program itself comes back: tracing it once more would cost as
    much as the export did.
    """
    _replace_in_place_ops(program.graph_module)
    if all(_is_final(node, kept) for node in live_nodes(program.graph_module)):
        if not _has_mutation(program.graph_module):
            return program
    table = default_decompositions()
    for op in kept:
        table.pop(op, None)
    return program.run_decompositions(table)


def _is_final(node: Node, kept: Collection[OpOverload]) -> bool:
    return node.op == "call_function" and (node.target is operator.getitem or node.target in kept)


def _has_mutation(graph_module: GraphModule) -> bool:
    targets = (node.target for node in graph_module.graph.nodes if node.op == "call_function")
    return any(isinstance(t, OpOverload) and t._schema.is_mutable for t in targets)


def _replace_in_place_ops(graph_module: GraphModule) -> None:
    """Makes `relu_` into `relu` where nobody else can see the tensor that it changes."""
    for node in graph_module.graph.nodes:
        if node.op == "call_function" and isinstance(node.target, OpOverload):
            functional = _functional_form(node.target)
            if functional is not None and _is_unseen(node):
                node.target = functional


def _functional_form(op: OpOverload) -> OpOverload | None:
    """`aten.relu` of `aten.relu_`; None where the op changes anything but its first argument."""
    name = op._schema.name.rpartition("::")[2]
    if op.namespace != "aten" or not op._schema.is_mutable or not name.endswith("_"):
        return None
    mutated = [bool(a.alias_info and a.alias_info.is_write) for a in op._schema.arguments]
    if mutated != [True] + [False] * (len(mutated) - 1):
        return None
    packet = getattr(aten, name[:-1], None)
    return getattr(packet, op._overloadname, None)


def _is_unseen(node: Node) -> bool:
    """Whether the tensor that a node changes is new and read by that node alone."""
    changed = node.args[0]
    if not isinstance(changed, Node) or list(changed.users) != [node]:
        return False
    op = changed.target
    if not isinstance(op, OpOverload) or op._schema.is_mutable:
        return False
    if any(result.alias_info is not None for result in op._schema.returns):
        return False
    return op in _FRESH or not op.has_kernel_for_dispatch_key(
        torch._C.DispatchKey.CompositeImplicitAutograd
    )
