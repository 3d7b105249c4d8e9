"""An exported program at given sizes: the same graph, with numbers where it has symbols."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.fx import Graph, GraphModule, Node
from torch.utils import _pytree as pytree

from ..diagnostics import UserError
from ..ir.fx_origin import origin_of_node
from ..ir.torch_ops import spelling, value_of
from .failures import DATA_DEPENDENT
from .sizes import Probes, Sizes, substitute, symbolic_sizes

_SYMBOLIC = (torch.SymInt, torch.SymFloat, torch.SymBool)
_NUMBERS = (int, float, bool)


def specialise(program: ExportedProgram, probes: Probes, sizes: Sizes) -> ExportedProgram:
    """The program at some sizes, over the same tensors. Every call keeps its origin.

    Args:
        program: without regions; it is left as it is.
        probes: what its symbols are.
        sizes: a number for each root.

    Raises:
        UserError: a size depends on data, an input is a number, or a call holds graphs of its own.
    """
    values = {root.symbol: size for root, size in zip(probes.roots, sizes, strict=True)}
    graph = Graph()
    made: dict[Node, Any] = {}
    for node in program.graph.nodes:
        if _is_assertion(node):
            continue
        _check(probes.signature, node, values)
        value = pytree.tree_map(partial(_at, numbers=values), value_of(node))
        if node.op == "call_function" and isinstance(value, _NUMBERS):
            made[node] = value
            continue
        copy = graph.node_copy(node, lambda operand: made[operand])
        # A graph avoids names of Python's own, such as `input`; the signature holds to the names there were.
        copy.name = node.name
        copy.meta["val"] = value
        made[node] = copy
    graph_module = GraphModule(program.graph_module, graph)
    opened: Any = program
    return opened._update(graph_module, program.graph_signature)


def _is_assertion(node: Node) -> bool:
    """Whether a node says what torch has proved or was told of sizes."""
    return node.op == "call_function" and value_of(node) is None and not node.users


def _check(signature: str, node: Node, values: Mapping[str, int]) -> None:
    value = value_of(node)
    unknown = [e for e in symbolic_sizes(value) if {str(s) for s in e.free_symbols} - {*values}]
    if unknown:
        raise UserError(f"signature {signature!r}: at {origin_of_node(node)}: {DATA_DEPENDENT}")
    if node.op == "placeholder" and isinstance(value, _SYMBOLIC):
        raise UserError(
            f"signature {signature!r}: input {node.name!r} is a number; inputs of a signature are tensors, "
            "whose shapes tell sizes"
        )
    if node.op == "get_attr" and value is None:
        users = ", ".join(sorted({spelling(user) for user in node.users}))
        raise UserError(
            f"signature {signature!r}: at {origin_of_node(node)}: {users} holds graphs of its own, which have "
            "fixed sizes only; export without dynamic_shapes"
        )


def _at(value: Any, *, numbers: Mapping[str, int]) -> Any:
    """A fake value with numbers in its shape."""
    if isinstance(value, torch.SymInt):
        return int(_number(value, numbers))
    if isinstance(value, torch.SymFloat):
        return float(_number(value, numbers))
    if isinstance(value, torch.SymBool):
        return bool(_number(value, numbers))
    if not isinstance(value, torch.Tensor):
        return value
    sizes, strides = [*value.shape], [*value.stride()]
    if not any(isinstance(each, torch.SymInt) for each in (*sizes, *strides)):
        return value
    fake: Any = value
    with fake.fake_mode:
        return torch.empty_strided(
            [int(_number(each, numbers)) for each in sizes],
            [int(_number(each, numbers)) for each in strides],
            dtype=value.dtype,
            device=value.device,
        )


def _number(value: Any, numbers: Mapping[str, int]) -> Any:
    if not isinstance(value, _SYMBOLIC):
        return value
    opened: Any = value
    return substitute(opened.node.expr, numbers)
