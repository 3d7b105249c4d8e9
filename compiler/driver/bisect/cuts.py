"""Parts of a program or graph: its first n ops, or the few ops behind one value.

Both kinds are taken apart the same way. An op is a position; a value is a name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence

import torch
from torch.fx import Graph, GraphModule, Node

from litewright.compiler.inspect.exposing import Place, computed, cut
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram, Input
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import Origin, origin_of
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.torch_ops import spelling

from .findings import OpFacts

Unit = FxProgram | Program


class Cuts(ABC):
    """A signature that can be taken apart.

    Attributes:
        values: what each op computes, by the name that it has as an input or result of a part; an op with
            several results has several values.
        operands: which of these values each op reads.
        results: values that the signature returns.
    """

    def __init__(
        self, values: list[list[str]], operands: list[list[str]], results: Collection[str]
    ) -> None:
        self.values, self.operands, self.results = values, operands, frozenset(results)
        self._producer = {v: n for n, made in enumerate(values) for v in made}

    def __len__(self) -> int:
        return len(self.values)

    def live_after(self, count: int) -> list[str]:
        """What the first `count` ops have computed that others or the caller read."""
        wanted = {v for read in self.operands[count:] for v in read} | self.results
        return [v for made in self.values[:count] for v in made if v in wanted]

    def behind(self, value: str, depth: int) -> tuple[list[int], list[str]]:
        """The op that computes a value with those at most `depth` - 1 ops before it, and what they read."""
        ops = {self._producer[value]}
        border = set(ops)
        for _ in range(depth - 1):
            border = {self._producer[v] for n in border for v in self.operands[n]} - ops
            ops |= border
        inside = {v for n in ops for v in self.values[n]}
        read = {v for n in ops for v in self.operands[n]} - inside
        order = sorted(ops)
        return order, sorted(read, key=lambda v: self._producer[v])

    @abstractmethod
    def part(self, ends: Sequence[str], starts: Sequence[str] = ()) -> Unit:
        """What computes `ends` from `starts`, inputs and weights; all of them under these names."""

    @abstractmethod
    def facts(self, position: int) -> OpFacts:
        """What an op is and where it comes from."""


def cuts_of(unit: Unit, signature: str) -> Cuts:
    """The parts of a signature."""
    return GraphCuts(unit) if isinstance(unit, FxProgram) else ProgramCuts(unit, signature)


class ProgramCuts(Cuts):
    """Parts of a signature of a program."""

    def __init__(self, program: Program, signature: str) -> None:
        self._program, self._signature = program, signature
        with mlir.use(program.context):
            function = program.signature(signature)
            places: dict[int, list[Place]] = {}
            names: dict[ir.Value, str] = {}
            for place, _, value in computed(function):
                places.setdefault(place.index, []).append(place)
                names[value] = str(place)
            ops = list(body_of(function).operations)
            self._facts = [op_facts(ops[index]) for index in places]
            self._places = {str(p): p for made in places.values() for p in made}
            operands = [sorted({names[v] for v in _read(ops[n]) if v in names}) for n in places]
            results = [names[v] for v in ops[-1].operands if v in names]
        super().__init__([[str(p) for p in made] for made in places.values()], operands, results)

    def part(self, ends: Sequence[str], starts: Sequence[str] = ()) -> Program:
        """See `Cuts.part`."""
        with mlir.use(self._program.context):
            wanted, given = [self._places[v] for v in ends], [self._places[v] for v in starts]
            return cut(self._program, self._signature, ends=wanted, starts=given)

    def facts(self, position: int) -> OpFacts:
        """See `Cuts.facts`."""
        return self._facts[position]


class GraphCuts(Cuts):
    """Parts of a captured signature."""

    def __init__(self, program: FxProgram) -> None:
        self._program = program
        self._nodes = [n for n in program.graph_module.graph.nodes if n.op == "call_function"]
        tensors = {n.name for n in self._nodes if isinstance(n.meta.get("val"), torch.Tensor)}
        calls = {n.name for n in self._nodes}
        # A node with several results is a value too, of which parts are never cut off.
        super().__init__(
            [[n.name] for n in self._nodes],
            [[o.name for o in n.all_input_nodes if o.name in calls] for n in self._nodes],
            {n.name for n in program.results} & calls,
        )
        self._tensors = tensors

    def live_after(self, count: int) -> list[str]:
        """See `Cuts.live_after`."""
        return [v for v in super().live_after(count) if v in self._tensors]

    def behind(self, value: str, depth: int) -> tuple[list[int], list[str]]:
        """See `Cuts.behind`."""
        ops, read = super().behind(value, depth)
        tuples = [v for v in read if v not in self._tensors]
        more = {n for v in tuples for n in super(GraphCuts, self).behind(v, 1)[0]}
        if not more:
            return ops, read
        beyond = {v for n in more for v in self.operands[n]}
        inside = {v for n in {*ops, *more} for v in self.values[n]}
        return sorted({*ops, *more}), sorted(({*read} | beyond) - inside)

    def part(self, ends: Sequence[str], starts: Sequence[str] = ()) -> FxProgram:
        """See `Cuts.part`."""
        return cut_graph(self._program, ends, starts)

    def facts(self, position: int) -> OpFacts:
        """See `Cuts.facts`."""
        node = self._nodes[position]
        return facts_of(spelling(node), origin_of_node(node))


def op_facts(op: ir.OpView) -> OpFacts:
    """What is told of an op."""
    return facts_of(op_name(op), origin_of(op.location))


def facts_of(op: str, origin: Origin) -> OpFacts:
    """What is told of an op or node of this name and origin."""
    source = f"{origin.file}:{origin.line}" if origin.file else ""
    return OpFacts(op, origin.path, source, str(origin))


def _read(op: ir.OpView | ir.Operation) -> Iterator[ir.Value]:
    """What an op and the ops in its regions read."""
    yield from op.operands
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                yield from _read(inner)


def cut_graph(program: FxProgram, ends: Sequence[str], starts: Sequence[str] = ()) -> FxProgram:
    """The nodes that compute `ends` from `starts` and placeholders, as a signature of its own."""
    by_name: dict[str, Node] = {n.name: n for n in program.graph_module.graph.nodes}
    needed, pending = set[str](), list(ends)
    while pending:
        name = pending.pop()
        if name not in needed and name not in starts:
            needed.add(name)
            pending.extend(n.name for n in by_name[name].all_input_nodes)
    graph = Graph()
    copies: dict[Node, Node] = {}
    for name, node in by_name.items():
        if name in starts or (node.op == "placeholder" and name in needed):
            copies[node] = graph.placeholder(name)
            copies[node].name = name
            copies[node].meta = dict(node.meta)
    for name, node in by_name.items():
        if name in needed and node.op != "placeholder":
            copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(tuple(copies[by_name[name]] for name in ends))
    held = {name: each for name, each in program.held.items() if name in needed}
    inputs = [e for e in program.inputs if e.placeholder in needed]
    inputs += [Input(name, copies[by_name[name]].name) for name in starts]
    return FxProgram(
        program.name, GraphModule(program.graph_module, graph), tuple(inputs), tuple(ends), held
    )


def copy_graph(program: FxProgram) -> FxProgram:
    """A signature with a graph of its own, over the same tensors."""
    graph = Graph()
    copies: dict[Node, Node] = {}
    returned = graph.graph_copy(program.graph_module.graph, copies)
    graph.output(returned)
    for node, copy in copies.items():
        # A graph avoids names of Python's own, such as `input`; the program holds to the names there were.
        copy.name = node.name
    copied = GraphModule(program.graph_module, graph)
    return FxProgram(program.name, copied, program.inputs, program.outputs, dict(program.held))
