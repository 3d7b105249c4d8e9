"""The first value that differs between two programs, aligned by the origins of their ops.

This is what is left where a step is wrong on a program and right on every part of it. It is a weaker answer: passes may
change what is computed on the way, as long as the results are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from litewright.compiler.inspect.diff import align
from litewright.compiler.inspect.diff_reading import ops_of
from litewright.compiler.inspect.differences import Difference, compare
from litewright.compiler.inspect.exposing import Place, computed
from litewright.compiler.inspect.running import run_graph
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.mlir import Array
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.torch_ops import spelling

from ..running import interior_values
from .case import Inputs
from .cuts import facts_of, op_facts
from .findings import OpFacts
from .steps import Step


@dataclass(frozen=True, slots=True)
class Suspect:
    """An op whose value is another after a step.

    Attributes:
        op: the op, before the step.
        difference: of its value.
    """

    op: OpFacts
    difference: Difference


def first_by_origin(
    step: Step, before: object, after: object, inputs: Inputs, tolerance: float
) -> Suspect | None:
    """The first op, in the order of the program before, whose value differs; None if they cannot be aligned."""
    if isinstance(before, FxProgram) and isinstance(after, FxProgram):
        pairs = _of_graphs(step, before, after, inputs)
    elif isinstance(before, Program) and isinstance(after, Program):
        pairs = _of_programs(step, before, after, inputs)
    else:
        return None
    for op, expected, actual in pairs:
        if expected.shape == actual.shape and expected.dtype == actual.dtype:
            found = compare(op.op, expected, actual, tolerance)
            if found.error > tolerance:
                return Suspect(op, found)
    return None


def _of_graphs(
    step: Step, before: FxProgram, after: FxProgram, inputs: Inputs
) -> Iterator[tuple[OpFacts, Array, Array]]:
    _, old = run_graph(before, inputs, weights=step.weights)
    _, new = run_graph(after, inputs, weights=step.weights)
    for node in before.graph_module.graph.nodes:
        if node.name in old and node.name in new:
            facts = facts_of(spelling(node), origin_of_node(node))
            yield facts, old[node.name], new[node.name]


def _of_programs(
    step: Step, before: Program, after: Program, inputs: Inputs
) -> Iterator[tuple[OpFacts, Array, Array]]:
    name = step.signature
    old = interior_values(before, name, inputs)
    new = interior_values(after, name, inputs, delegate=step.kind == "delegate")
    with mlir.use(before.context):
        facts = {place: op_facts(op) for place, op, _ in computed(before.signature(name))}
    left = ops_of(before, before.signature(name))
    right = ops_of(after, after.signature(name))
    for i, j in align(left, right):
        place, other = Place(left[i].index), Place(right[j].index)
        if place in old and other in new:
            yield facts[place], old[place], new[other]
