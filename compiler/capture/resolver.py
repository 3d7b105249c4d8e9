"""Constants of a graph, and how a weight of integers becomes one of floats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import Graph, Node

from ..composites.quantization import fake_quantize
from ..ir.torch_ops import Op, op_of, qualified_name, value_of
from ..weights.affine import Affine
from .quantized_ops import Conversion, conversion_of, is_accessor

# What moves elements of a constant about, or casts them.
MOVING = frozenset({
    "aten.t", "aten.view", "aten.reshape", "aten.flatten", "aten.permute", "aten.transpose", "aten._to_copy",
    "aten.to", "aten.detach", "aten.clone", "aten.contiguous", "aten.squeeze", "aten.unsqueeze",
    "aten.lift_fresh_copy", "aten.zeros_like",
})  # fmt: skip
CASTS = frozenset({"aten.to", "aten._to_copy", "aten.detach", "aten.clone", "aten.contiguous"})


def name_of(node: Node) -> str:
    """`aten.mm` of a call of `aten.mm.default`; the name of any other function."""
    op = op_of(node)
    return qualified_name(op) if op is not None else getattr(node.target, "__name__", "")


def behind_casts(given: Any) -> Node | None:
    """What a value is but for its element type; None for what is no node."""
    node = given if isinstance(given, Node) else None
    while node is not None and name_of(node) in CASTS:
        node = node.all_input_nodes[0]
    return node


@dataclass(eq=False, slots=True)
class Resolver:
    """What is known of a graph, and the means to rewrite it.

    Attributes:
        graph: that is rewritten.
        held: the tensors of its placeholders.
        known: tensors that were computed from these.
        affines: placeholders that have become floats.
        readers: who read these before.
    """

    graph: Graph
    held: Mapping[str, torch.Tensor]
    known: dict[Node, torch.Tensor | None] = field(default_factory=dict[Node, torch.Tensor | None])
    affines: dict[str, Affine] = field(default_factory=dict[str, Affine])
    readers: dict[Node, set[Node]] = field(default_factory=dict[Node, set[Node]])

    def affine(self, call: Conversion) -> Affine | None:
        """The constant that a call makes floats of; None if it is computed."""
        integers = self.constant(call.operand)
        scale = self.numbers(call.scale)
        zero = self.numbers(call.zero_point)
        if integers is None or scale is None or (zero is None and call.zero_point is not None):
            return None
        return Affine.of(integers, scale, call.block_size, zero_point=zero)

    def become_floats(self, placeholder: Node, affine: Affine, like: torch.Tensor) -> None:
        """Lets a placeholder stand for the floats of a constant; `like` is what readers took for these."""
        fake: Any = like
        self.readers.setdefault(placeholder, set(placeholder.users))
        with fake.fake_mode:
            placeholder.meta["val"] = torch.empty(affine.shape, dtype=like.dtype)
        self.affines[placeholder.name] = affine

    def root(self, node: Node) -> Node | None:
        """The one placeholder whose elements a constant holds, in its shape."""
        while node.op == "call_function":
            name = name_of(node)
            if not is_accessor(node) and name not in CASTS and conversion_of(node) is None:
                return None
            node = node.all_input_nodes[0]
        return node if node.op == "placeholder" and node.name in self.held else None

    def feeds_only(self, node: Node, readers: set[Node]) -> bool:
        """Whether all that is computed from a placeholder ends in some nodes."""
        return all(
            user in readers
            or (not user.users and user.op == "call_function")
            or (self._hands_on(user) and self.feeds_only(user, readers))
            for user in node.users
        )

    def _hands_on(self, node: Node) -> bool:
        """Whether a node computes of a constant no more than another constant."""
        call = conversion_of(node)
        is_quantize = call is not None and call.kind == "quantize"
        return is_accessor(node) or is_quantize or name_of(node) in MOVING

    def numbers(self, given: Any) -> torch.Tensor | None:
        """A number, or the value of a node; None if it is computed, or nothing."""
        if isinstance(given, Node):
            return self.constant(given)
        return None if given is None else torch.tensor(given)

    def constant(self, node: Node) -> torch.Tensor | None:
        """The value of a node that depends on no input of the graph."""
        if node not in self.known:
            self.known[node] = self._evaluated(node)
        return self.known[node]

    def _evaluated(self, node: Node) -> torch.Tensor | None:
        if node.op == "placeholder":
            return self.held.get(node.name)
        if node.op == "get_attr":
            owner: Any = self.graph.owning_module
            found = getattr(owner, str(node.target), None)
            return found if isinstance(found, torch.Tensor) else None
        op = op_of(node)
        if op is None or not self._hands_on(node):
            return None
        values = {operand: self.constant(operand) for operand in node.all_input_nodes}
        if any(value is None for value in values.values()):
            return None
        if is_accessor(node):
            inner = getattr(values[node.all_input_nodes[0]], str(node.args[1]))
            return inner if isinstance(inner, torch.Tensor) else None
        args: Any = torch.fx.map_arg(node.args, lambda operand: values[operand])
        kwargs: Any = torch.fx.map_arg(dict(node.kwargs), lambda operand: values[operand])
        with torch.no_grad():
            return op(*args, **kwargs)

    def rounded(self, before: Node, call: Conversion) -> Node:
        """What the integers of a conversion stand for; the operand itself where kernels find the scale."""
        numbers = self.one_scale(call)
        if numbers is None:
            return call.operand
        args = (call.operand, *numbers, call.low, call.high)
        return self.call(before, fake_quantize.op, *args)

    def one_scale(self, call: Conversion) -> tuple[float, int] | None:
        """Scale and zero point of a conversion that has one of each, known now."""
        scale, zero = self.numbers(call.scale), self.numbers(call.zero_point)
        if scale is None or scale.numel() != 1 or (zero is None and call.zero_point is not None):
            return None
        return float(scale), int(zero) if zero is not None and zero.numel() else 0

    def call(self, like: Node, op: Op, *args: Any, **kwargs: Any) -> Node:
        """A call in front of a node, which is where it is said to come from."""
        with self.graph.inserting_before(like):
            made = self.graph.call_function(op, args, kwargs)
        fake: Any = value_of(like)
        values: Any = torch.fx.map_arg(args, value_of)
        with fake.fake_mode, torch.no_grad():
            made.meta = {**like.meta, "val": op(*values, **kwargs)}
        return made
