"""The function of a pattern as a graph to look for."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import GraphModule, Node

from litewright.compiler.composites.pattern import CompositePattern
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.fx import live_nodes, result_nodes
from litewright.compiler.ir.fx_trace import trace
from litewright.compiler.ir.torch_ops import Op, items_of, op_of

from ..remove_identities import remove_identities
from .arguments import arguments_of


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number that the model chooses.

    Attributes:
        name: of the scalar; empty for a number that the function computes from scalars.
        kind: int or float.
    """

    name: str
    kind: type


@dataclass(frozen=True, slots=True, eq=False)
class TracedPattern:
    """What is looked for.

    Attributes:
        inputs: placeholders, one per tensor of the function, in order.
        outputs: the nodes that compute its results.
        arguments: of each call by name; `Scalar` in place of numbers that the model chooses.
        exact: whether all integers are those of the shapes at hand; else any integer may stand in the
            place of another.
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    arguments: Mapping[Node, Mapping[str, Any]]
    exact: bool


def trace_pattern(pattern: CompositePattern, kept: Collection[Op]) -> TracedPattern:
    """The function of a pattern on its samples, with two numbers for every scalar; often known already.

    Args:
        pattern: the pattern.
        kept: ops that models are made of; all others are decomposed.

    Raises:
        UserError: the function is nothing that can be looked for; the message says why.
    """
    plain = _trace_whole(pattern)
    used = {op for node in plain.arguments if (op := op_of(node)) is not None}
    return plain if used <= set(kept) else _trace(pattern, kept)


@functools.lru_cache(maxsize=256)
def _trace_whole(pattern: CompositePattern) -> TracedPattern:
    """The function as it is written, no op decomposed."""
    return _trace(pattern, None)


def _trace(pattern: CompositePattern, kept: Collection[Op] | None) -> TracedPattern:
    first, second = pattern.samples_of_scalars()
    one, other = (_graph(pattern, pattern.sample_args, each, kept) for each in (first, second))
    nodes, others = list(one.graph.nodes), list(other.graph.nodes)
    twins = dict(zip(nodes, others, strict=False))
    if [str(n.target) for n in nodes] != [str(n.target) for n in others]:
        raise UserError(
            f"pattern {pattern.title}: the function computes something else for {second} than for {first}; "
            "give two numbers for which it does not: scalars={'name': (2, 4)}"
        )
    pairs = {name: (first[name], second[name]) for name in first}
    arguments = {
        node: _compared(arguments_of(node), arguments_of(twins[node]), pairs) for node in nodes
    }
    traced = _traced(pattern, one, arguments, exact=False)
    seen = {scalar.name for each in arguments.values() for scalar in _scalars(list(each.values()))}
    for name in first:
        if name not in seen:
            raise UserError(
                f"pattern {pattern.title}: scalar {name} is no argument of any op by itself, so that it "
                "cannot be read off a model; make the number that is one the scalar"
            )
    return traced


def trace_at(
    pattern: CompositePattern,
    tensors: Sequence[torch.Tensor],
    scalars: Mapping[str, Any],
    kept: Collection[Op],
) -> TracedPattern:
    """The function of a pattern on the shapes and scalars of a model; raises what the function raises."""
    graph_module = _graph(pattern, tensors, scalars, kept)
    arguments = {node: arguments_of(node) for node in graph_module.graph.nodes}
    return _traced(pattern, graph_module, arguments, exact=True)


def _graph(
    pattern: CompositePattern,
    tensors: Sequence[torch.Tensor],
    scalars: Mapping[str, Any],
    kept: Collection[Op] | None,
) -> GraphModule:
    graph_module = trace(functools.partial(pattern.function, **scalars), tensors, kept)
    live = set(live_nodes(graph_module))
    for node in reversed(list(graph_module.graph.nodes)):
        if node.op not in ("placeholder", "output") and node not in live:
            graph_module.graph.erase_node(node)
    remove_identities(graph_module.graph)
    return graph_module


def _traced(
    pattern: CompositePattern,
    graph_module: GraphModule,
    arguments: Mapping[Node, Mapping[str, Any]],
    *,
    exact: bool,
) -> TracedPattern:
    graph = graph_module.graph
    inputs, outputs = tuple(graph.find_nodes(op="placeholder")), result_nodes(graph_module)
    unused = [n for n, i in zip(pattern.tensor_names, inputs, strict=True) if not i.users]
    if unused:
        raise UserError(f"pattern {pattern.title}: the function does not read {', '.join(unused)}")
    if not outputs or any(output.op != "call_function" for output in outputs):
        raise UserError(f"pattern {pattern.title}: the function hands on what it was given")
    if graph.find_nodes(op="get_attr"):
        raise UserError(
            f"pattern {pattern.title}: the function makes a tensor of numbers; make it an argument, or "
            "write torch.full"
        )
    return TracedPattern(inputs, outputs, arguments, exact)


def _compared(
    one: Mapping[str, Any], other: Mapping[str, Any], scalars: Mapping[str, tuple[Any, Any]]
) -> dict[str, Any]:
    return {name: _merged(value, other.get(name), scalars) for name, value in one.items()}


def _merged(one: Any, other: Any, scalars: Mapping[str, tuple[Any, Any]]) -> Any:
    """A value, or the scalar that it is, by what it is in two traces."""
    items, others = items_of(one), items_of(other)
    if items is not None and others is not None and len(items) == len(others):
        return [_merged(a, b, scalars) for a, b in zip(items, others, strict=True)]
    is_number = isinstance(one, int | float) and not isinstance(one, bool)
    if not is_number or (isinstance(other, float) == isinstance(one, float) and one == other):
        return one
    name = next((n for n, pair in scalars.items() if pair == (one, other)), "")
    value = scalars[name][0] if name else one
    return Scalar(name, float if isinstance(value, float) else int)


def _scalars(values: Sequence[Any]) -> list[Scalar]:
    found: list[Scalar] = []
    for value in values:
        items = items_of(value)
        if items is not None:
            found += _scalars(items)
        elif isinstance(value, Scalar):
            found.append(value)
    return found
