"""Programs as lists of ops that can be compared across contexts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..ir import mlir, tfl
from ..ir.mlir import Array, func, ir, op_name
from ..ir.origin import Origin, origin_of
from ..ir.program import (
    Program,
    body_of,
    input_name,
    inputs_of,
    results_of,
    weight_symbol,
    weights_of,
)
from ..ir.types import array_of, element_count, shape_of
from .diff_facts import OpEntry
from .survey import builtin_name, bytes_of

_CONSTANTS = frozenset({"stablehlo.constant", "tfl.pseudo_const", "tfl.pseudo_qconst"})
_SILENT = _CONSTANTS | {"func.return", "tfl.no_value"}
# What types, symbols or regions say already.
_IGNORED = frozenset({"decomposition", "qtype"})
_LONGEST = 200
_NUMBER = re.compile(r"_\d+$")


@dataclass(frozen=True, slots=True, eq=False)
class Operand:
    """What an op reads.

    Attributes:
        kind: `op`, `input`, `weight`, `constant`, or `nothing` for an optional operand that is not there.
        type: as messages print it.
        name: of an input or weight; of the op that makes it.
        producer: position of that op.
        read: yields the numbers of a weight or constant.
        count: of the numbers.
    """

    kind: str
    type: str = ""
    name: str = ""
    producer: int | None = None
    read: Callable[[], Array] | None = None
    count: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.type}".strip()


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """An op.

    Attributes:
        entry: what is told of it.
        name: module path and label, without the number that makes names in a file unique; empty if unknown.
        operands: what it reads.
        index: its number among the ops of its function, constants among them.
    """

    entry: OpEntry
    name: str
    operands: tuple[Operand, ...]
    index: int


def ops_of(program: Program, function: func.FuncOp) -> list[Op]:
    """The ops of a function but constants, in order."""
    with mlir.use(program.context):
        operands: dict[ir.Value, Operand] = dict(_arguments(program, function))
        found: list[Op] = []
        for index, op in enumerate(body_of(function).operations):
            if op_name(op) in _CONSTANTS:
                operands[op.results[0]] = _constant(op)
            elif op_name(op) == "tfl.no_value":
                operands[op.results[0]] = Operand("nothing")
            elif op_name(op) not in _SILENT:
                read = tuple(operands[value] for value in op.operands)
                found.append(_op(op, len(found), read, index))
                made = found[-1]
                for value in op.results:
                    named = made.name or made.entry.op
                    operands[value] = Operand("op", type_text(value), named, made.entry.position)
        return found


def interface_of(program: Program, function: func.FuncOp) -> list[str]:
    """A line per input and result."""
    with mlir.use(program.context):
        lines = [f"input {input_name(a)}: {type_text(a)}" for a in inputs_of(function)]
        return [*lines, *(f"result {n}: {type_text(v)}" for n, v in results_of(function))]


def bytes_of_program(program: Program) -> int:
    """What weights and constants take; a weight that several signatures share counts once."""
    with mlir.use(program.context):
        sizes: dict[str, int] = {}
        constants = 0
        for function in program.functions():
            sizes |= {weight_symbol(a) or "": bytes_of(a) for a in weights_of(function)}
            ops = body_of(function).operations
            constants += sum(bytes_of(op.results[0]) for op in ops if op_name(op) in _CONSTANTS)
        return sum(sizes.values()) + constants


def type_text(value: ir.Value) -> str:
    """`f32[1,128]`, `qi8[384]{0.5}` with the scale of a quantised tensor; other types as MLIR prints them."""
    try:
        fact = tfl.tensor_fact(value)
    except ValueError:  # no tensor: a resource, a string
        fact = None
    if fact is None:
        return str(value.type)
    sizes = ",".join("?" if n < 0 else str(n) for n in fact.shape)
    scale = f"{{{fact.scale:.6g}}}" if fact.scale is not None else ""
    per = f"{{per {fact.granularity}}}" if fact.granularity in ("axis", "block") else ""
    return f"{fact.element}[{sizes}]{scale or per}"


def _arguments(program: Program, function: func.FuncOp) -> Iterator[tuple[ir.Value, Operand]]:
    for argument in function.arguments:
        symbol = weight_symbol(argument)
        kind = type_text(argument)
        if symbol is None:
            yield argument, Operand("input", kind, input_name(argument) or "")
        else:
            yield argument, Operand("weight", kind, symbol, None, _reader(program, symbol))


def _reader(program: Program, symbol: str) -> Callable[[], Array]:
    return lambda: program.weights.read(symbol)


def _constant(op: ir.OpView) -> Operand:
    value = op.attributes["value"]
    count = element_count(shape_of(op.results[0]))
    return Operand("constant", type_text(op.results[0]), "", None, lambda: array_of(value), count)


def _op(op: ir.OpView, position: int, operands: tuple[Operand, ...], index: int) -> Op:
    origin = origin_of(op.location)
    entry = OpEntry(
        position,
        builtin_name(op),
        origin.path,
        "" if origin == Origin() else str(origin),
        tuple(type_text(value) for value in op.results),
        dict(_attributes(op)),
    )
    return Op(entry, _NUMBER.sub("", origin.name), operands, index)


def _attributes(op: ir.OpView) -> Iterator[tuple[str, str]]:
    if tfl.spec_of(op) is not None:
        for name, value in tfl.attributes_of(op).items():
            if name not in _IGNORED:
                yield name, _short(value)
        return
    for name in op.attributes:
        if name not in _IGNORED:
            yield name, _short(op.attributes[name])


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
