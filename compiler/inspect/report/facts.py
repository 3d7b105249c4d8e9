"""What is known of a finished tfl program: where its ops run, what they cost, where its bytes are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from ...ir import tfl
from ...ir.mlir import func, ir
from ...ir.origin import origin_of
from ...ir.program import Program, weight_symbol, weights_of
from ...targets import Target
from ...weights import WeightStore
from ...weights.expression import leaves
from ..facts import SignatureFacts
from ..survey import bytes_of, survey
from .costs import cost_of
from .origins import Origins
from .snapshots import is_constant, steps_of, type_text

Facts = Mapping[str, Any]


def facts_of(program: Program, target: Target, origins: Origins, *, errors: bool = False) -> Facts:
    """Interfaces, expected delegation and costs of all signatures, and all weights.

    The context must be current.

    Args:
        program: a tfl program.
        target: whose delegate is asked.
        origins: takes in what the facts name.
        errors: tell what rounding has lost of each weight; else no weight is read.
    """
    found = survey(program, target)
    functions = program.signatures()
    pairs = zip(functions, found.signatures, strict=True)
    return {
        "target": {"name": target.name, "description": target.description},
        "signatures": [_signature(function, facts, origins) for function, facts in pairs],
        "weights": _weights(program, functions, origins, errors=errors),
        "constants": _constants(functions, origins),
        "quantised": any(_is_quantised(a) for f in functions for a in weights_of(f)),
    }


def _signature(function: func.FuncOp, facts: SignatureFacts, origins: Origins) -> Facts:
    number = origins.strings.number
    reasons = {each.index: number(each.reason) for each in facts.not_delegated}
    rows = [row for row, op in enumerate(steps_of(function)) if not is_constant(op)]
    costs = [cost_of(op) for op in steps_of(function) if not is_constant(op)]
    return {
        "name": facts.name,
        "inputs": [str(each) for each in facts.inputs],
        "outputs": [str(each) for each in facts.outputs],
        "ops": facts.ops,
        "delegated": facts.delegated,
        "histogram": facts.histogram,
        # By op that computes something: its row, why it is left to the runtime (-1: it is not), what it costs.
        "rows": rows,
        "reasons": [reasons.get(index, -1) for index in range(len(rows))],
        "multiplications": [cost.multiplications for cost in costs],
        "moved": [cost.bytes for cost in costs],
    }


def _weights(
    program: Program, functions: Sequence[func.FuncOp], origins: Origins, *, errors: bool
) -> list[list[Any]]:
    """Of every weight symbol, type, bytes, module, numbers of the signatures that read it, and SNR.

    The SNR, in decibels, is None where nothing was rounded or nobody asked.
    """
    found: dict[str, list[Any]] = {}
    for position, function in enumerate(functions):
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            module = origins.module(_module_of(symbol, program.weights))
            kind = origins.strings.number(type_text(argument))
            row = found.setdefault(symbol, [symbol, kind, bytes_of(argument), module, []])
            if position not in row[4]:
                row[4].append(position)
    for symbol, row in found.items():
        row.append(program.weights.signal_to_noise(symbol) if errors else None)
    return sorted(found.values(), key=lambda row: -row[2])


def _is_quantised(value: ir.Value) -> bool:
    fact = tfl.tensor_fact(value)
    return fact is not None and fact.element.startswith("q")


def _module_of(symbol: str, store: WeightStore) -> str:
    """The module of a tensor; of several that were joined, the innermost module around all of them."""
    names = leaves(store.expression(symbol)) if symbol in store else (symbol,)
    paths = [name.split(".")[:-1] for name in names if not name.startswith("literal:")]
    columns = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    return ".".join(parts[0] for parts in columns)


def _constants(functions: Sequence[func.FuncOp], origins: Origins) -> list[list[int]]:
    """Module, type and bytes of the constants that are part of the module, summed by the first two."""
    found: dict[tuple[int, int], int] = {}
    for function in functions:
        for op in steps_of(function):
            if is_constant(op) and bytes_of(op.results[0]):
                module = origins.module(origin_of(op.location).path)
                kind = origins.strings.number(type_text(op.results[0]).partition("[")[0])
                found[module, kind] = found.get((module, kind), 0) + bytes_of(op.results[0])
    return [[module, kind, size] for (module, kind), size in found.items()]
