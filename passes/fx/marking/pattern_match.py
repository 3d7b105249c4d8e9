"""Matching of a traced pattern against the graph of a model, with the reason where it stops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.ir.fx_composite import composite_of
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.torch_ops import items_of, op_of, spelling, value_of

from .arguments import COMMUTATIVE, arguments_of
from .pattern_trace import Scalar, TracedPattern

_CLOSE = 1e-6
"""How far a number that a function computes may be from the model's, relative to it."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """What has been found so far.

    Attributes:
        nodes: of the pattern to those of the model.
        scalars: by name.
    """

    nodes: Mapping[Node, Node] = field(default_factory=dict[Node, Node])
    scalars: Mapping[str, int | float] = field(default_factory=dict[str, int | float])

    def with_node(self, mine: Node, theirs: Node) -> Bindings:
        """With one more node."""
        return replace(self, nodes={**self.nodes, mine: theirs})

    def with_scalar(self, name: str, value: float) -> Bindings:
        """With one more scalar."""
        return replace(self, scalars={**self.scalars, name: value})

    @property
    def calls(self) -> int:
        """How many calls of the pattern have been found."""
        return sum(1 for node in self.nodes if node.op == "call_function")


@dataclass(slots=True)
class Farthest:
    """The attempt that got farthest before it failed.

    Attributes:
        progress: how many calls had been found.
        reason: why it stopped.
        at: origin of the node of the model where it stopped.
    """

    progress: int = -1
    reason: str = ""
    at: str = ""

    def note(self, bindings: Bindings, node: Node | None, reason: str) -> None:
        """Keeps the first of those that got farthest."""
        if bindings.calls > self.progress:
            self.progress, self.reason = bindings.calls, reason
            self.at = str(origin_of_node(node)) if node is not None else ""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Looks for one pattern.

    Attributes:
        pattern: what is looked for.
        by_target: the calls of the model by what they call.
        farthest: learns why it stopped.
    """

    pattern: TracedPattern
    by_target: Mapping[Any, Sequence[Node]]
    farthest: Farthest

    def at(self, root: Node, given: Bindings) -> Iterator[Bindings]:
        """All ways in which the first result is `root`."""
        first, *others = self.pattern.outputs
        for found in self._node(first, root, given):
            yield from self._others(others, found)

    def pairs(self, pairs: Sequence[tuple[Node, Node]], given: Bindings) -> Iterator[Bindings]:
        """All ways in which nodes of the pattern are these nodes of the model."""
        if not pairs:
            yield given
            return
        (mine, theirs), *rest = pairs
        for found in self._node(mine, theirs, given):
            yield from self.pairs(rest, found)

    def _others(self, outputs: Sequence[Node], given: Bindings) -> Iterator[Bindings]:
        if not outputs:
            yield given
            return
        first, *rest = outputs
        results = {given.nodes[o] for o in self.pattern.outputs if o in given.nodes}
        for candidate in self.by_target.get(first.target, ()):
            if candidate in results:
                continue
            for found in self._node(first, candidate, given):
                yield from self._others(rest, found)

    def _node(self, mine: Node, theirs: Node, given: Bindings) -> Iterator[Bindings]:
        known = given.nodes.get(mine)
        if known is not None:
            if known is theirs:
                yield given
            else:
                two = f"{known.name} and {theirs.name}"
                self._stop(given, theirs, f"what is one value in the pattern is two here, {two}")
            return
        if mine.op == "placeholder":
            if isinstance(value_of(theirs), torch.Tensor):
                yield given.with_node(mine, theirs)
            return
        if theirs.op != "call_function" or mine.target != theirs.target:
            wanted, there = spelling(mine), _spelling(theirs)
            self._stop(given, theirs, f"{wanted} is looked for, there is {there}")
            return
        now = given.with_node(mine, theirs)
        ours, actual = self.pattern.arguments[mine], arguments_of(theirs)
        yield from self._arguments(list(ours.items()), actual, theirs, now)
        if op_of(mine) in COMMUTATIVE and actual.get("alpha", 1) == 1:
            turned = {**actual, "self": actual["other"], "other": actual["self"]}
            yield from self._arguments(list(ours.items()), turned, theirs, now)

    def _arguments(
        self,
        wanted: Sequence[tuple[str, Any]],
        actual: Mapping[str, Any],
        node: Node,
        given: Bindings,
    ) -> Iterator[Bindings]:
        if not wanted:
            yield given
            return
        (name, value), *rest = wanted
        for found in self._value(value, actual.get(name), f"argument {name}", node, given):
            yield from self._arguments(rest, actual, node, found)

    def _value(
        self, mine: Any, theirs: Any, what: str, node: Node, given: Bindings
    ) -> Iterator[Bindings]:
        if isinstance(mine, Node):
            if isinstance(theirs, Node):
                yield from self._node(mine, theirs, given)
            else:
                self._stop(given, node, f"{what} of {spelling(node)} is {theirs!r}, not a tensor")
            return
        items, others = items_of(mine), items_of(theirs)
        if items is not None and others is not None and _holds_nodes(items):
            yield from self._items(items, others, what, node, given)
        elif isinstance(mine, Scalar):
            yield from self._scalar(mine, theirs, what, node, given)
        elif self._agree(mine, theirs):
            yield given
        else:
            reason = f"{what} of {spelling(node)} is {theirs!r}, in the pattern {mine!r}"
            self._stop(given, node, reason)

    def _items(
        self, mine: list[Any], theirs: list[Any], what: str, node: Node, given: Bindings
    ) -> Iterator[Bindings]:
        if len(mine) != len(theirs):
            reason = f"{what} of {spelling(node)} are {len(theirs)}, in the pattern {len(mine)}"
            self._stop(given, node, reason)
            return
        numbered = [(str(index), each) for index, each in enumerate(mine)]
        actual = {str(index): each for index, each in enumerate(theirs)}
        yield from self._arguments(numbered, actual, node, given)

    def _scalar(
        self, mine: Scalar, theirs: Any, what: str, node: Node, given: Bindings
    ) -> Iterator[Bindings]:
        if type(theirs) not in (int, float) or (mine.kind is int and type(theirs) is not int):
            self._stop(given, node, f"{what} of {spelling(node)} is {theirs!r}, not a number")
            return
        value = mine.kind(theirs)
        known = given.scalars.get(mine.name) if mine.name else None
        if known is not None and known != value:
            self._stop(given, node, f"{mine.name} is {known} and {value}")
            return
        yield given.with_scalar(mine.name, value) if mine.name else given

    def _agree(self, mine: Any, theirs: Any) -> bool:
        """Whether two plain values are the same, as far as that is known."""
        items, others = items_of(mine), items_of(theirs)
        if items is not None and others is not None:
            if not self.pattern.exact and _are_integers([*items, *others]):
                return True
            pairs = zip(items, others, strict=False)
            return len(items) == len(others) and all(self._agree(a, b) for a, b in pairs)
        if _are_integers([mine, theirs]):
            return mine == theirs or not self.pattern.exact
        if isinstance(mine, float) and type(theirs) in (int, float):
            return mine == theirs or math.isclose(mine, theirs, rel_tol=_CLOSE)
        return bool(mine == theirs) and isinstance(mine, bool) == isinstance(theirs, bool)

    def _stop(self, given: Bindings, node: Node, reason: str) -> None:
        self.farthest.note(given, node, reason)


def _holds_nodes(items: Sequence[Any]) -> bool:
    return any(isinstance(each, Node | Scalar) for each in items)


def _are_integers(items: Sequence[Any]) -> bool:
    return all(type(each) is int for each in items)


def _spelling(node: Node) -> str:
    call = composite_of(node)
    if call is not None:
        return f"composite {call.name}"
    return f"the input {node.name}" if node.op == "placeholder" else spelling(node)
