"""Decomposition of single calls, in place.

`run_decompositions` traces the whole model once more, which takes as long as the export. Where but a
few calls have no lowering, these are traced alone.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx import GraphModule, Node, map_arg
from torch.fx.experimental.proxy_tensor import make_fx

from .fx import live_nodes
from .torch_ops import (
    Op,
    core_decomposition_of,
    functional_form,
    is_mutating,
    items_of,
    makes_new_tensors,
    op_of,
    value_of,
)


def is_final(node: Node, kept: Collection[Op]) -> bool:
    """Whether a call can stay as it is."""
    return node.target is operator.getitem or op_of(node) in kept


def has_mutation(graph_module: GraphModule) -> bool:
    """Whether any op of a graph changes a tensor in place."""
    ops = (op_of(node) for node in graph_module.graph.nodes)
    return any(op is not None and is_mutating(op) for op in ops)


def replace_in_place_ops(graph_module: GraphModule) -> None:
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


def expand_calls(graph_module: GraphModule, kept: Collection[Op]) -> None:
    """Replaces calls outside of `kept` by what torch decomposes them to, again and again.

    A call that has no decomposition, one that changes tensors in place, and one whose decomposition calls
    what it came from or what nothing can be made of, is left as it is.
    """
    pending = [
        (node, frozenset[Op]()) for node in live_nodes(graph_module) if not is_final(node, kept)
    ]
    while pending:
        node, callers = pending.pop()
        op = op_of(node)
        inner = _traced(node) if op not in callers else None
        if op is not None and inner is not None and _leads_on(inner, kept):
            made = _replace(node, inner)
            pending.extend((each, callers | {op}) for each in made if not is_final(each, kept))


def _leads_on(inner: GraphModule, kept: Collection[Op]) -> bool:
    """Whether each call of a decomposition can stay or has one itself.

    An LSTM becomes a kernel of oneDNN, which has none.
    """
    calls = [node for node in inner.graph.nodes if node.op == "call_function"]
    ops = [op_of(call) for call in calls if not is_final(call, kept)]
    return all(op is not None and core_decomposition_of(op) is not None for op in ops)


def _traced(node: Node) -> GraphModule | None:
    op = op_of(node)
    decomposition = core_decomposition_of(op) if op is not None else None
    operands = node.all_input_nodes
    fakes = [value_of(operand) for operand in operands]
    if decomposition is None or not all(isinstance(fake, FakeTensor) for fake in fakes):
        return None
    inner = _trace(node, decomposition, operands, fakes)
    placeholders = inner.graph.find_nodes(op="placeholder")
    # A tensor that the decomposition made for itself would be an attribute of the traced module.
    has_attributes = bool(inner.graph.find_nodes(op="get_attr"))
    fits = len(placeholders) == len(operands) and not has_attributes
    return inner if fits and not has_mutation(inner) else None


def _trace(
    node: Node, decomposition: Callable[..., Any], operands: list[Node], fakes: list[Any]
) -> GraphModule:
    def call(*tensors: torch.Tensor) -> Any:
        given = dict(zip(operands, tensors, strict=True))
        args: Any = map_arg(node.args, lambda operand: given[operand])
        kwargs: Any = map_arg(dict(node.kwargs), lambda operand: given[operand])
        return decomposition(*args, **kwargs)

    with fakes[0].fake_mode if fakes else torch.no_grad():
        inner = make_fx(call, pre_dispatch=True)(*fakes)
        if all(op_of(each) is not op_of(node) for each in inner.graph.nodes):
            return inner
        # Some ops are recorded before they call what they are made of (`flatten`, torch 2.13).
        return make_fx(call)(*fakes)


def _replace(node: Node, inner: GraphModule) -> list[Node]:
    """Copies a traced decomposition in front of a call and puts its results in the call's place."""
    graph = node.graph
    placeholders = inner.graph.find_nodes(op="placeholder")
    values: dict[Node, Any] = dict(zip(placeholders, node.all_input_nodes, strict=True))
    known = set(values.values())
    with graph.inserting_before(node):
        made: Any = graph.graph_copy(inner.graph, values)
    copies = [copy for copy in values.values() if copy not in known]
    for copy in copies:
        where = {k: v for k, v in node.meta.items() if k in ("nn_module_stack", "stack_trace")}
        copy.meta = {**copy.meta, **where}
    results = items_of(made)
    if results is None:
        node.replace_all_uses_with(made)
    else:
        for user in list(node.users):
            user.replace_all_uses_with(results[_number(user)])
            graph.erase_node(user)
    graph.erase_node(node)
    return [copy for copy in copies if copy.op == "call_function"]


def _number(user: Node) -> int:
    number = user.args[1]
    assert isinstance(number, int), "results are read by number"
    return number
