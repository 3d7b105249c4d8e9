"""Evaluation of what does not depend on inputs or weights: by NumPy, or on XLA, once for a module."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from litewright.compiler.ir import hlo, mlir
from litewright.compiler.ir.mlir import Array, func, ir, op_name
from litewright.compiler.ir.program import Program, body_of, is_signature
from litewright.compiler.ir.types import (
    dtype_of,
    element_count,
    element_of,
    is_complex,
    is_static,
    shape_of,
)
from litewright.passes.core import Decline, Observer, Pass, decline, is_pure, remove_dead

from .evaluation import evaluate

# What spreads few numbers over many elements. It is left to the ops that read it, which broadcast
# by themselves, unless something computes with it.
_SPREADING = frozenset({"stablehlo.broadcast_in_dim", "stablehlo.constant"})


def _bytes(value: ir.Value) -> int:
    return element_count(shape_of(value)) * dtype_of(value).itemsize


def _known(function: func.FuncOp, max_bytes: int) -> set[ir.Value]:
    """Values that do not depend on any argument."""
    known: set[ir.Value] = set()
    for op in body_of(function).operations:
        if not is_pure(op) or not all(operand in known for operand in op.operands):
            continue
        if any(_captures(op.regions)) or any(is_complex(result) for result in op.results):
            continue
        if op_name(op) == "stablehlo.constant":
            known.add(op.results[0])
        elif all(is_static(r) and _bytes(r) <= max_bytes for r in op.results):
            known.update(op.results)
    return known


def _captures(regions: ir.RegionSequence) -> Iterator[ir.Value]:
    """What the ops in regions read from outside of the op that has the regions."""
    for region in regions:
        for block in region.blocks:
            inside: set[ir.Value] = set(block.arguments)
            for op in block.operations:
                yield from (operand for operand in op.operands if operand not in inside)
                yield from (value for value in _captures(op.regions) if value not in inside)
                inside.update(op.results)


def _frontier(function: func.FuncOp, known: set[ir.Value]) -> Iterator[ir.Value]:
    """Known values that something unknown reads, and that are not constants or mere spreads of one."""
    for op in body_of(function).operations:
        if op.results and op.results[0] in known:
            continue
        for operand in op.operands:
            value = operand
            source = hlo.producer(value)
            while source is not None and op_name(source) == "stablehlo.broadcast_in_dim":
                value = source.operands[0]
                source = hlo.producer(value)
            if value in known and source is not None and op_name(source) not in _SPREADING:
                yield value


def _tell(
    name: str,
    function: func.FuncOp,
    known: Collection[ir.Value],
    observers: Sequence[Observer[Program]],
) -> None:
    """Tells why ops that read something known are not folded."""
    for op in body_of(function).operations:
        if not op.results or not any(operand in known for operand in op.operands):
            continue
        why = _why_not(op, known)
        if why is not None:
            for observer in observers:
                observer.declined(name, op, why)


def _why_not(op: ir.OpView, known: Collection[ir.Value]) -> Decline | None:
    if op.results[0] in known:
        spreads = op_name(op) in _SPREADING
        return (
            decline("what reads a broadcast of a constant spreads it itself") if spreads else None
        )
    if any(operand not in known for operand in op.operands):
        return decline("an operand depends on inputs or weights")
    if not is_pure(op) or any(_captures(op.regions)):
        return decline("it does more than compute its result, or reads more than its operands")
    return decline("the result is too large, or of unknown size", op.results[0].type)


@dataclass(eq=False, slots=True)
class _Evaluation:
    """The values that NumPy has computed; None for those that it cannot compute."""

    program: Program
    arrays: dict[ir.Value, Array | None] = field(default_factory=dict[ir.Value, Array | None])

    def array(self, value: ir.Value) -> Array | None:
        """The array behind a known value."""
        pending = [value]
        while pending:
            op = _definition(pending[-1])
            missing = [operand for operand in op.operands if operand not in self.arrays]
            if missing:
                pending.extend(missing)
                continue
            if pending.pop() not in self.arrays:
                self._compute(op)
        return self.arrays[value]

    def _compute(self, op: ir.OpView) -> None:
        known = [array for operand in op.operands if (array := self.arrays[operand]) is not None]
        complete = len(known) == len(op.operands)
        arrays = evaluate(self.program, op, known) if complete else None
        for number, result in enumerate(op.results):
            self.arrays[result] = None if arrays is None else arrays[number]


def _run_on_xla(program: Program, values: list[ir.Value]) -> list[Array]:
    """Runs a module that holds only what the values depend on."""
    module = ir.Module.create()
    with ir.InsertionPoint(module.body):
        for function in program.functions():
            if not is_signature(function):
                function.operation.clone()
        main = func.FuncOp("main", ir.FunctionType.get([], [value.type for value in values]))
    copies: dict[ir.Value, ir.Value] = {}
    with ir.InsertionPoint(main.add_entry_block()):
        for value in values:
            _copy(value, copies)
        func.ReturnOp([copies[value] for value in values])
    return mlir.run_on_xla(module)


def _evaluate(program: Program, values: list[ir.Value]) -> dict[ir.Value, Array]:
    evaluation = _Evaluation(program)
    arrays = {value: evaluation.array(value) for value in values}
    left = [value for value, array in arrays.items() if array is None]
    ran = dict(zip(left, _run_on_xla(program, left), strict=True)) if left else {}
    return {value: ran[value] if array is None else array for value, array in arrays.items()}


def _copy(value: ir.Value, copies: dict[ir.Value, ir.Value]) -> None:
    """Clones the op behind a value, and first what it reads, at the insertion point."""
    pending = [value]
    while pending:
        current = pending[-1]
        op = _definition(current)
        missing = [operand for operand in op.operands if operand not in copies]
        if current in copies or not missing:
            pending.pop()
        if current in copies:
            continue
        if missing:
            pending.extend(missing)
            continue
        clone = op.operation.clone()
        for number, operand in enumerate(op.operands):
            clone.operands[number] = copies[operand]
        copies.update(zip(op.results, clone.results, strict=True))


def _definition(value: ir.Value) -> ir.OpView:
    op = hlo.producer(value)
    assert op is not None, "what is known is made by an op"
    return op


@dataclass(frozen=True)
class FoldConstants(Pass[Program]):
    """Replaces what depends on constants alone by its value.

    Tables are folded; a broadcast of a constant stays what it is, and so does anything larger than
    `max_bytes`. Weights are arguments and so never folded here.

    Before::

        %0 = stablehlo.iota dim = 0 : tensor<8xi32>
        %1 = stablehlo.multiply %0, %0 : tensor<8xi32>

    After::

        %1 = stablehlo.constant dense<[0, 1, 4, 9, 16, 25, 36, 49]> : tensor<8xi32>

    Attributes:
        max_bytes: largest value that is folded.
    """

    max_bytes: int = 1 << 20

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Program, observers: Sequence[Observer[Program]]) -> bool:
        """See `Pass.run_observed`; told are the ops behind new constants, and what they end at."""
        values: list[ir.Value] = []
        for function in unit.functions():
            known = _known(function, self.max_bytes)
            values += dict.fromkeys(_frontier(function, known))
            if observers:
                _tell(self.name, function, known, observers)
        if not values:
            return False
        for value, array in _evaluate(unit, values).items():
            op = _definition(value)
            for observer in observers:
                observer.applied(self.name, op)
            with ir.InsertionPoint(op), op.location:
                value.replace_all_uses_with(_constant(array, value))
        remove_dead(unit)
        return True


def _constant(array: Array, value: ir.Value) -> ir.Value:
    """A constant in place of a value; written as one number where all elements are the same bits."""
    raw = np.ascontiguousarray(array).reshape(-1, 1).view(np.uint8)
    if array.size > 1 and (raw == raw[0]).all():
        return hlo.splat(array.flat[0], array.shape, element_of(value))
    return hlo.constant(array)
