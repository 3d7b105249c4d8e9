"""Lowering of one graph, node by node."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx import GraphModule, Node

from litewright.compiler.diagnostics import InternalError, LitewrightError, Unsupported
from litewright.compiler.ir import hlo
from litewright.compiler.ir.fx import live_nodes, result_nodes
from litewright.compiler.ir.fx_composite import CompositeCall, composite_of
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import (
    Op,
    items_of,
    op_of,
    qualified_name,
    spelling,
    tensors_of,
    value_of,
)
from litewright.compiler.ir.types import tensor_type
from litewright.compiler.weights.torch_source import array_of_tensor

from .composites import Attribute, CompositeKey, Lowered, ModuleBuilder, composite
from .context import CannotLowerError, LoweringContext, fits
from .elements import element_of_dtype

Values = dict[Node, Lowered]


def without_rule(nodes: Iterable[Node], rules: Iterable[Op]) -> list[Unsupported]:
    """The calls among `nodes` that no rule lowers, each with the nearest op that one does."""
    known = frozenset(rules)
    return [
        Unsupported(spelling(node), str(origin_of_node(node)), _hint(node, known))
        for node in _with_those_inside(nodes)
        if node.op == "call_function"
        and node.target is not operator.getitem
        and composite_of(node) is None
        and op_of(node) not in known
    ]


def _with_those_inside(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        call = composite_of(node)
        if call is not None:
            yield from _with_those_inside(call.graph_module.graph.nodes)


def lower_graph(
    builder: ModuleBuilder,
    graph_module: GraphModule,
    operands: Sequence[ir.Value],
    refused: list[Unsupported],
) -> list[ir.Value]:
    """Lowers a graph here and now, all of it with the current location; its results are values.

    Args:
        builder: the module that is being written.
        graph_module: its output is a flat tuple.
        operands: the values of its placeholders.
        refused: gains what cannot be lowered, and there are no results then.
    """
    nodes = list(live_nodes(graph_module))
    missing = without_rule(nodes, builder.rules)
    refused.extend(missing)
    if missing:
        return []
    placeholders = graph_module.graph.find_nodes(op="placeholder")
    values: Values = dict(zip(placeholders, operands, strict=True))
    for node in nodes:
        if node.op == "get_attr":
            values[node] = hlo.constant(array_of_tensor(_constant(graph_module, str(node.target))))
    nodes = [node for node in nodes if node.op != "get_attr"]
    lower_nodes(builder, nodes, values, refused, location=ir.Location.current)
    results = [values[node] for node in result_nodes(graph_module)]
    return [value for value in results if isinstance(value, ir.Value)]


def _constant(graph_module: GraphModule, name: str) -> torch.Tensor:
    """A tensor that the code of a function makes; tracing on fake tensors keeps what a number was."""
    tensor: torch.Tensor = getattr(graph_module, name)
    known = tensor.constant if isinstance(tensor, FakeTensor) else None
    return tensor if known is None else known


def lower_nodes(
    builder: ModuleBuilder,
    nodes: Iterable[Node],
    values: Values,
    refused: list[Unsupported],
    *,
    location: ir.Location | None = None,
) -> None:
    """Lowers calls in order, at the current insertion point.

    Args:
        builder: the module that is being written.
        nodes: calls whose targets all have rules.
        values: what earlier nodes were lowered to; gains an entry per node.
        refused: gains an entry per node that its rule cannot lower in the form at hand. Such a node
            is given zeros, so that the rest is seen too: the module is of no use afterwards.
        location: where all of it comes from; each node's own origin where left out.
    """
    for node in nodes:
        if node.target is operator.getitem:
            values[node] = _item(values[node.all_input_nodes[0]], node)
            continue
        with location or origin_of_node(node).location():
            call = composite_of(node)
            if call is not None:
                values[node] = _lower_call(builder, node, call, values, refused)
                continue
            try:
                values[node] = _lower(builder, node, values)
            except CannotLowerError as refusal:
                refused.append(Unsupported(spelling(node), str(origin_of_node(node)), str(refusal)))
                values[node] = _zeros(value_of(node))


@dataclass(frozen=True, slots=True)
class _Resolver:
    """Turns FX arguments into what rules take: values for nodes, Python values as they are."""

    values: Values

    def __call__(self, argument: Any) -> Any:
        if isinstance(argument, Node):
            return self.values[argument]
        items = items_of(argument)
        return argument if items is None else [self(each) for each in items]


def _lower(builder: ModuleBuilder, node: Node, values: Values) -> Lowered:
    resolve = _Resolver(values)
    context = LoweringContext(builder, node)
    rule = builder.rules[context.op]
    try:
        lowered = rule(
            context,
            *[resolve(argument) for argument in node.args],
            **{name: resolve(argument) for name, argument in node.kwargs.items()},
        )
    except (LitewrightError, CannotLowerError):
        raise
    except Exception as error:
        error.add_note(f"while lowering {node.format_node()} at {origin_of_node(node)}")
        raise
    _check(node, lowered)
    return lowered


def _lower_call(
    builder: ModuleBuilder,
    node: Node,
    call: CompositeCall,
    values: Values,
    refused: list[Unsupported],
) -> Lowered:
    """A composite that a pass has put in the place of a region of the graph."""
    resolve = _Resolver(values)
    operands: list[ir.Value] = [resolve(argument) for argument in node.args]
    fakes = tensors_of(node)
    attributes = tuple(sorted((n, _attribute(value)) for n, value in node.kwargs.items()))
    key = CompositeKey(
        call.name,
        attributes,
        tuple(operand.type for operand in operands),
        tuple(tensor_type(tuple(t.shape), element_of_dtype(t.dtype)) for t in fakes),
        call.form,
    )

    def decompose(*given: ir.Value) -> list[ir.Value]:
        return lower_graph(builder, call.graph_module, given, refused)

    made = composite(builder, key, operands, decompose)
    return made[0] if isinstance(value_of(node), torch.Tensor) else made


def _attribute(value: Any) -> Attribute:
    items = items_of(value)
    return value if items is None else tuple(items)


def _check(node: Node, lowered: Lowered) -> None:
    values = [lowered] if isinstance(lowered, ir.Value) else lowered
    for fake, value in zip(tensors_of(node), values, strict=False):
        if value is not None and not fits(value, fake):
            raise InternalError(
                f"the rule of {spelling(node)} made {value.type}, torch {fake.dtype} {list(fake.shape)}, "
                f"at {origin_of_node(node)}"
            )


def _item(lowered: Lowered, node: Node) -> ir.Value:
    index = node.args[1]
    assert isinstance(index, int), "getitem takes results by number"
    item = None if isinstance(lowered, ir.Value) else lowered[index]
    if item is None:
        raise InternalError(f"result {index} of {node.args[0]} has no lowering but is used")
    return item


def _zeros(fakes: torch.Tensor | Sequence[torch.Tensor]) -> Lowered:
    if isinstance(fakes, torch.Tensor):
        return hlo.splat(0, tuple(fakes.shape), element_of_dtype(fakes.dtype))
    return [hlo.splat(0, tuple(fake.shape), element_of_dtype(fake.dtype)) for fake in fakes]


def _hint(node: Node, known: frozenset[Op]) -> str:
    op = op_of(node)
    if op is None:
        return ""
    if torch.Tag.nondeterministic_seeded in op.tags:
        return "it draws random numbers, and a compiled model has none: make them an input"
    names = sorted(str(each) for each in known)
    packet = f"{qualified_name(op)}."
    siblings = [name for name in names if name.startswith(packet)]
    near = siblings or difflib.get_close_matches(str(op), names, 1, 0.75)
    return f"nearest supported: {', '.join(near)}" if near else ""
