"""Composites on FX: what a node calls that stands for a region of a graph.

The node's arguments are the composite's operands, its keyword arguments the composite's attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import Graph, GraphModule, Node

from ..diagnostics import UserError
from .torch_ops import items_of

Attribute = bool | int | float | str | Sequence[bool] | Sequence[int] | Sequence[float]


@dataclass(frozen=True, slots=True)
class CompositeCall:
    """The target of a node. Equal are two of one name that compute the same.

    Attributes:
        name: of the composite: `acme.swish`.
        form: its graph as text, in which names do not matter.
        graph_module: what it computes: a placeholder per operand, a flat tuple of results.
    """

    name: str
    form: str
    graph_module: GraphModule = field(compare=False, repr=False)

    @classmethod
    def of(cls, name: str, graph: Graph) -> CompositeCall:
        """The composite that computes `graph`."""
        return cls(name, form_of(graph), GraphModule(torch.nn.Module(), graph))

    @property
    def label(self) -> str:
        """`swish` of `acme.swish`."""
        return self.name.rpartition(".")[2]

    @property
    def __name__(self) -> str:
        """What torch prints for the node's target."""
        return self.name.replace(".", "_")

    def __call__(self, *operands: torch.Tensor, **attributes: Any) -> Any:
        """Runs the graph: a tensor, or a tuple of several."""
        del attributes
        results = self.graph_module(*operands)
        return results[0] if len(results) == 1 else results


def composite_of(node: Node) -> CompositeCall | None:
    """The composite that a node stands for, if it does."""
    target: Any = node.target
    return target if isinstance(target, CompositeCall) else None


def form_of(graph: Graph) -> str:
    """A graph as text that is the same for graphs that differ in names alone."""
    numbers: dict[Node, str] = {}
    lines: list[str] = []
    for node in graph.nodes:
        numbers[node] = f"%{len(numbers)}"
        arguments = _text((node.args, sorted(node.kwargs.items())), numbers)
        target = "" if node.op == "placeholder" else _target_text(node)
        lines.append(f"{node.op} {target} {arguments}")
    return "\n".join(lines)


def checked_attributes(name: str, attributes: Mapping[str, Any]) -> dict[str, Attribute]:
    """Attributes that the IR can hold.

    Raises:
        UserError: a value is none of bool, int, float, string, and list of one of the first three.
    """
    for key, value in attributes.items():
        items = items_of(value)
        kinds: set[type] = {type(each) for each in ([value] if items is None else items)}
        allowed = {bool, int, float} | ({str} if items is None else set[type]())
        if not kinds <= allowed or (bool in kinds and len(kinds) > 1):
            raise UserError(
                f"composite {name}: attribute {key} is {value!r}; attributes are numbers, strings, bools "
                "and lists of numbers or of bools, under names"
            )
    return {key: items_of(value) or value for key, value in attributes.items()}


def _target_text(node: Node) -> str:
    inner = composite_of(node)
    if inner is not None:
        return f"{inner.name}{{{inner.form}}}"
    # A tensor that is held by the graph itself is equal to no other.
    return f"{node.target}@{id(node.graph)}" if node.op == "get_attr" else str(node.target)


def _text(value: Any, numbers: Mapping[Node, str]) -> str:
    if isinstance(value, Node):
        return numbers[value]
    items = items_of(value)
    if items is not None:
        return f"[{', '.join(_text(each, numbers) for each in items)}]"
    return f"{type(value).__name__}:{value!r}"
