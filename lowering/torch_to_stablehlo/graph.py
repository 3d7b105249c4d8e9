"""Lowering of one graph, node by node."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.diagnostics import InternalError, LitewrightError, Unsupported
from litewright.compiler.ir import hlo
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

from .composites import Lowered, ModuleBuilder
from .context import CannotLowerError, LoweringContext, fits
from .elements import element_of_dtype

Values = dict[Node, Lowered]


def without_rule(nodes: Iterable[Node], rules: Iterable[Op]) -> list[Unsupported]:
    """The calls among `nodes` that no rule lowers, each with the nearest op that one does."""
    known = frozenset(rules)
    return [
        Unsupported(spelling(node), str(origin_of_node(node)), _hint(node, known))
        for node in nodes
        if node.op == "call_function"
        and node.target is not operator.getitem
        and op_of(node) not in known
    ]


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
    names = sorted(str(each) for each in known)
    packet = f"{qualified_name(op)}."
    siblings = [name for name in names if name.startswith(packet)]
    near = siblings or difflib.get_close_matches(str(op), names, 1, 0.75)
    return f"nearest supported: {', '.join(near)}" if near else ""
