"""Copies of programs whose interior values a caller sees, or gives.

That is how interior values are had on every engine: XLA and LiteRT both return what a function returns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from ..ir.mlir import func, ir, op_name
from ..ir.program import (
    NAME,
    Program,
    add_argument,
    body_of,
    is_signature,
    refresh_type,
    results_of,
    set_result_names,
)

# What is no step of a computation.
_SILENT = frozenset({
    "func.return", "stablehlo.constant", "tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value",
    "tfl.variable",
})  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value is made.

    Attributes:
        index: position of the op among the ops of its function, or among the nodes of its graph.
        result: which of the op's results.
    """

    index: int
    result: int = 0

    def __str__(self) -> str:
        return f"value_{self.index}_{self.result}"

    @classmethod
    def parse(cls, name: str) -> Self:
        """The place of which `name` is the text."""
        _, index, result = name.split("_")
        return cls(int(index), int(result))


def snapshot(program: Program) -> Program:
    """A copy of the module over the same weights. The context must be current."""
    module = ir.Module.create()
    for name in program.module.operation.attributes:
        module.operation.attributes[name] = program.module.operation.attributes[name]
    with ir.InsertionPoint(module.body):
        for op in program.module.body.operations:
            op.operation.clone()
    return Program(module, program.weights)


def only(program: Program, signature: str) -> func.FuncOp:
    """Removes all signatures but one, which is returned."""
    for other in program.signatures():
        if other.name.value != signature:
            other.erase()
    return program.signature(signature)


def computed(function: func.FuncOp) -> Iterator[tuple[Place, ir.OpView, ir.Value]]:
    """The values that a function computes, with where and by what; constants are left out."""
    for index, op in enumerate(body_of(function).operations):
        if op_name(op) in _SILENT:
            continue
        for number, value in enumerate(op.results):
            if _is_static_tensor(value.type):
                yield Place(index, number), op, value


def exposed(
    program: Program,
    signature: str,
    *,
    shown: Collection[Place] = (),
    given: Collection[Place] = (),
) -> Program:
    """A copy with one signature, which returns some interior values too, and takes others as inputs.

    Values are named by `str(place)`. A value that is shown and is a result already comes under both
    names. The context must be current.
    """
    copy = snapshot(program)
    function = only(copy, signature)
    ops = list(body_of(function).operations)
    values = [ops[place.index].results[place.result] for place in shown]
    named = [*results_of(function), *zip(map(str, shown), values, strict=True)]
    _return(function, named)
    for place in given:
        value = ops[place.index].results[place.result]
        value.replace_all_uses_with(add_argument(function, value.type, {NAME: str(place)}))
    return copy


def cut(
    program: Program, signature: str, *, ends: Sequence[Place], starts: Collection[Place]
) -> Program:
    """The part of a signature that computes `ends` from `starts`, inputs and weights, and no more.

    Starts become inputs and ends results, both named by `str(place)`. The context must be current.
    """
    copy = exposed(program, signature, shown=ends, given=starts)
    function = copy.signature(signature)
    wanted = set(map(str, ends))
    _return(function, [(name, value) for name, value in results_of(function) if name in wanted])
    for op in reversed(list(body_of(function).operations)[:-1]):
        if all(next(iter(result.uses), None) is None for result in op.results):
            op.erase()
    _drop_unused_arguments(function)
    _drop_unused_functions(copy)
    return copy


def _return(function: func.FuncOp, named: Sequence[tuple[str, ir.Value]]) -> None:
    terminator = list(body_of(function).operations)[-1]
    location = terminator.location
    terminator.erase()
    with ir.InsertionPoint(body_of(function)), location:
        func.ReturnOp([value for _, value in named])
    refresh_type(function)
    set_result_names(function, [name for name, _ in named])


def _drop_unused_arguments(function: func.FuncOp) -> None:
    unused = [a.arg_number for a in function.arguments if next(iter(a.uses), None) is None]
    entries = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
    for number in reversed(unused):
        body_of(function).erase_argument(number)
        del entries[number]
    refresh_type(function)
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)


def _drop_unused_functions(program: Program) -> None:
    while True:
        used = {
            symbol
            for function in program.functions()
            for op in _nested(body_of(function))
            for symbol in _symbols_of(op)
        }
        dead = [f for f in program.functions() if not is_signature(f) and f.name.value not in used]
        if not dead:
            return
        while dead:
            dead.pop().erase()


def _symbols_of(op: ir.OpView) -> Iterator[str]:
    """Functions that an op names: its decomposition, its callee, what a control flow op runs."""
    for name in op.attributes:
        match op.attributes[name]:
            case ir.FlatSymbolRefAttr() as symbol:
                yield symbol.value
            case ir.ArrayAttr() as entries:
                yield from (e.value for e in entries if isinstance(e, ir.FlatSymbolRefAttr))
            case _:
                pass


def _nested(block: ir.Block) -> Iterator[ir.OpView]:
    for op in block.operations:
        yield op
        for region in op.regions:
            for inner in region.blocks:
                yield from _nested(inner)


def _is_static_tensor(kind: ir.Type) -> bool:
    try:
        return ir.RankedTensorType(kind).has_static_shape
    except ValueError:
        return False
