"""Search for one pattern in one graph."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.fx import Graph, Node

from litewright.compiler.composites.pattern import CompositePattern, Found
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.torch_ops import Op, op_of, value_of
from litewright.passes.core import Decline, decline

from .pattern_match import Bindings, Farthest, Matcher
from .pattern_trace import TracedPattern, trace_at, trace_pattern
from .regions import Region, why_not_whole


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model computes what a pattern does.

    Attributes:
        region: the calls that compute it; inputs in the order of the function's arguments.
        scalars: the numbers there.
    """

    region: Region
    scalars: dict[str, Any]


@dataclass(slots=True)
class Search:
    """Looks for one pattern in one graph.

    Attributes:
        pattern: what is looked for.
        graph: the model's, in which identities have been removed.
        exact: the function traced on shapes and scalars that were met, by these.
    """

    pattern: CompositePattern
    graph: Graph
    exact: dict[Any, TracedPattern | str] = field(default_factory=dict[Any, Any])

    def places(self) -> Iterator[Place | tuple[Node, Decline]]:
        """The places, one after another, and the nodes that only begin as the pattern ends, with why not.

        A place is to be wrapped before the next one is asked for.
        """
        kept = {op for node in self.graph.nodes if (op := op_of(node)) is not None}
        if not self.pattern.needs <= kept:
            return
        traced = trace_pattern(self.pattern, kept)
        by_target: dict[Any, list[Node]] = {}
        for node in self.graph.nodes:
            if node.op == "call_function":
                by_target.setdefault(node.target, []).append(node)
        wrapped = set[Node]()
        for root in [*by_target.get(traced.outputs[0].target, ())]:
            if root in wrapped:
                continue
            matcher = Matcher(traced, by_target, Farthest())
            place = self._place(matcher, root, kept)
            if place is None:
                why = matcher.farthest
                yield root, Decline(why.reason, (), why.progress, why.at)
                continue
            for node in place.region.nodes:
                wrapped.add(node)
                by_target[node.target].remove(node)
            yield place

    def _place(self, matcher: Matcher, root: Node, kept: set[Op]) -> Place | None:
        for loose in matcher.at(root, Bindings()):
            place = self._exactly(matcher, loose, kept)
            if place is None:
                continue
            why = self._refusal(place)
            if why is None:
                return place
            matcher.farthest.note(loose, root, str(why))
        return None

    def _exactly(self, matcher: Matcher, loose: Bindings, kept: set[Op]) -> Place | None:
        """The same match against the function on the shapes that were found; None if it is another."""
        given = [loose.nodes[each] for each in matcher.pattern.inputs]
        roots = [loose.nodes[each] for each in matcher.pattern.outputs]
        traced = self._traced(given, loose, kept)
        if isinstance(traced, str) or len(traced.outputs) != len(roots):
            why = (
                traced
                if isinstance(traced, str)
                else "the function returns another number of results"
            )
            matcher.farthest.note(loose, roots[0], why)
            return None
        strict = Matcher(traced, matcher.by_target, Farthest())
        bound = Bindings(dict(zip(traced.inputs, given, strict=True)))
        match = next(strict.pairs(list(zip(traced.outputs, roots, strict=True)), bound), None)
        if match is None:
            matcher.farthest.note(loose, roots[0], f"on these shapes: {strict.farthest.reason}")
            matcher.farthest.at = strict.farthest.at or matcher.farthest.at
            return None
        inside = {theirs for mine, theirs in match.nodes.items() if mine.op == "call_function"}
        calls = tuple(node for node in self.graph.nodes if node in inside)
        scalars = {name: loose.scalars[name] for name in self.pattern.scalars}
        return Place(Region(calls, tuple(given), tuple(roots)), scalars)

    def _traced(self, given: Sequence[Node], loose: Bindings, kept: set[Op]) -> TracedPattern | str:
        """The function on the shapes of values, or why there is none."""
        tensors: list[torch.Tensor] = [value_of(each) for each in given]
        kinds = tuple((tuple(t.shape), t.dtype) for t in tensors)
        key = (kinds, tuple(sorted(loose.scalars.items())))
        if key not in self.exact:
            try:
                self.exact[key] = trace_at(self.pattern, tensors, loose.scalars, kept)
            except Exception as error:  # noqa: BLE001 - whatever it raises on these shapes
                line = str(error).strip().partition("\n")[0]
                self.exact[key] = f"the function does not take these shapes: {line}"
        return self.exact[key]

    def _refusal(self, place: Place) -> Decline | str | None:
        region = place.region
        inside, results = set(region.nodes), set(region.outputs)
        for node in region.nodes:
            reader = next((user for user in node.users if user not in inside), None)
            if node not in results and reader is not None:
                fact = f"by {reader.name}, {origin_of_node(reader)}"
                return decline(f"{node.name} is read outside of the pattern too", fact)
        refusal = why_not_whole(region)
        if refusal is not None or self.pattern.check is None:
            return refusal
        names = self.pattern.tensor_names
        tensors = {n: value_of(each) for n, each in zip(names, region.inputs, strict=True)}
        found = Found(tensors, place.scalars, tuple(value_of(each) for each in region.outputs))
        return self.pattern.check(found)
