"""Composites whose border the code of the model has marked."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch.fx import Node

from litewright.compiler.composites.boundary import MARK
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.torch_ops import op_of
from litewright.passes.core import Pass

from .marking.regions import Region, region_of, why_not_whole, wrap


@dataclass(frozen=True)
class MarkBoundaries(Pass[FxProgram]):
    """Makes composites of what lies between the marks of a `StableHLOCompositeBuilder`.

        %a = litewright.mark_tensor(%x, acme.swish, 0, 0, True, {})
        %b = aten.sigmoid(%a)
        %c = aten.mul(%a, %b)                                          =>    %c = acme.swish(%x)
        %d = litewright.mark_tensor(%c, acme.swish, 0, 0, False, {})

    The composite is what lies between the marked inputs and the marked outputs of one builder.
    """

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: FxProgram, observers: Sequence[Observer[FxProgram]]) -> bool:
        """See `Pass.run_observed`.

        Raises:
            UserError: a composite has no operands or no results, or depends on itself.
        """
        found = _marks(unit)
        # What is inside of others ends first.
        for marks in sorted(found.values(), key=lambda marks: marks.order):
            if marks.outputs:
                _wrap(unit, marks, observers)
            for mark in (*marks.inputs.values(), *marks.outputs.values()):
                mark.replace_all_uses_with(mark.all_input_nodes[0])
                mark.graph.erase_node(mark)
        return bool(found)


@dataclass(slots=True)
class _Marks:
    """The marks of one composite, by position.

    Attributes:
        name: of the composite.
        attributes: of the composite.
        inputs: marks of operands.
        outputs: marks of results.
        order: where the last result stands in the graph.
    """

    name: str
    attributes: dict[str, Any]
    inputs: dict[int, Node] = field(default_factory=dict[int, Node])
    outputs: dict[int, Node] = field(default_factory=dict[int, Node])
    order: int = 0


def _marks(unit: FxProgram) -> dict[int, _Marks]:
    found: dict[int, _Marks] = {}
    for order, node in enumerate(unit.graph_module.graph.nodes):
        if op_of(node) is MARK:
            arguments: tuple[Any, ...] = node.args
            _, name, number, position, is_input, attributes = arguments
            marks = found.setdefault(number, _Marks(name, ast.literal_eval(attributes)))
            (marks.inputs if is_input else marks.outputs)[position] = node
            marks.order = order
    return found


def _wrap(unit: FxProgram, marks: _Marks, observers: Sequence[Observer[FxProgram]]) -> None:
    starts = [marks.inputs[position] for position in sorted(marks.inputs)]
    ends = [marks.outputs[position].all_input_nodes[0] for position in sorted(marks.outputs)]
    region = region_of(_inside(starts, ends), unit.graph_module.graph)
    others = [each for each in region.inputs if each not in starts]
    whole = Region(region.nodes, (*starts, *others), tuple(dict.fromkeys(ends)))
    reason = _why_not(region, starts, ends)
    if reason:
        raise UserError(
            f"composite {marks.name} cannot be made of what is marked at {origin_of_node(starts[0])}: "
            f"{reason}"
        )
    for observer in observers:
        observer.marked(marks.name, whole.outputs[-1])
    wrap(whole, marks.name, marks.attributes)


def _why_not(region: Region, starts: Sequence[Node], ends: Sequence[Node]) -> str:
    """Why what is marked is no composite; empty if it is."""
    if any(end in starts for end in ends):
        return "an operand is marked as a result, with nothing between"
    refusal = why_not_whole(region)
    if refusal is not None:
        return str(refusal)
    unmarked = next((each.name for each in region.outputs if each not in ends), "")
    return f"its value {unmarked} is read outside and not marked as an output" if unmarked else ""


def _inside(starts: Sequence[Node], ends: Sequence[Node]) -> Collection[Node]:
    """What the results need and the operands lead to, and what is computed from nothing at all."""
    needed, pending = set[Node](), list(ends)
    while pending:
        node = pending.pop()
        if node not in needed and node not in starts and node.op == "call_function":
            needed.add(node)
            pending.extend(node.all_input_nodes)
    reached, free = set[Node](starts), set[Node]()
    for node in starts[0].graph.nodes:
        if node in needed and any(each in reached for each in node.all_input_nodes):
            reached.add(node)
        elif node in needed and all(each in free for each in node.all_input_nodes):
            free.add(node)
    return (reached - set(starts)) | free
