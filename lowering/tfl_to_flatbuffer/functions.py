"""Subgraphs of a file as functions: which become signatures, what they are called, who refers to whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir.mlir import ir

from .bodies import Body, Plan, Surroundings
from .contents import Contents
from .options import subgraphs_in
from .schema import Record
from .tensors import Tensors
from .weights import Weights

DEFAULT_SIGNATURE = "serving_default"


class Functions:
    """Builds the functions of a model."""

    def __init__(
        self, model: Record, contents: Contents, weights: Weights, module: ir.Module
    ) -> None:
        self._model, self._weights, self._module = model, weights, module
        self._subgraphs: list[Record] = model["subgraphs"]
        self._tensors = [Tensors(each["tensors"], contents) for each in self._subgraphs]
        self._taken: set[str] = set()
        references = [set(self._references(each)) for each in self._subgraphs]
        _refuse_cycles(references)
        public = [self._signed(record) for record in model["signature_defs"]]
        referred = set[int]().union(*references)
        unsigned = set(range(len(self._subgraphs))) - referred - {plan.subgraph for plan in public}
        public += [
            self._unsigned(n, DEFAULT_SIGNATURE if not public and n == 0 else "")
            for n in sorted(unsigned)
        ]
        self._public = sorted(public, key=lambda plan: plan.subgraph)
        self._private = {
            number: self._unsigned(number, "", is_public=False) for number in sorted(referred)
        }

    def build(self) -> None:
        """Adds all functions to the module, signatures first."""
        shared = Surroundings(self._model["operator_codes"], self, self._weights)
        with ir.InsertionPoint(self._module.body):
            for plan in (*self._public, *self._private.values()):
                operators = self._subgraphs[plan.subgraph]["operators"]
                Body(plan, operators, self._tensors[plan.subgraph], shared)

    def name_of(self, subgraph: int) -> str:
        """The private function that a subgraph becomes.

        Raises:
            FormatError: there is no such subgraph.
        """
        return self._plan(subgraph).name

    def types_of(self, subgraph: int) -> tuple[list[ir.Type], list[ir.Type]]:
        """Types of the inputs and results of a private function."""
        plan, tensors = self._plan(subgraph), self._tensors[subgraph]
        return tensors.types(list(plan.inputs)), tensors.types(
            [tensor for tensor, _ in plan.outputs]
        )

    # ---- plans -----------------------------------------------------------------------------------

    def _signed(self, record: Record) -> Plan:
        number: int = record["subgraph_index"]
        key: str | None = record["signature_key"]
        self._check(number)
        if not key or key in self._taken:
            raise FormatError(
                f"signature {key!r} is defined twice" if key else "a signature has no name"
            )
        self._taken.add(key)
        tensors, own = self._tensors[number], self._inputs(number)
        given = _by_tensor(record["inputs"], tensors)
        if any(len(names) > 1 for names in given.values()) or not set(given) <= set(own):
            raise FormatError(f"the inputs of signature {key} are not those of its subgraph")
        inputs = self._named({tensor: given.get(tensor, [""])[0] for tensor in own}, tensors)
        # Results of the subgraph that the signature does not name, and the other way round, are kept.
        outputs = _by_tensor(record["outputs"], tensors)
        computed: list[int] = self._subgraphs[number]["outputs"]
        order = dict.fromkeys([*computed, *outputs])
        results = [(tensor, name) for tensor in order for name in outputs.get(tensor, [""])]
        return Plan(key, number, True, inputs, _named_results(results, tensors))

    def _unsigned(self, number: int, name: str, *, is_public: bool = True) -> Plan:
        record, tensors = self._subgraphs[number], self._tensors[number]
        wanted = name or record["name"] or f"subgraph_{number}"
        inputs = self._named(dict.fromkeys(self._inputs(number), ""), tensors)
        results = _named_results([(tensor, "") for tensor in record["outputs"]], tensors)
        return Plan(_unique(wanted, self._taken), number, is_public, inputs, results)

    def _inputs(self, number: int) -> list[int]:
        inputs: list[int] = self._subgraphs[number]["inputs"]
        if len(set(inputs)) != len(inputs):
            raise FormatError(f"subgraph {number} has one input twice")
        return inputs

    def _named(self, inputs: dict[int, str], tensors: Tensors) -> dict[int, str]:
        taken = {name for name in inputs.values() if name}
        return {
            t: name or _unique(tensors.name(t) or f"input_{t}", taken) for t, name in inputs.items()
        }

    # ---- references ------------------------------------------------------------------------------

    def _references(self, subgraph: Record) -> Iterator[int]:
        for operator in subgraph["operators"]:
            for options in (operator["builtin_options"], operator["builtin_options_2"]):
                for number in subgraphs_in(options):
                    self._check(number)
                    yield number

    def _plan(self, subgraph: int) -> Plan:
        if subgraph not in self._private:
            raise FormatError(f"subgraph {subgraph} is called by an op that does not say so")
        return self._private[subgraph]

    def _check(self, subgraph: int) -> None:
        if not 0 <= subgraph < len(self._subgraphs):
            raise FormatError(
                f"subgraph {subgraph} is referred to, there are {len(self._subgraphs)}"
            )


def _by_tensor(entries: Sequence[Record], tensors: Tensors) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {}
    for entry in entries:
        tensors.record(entry["tensor_index"])
        names.setdefault(entry["tensor_index"], []).append(entry["name"] or "")
    return names


def _named_results(results: Sequence[tuple[int, str]], tensors: Tensors) -> list[tuple[int, str]]:
    taken = {name for _, name in results if name}
    return [(t, name or _unique(tensors.name(t) or f"output_{t}", taken)) for t, name in results]


def _unique(name: str, taken: set[str]) -> str:
    candidates = itertools.chain((name,), (f"{name}_{i}" for i in itertools.count(1)))
    unique = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(unique)
    return unique


def _refuse_cycles(references: Sequence[set[int]]) -> None:
    waiting = {number: set(targets) for number, targets in enumerate(references)}
    while waiting:
        settled = {number for number, targets in waiting.items() if not targets & waiting.keys()}
        if not settled:
            raise FormatError("corrupt: its subgraphs refer to each other in a circle")
        for number in settled:
            del waiting[number]
