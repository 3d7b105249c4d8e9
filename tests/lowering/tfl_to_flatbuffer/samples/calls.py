"""Functions that call functions: loops, branches, composites, state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import Program
from tests.lowering.tfl_to_flatbuffer.programs import Array, add_signature, like, program_of

_X = np.array([1.0, -2.0, 3.0], np.float32)


def empty() -> Program:
    """A program with one signature that has nothing to do with the case."""
    return program_of(lambda x: tfl.emit("neg", [x], x.type), [_X], "unrelated")


def _function(
    program: Program,
    name: str,
    inputs: Sequence[ir.Type],
    build: Callable[[Sequence[ir.Value]], Sequence[ir.Value]],
) -> str:
    return hlo.private_function(program.module, name, inputs, build)


def _calling(
    op: ir.Operation,
    names: Sequence[str],
    operands: Sequence[ir.Value],
    results: Sequence[Sequence[ir.Type]],
) -> None:
    for region, name, kinds in zip(op.regions, names, results, strict=True):
        own = [v.type for v in operands] if op.name == "tfl.while" else []
        block = ir.Block.create_at_start(region, own, [ir.Location.unknown()] * len(own))
        with ir.InsertionPoint(block):
            call = func.CallOp(list(kinds), name, list(block.arguments) if own else list(operands))
            ir.Operation.create("tfl.yield", operands=list(call.results))


def _one() -> ir.Value:
    return tfl.constant(np.array(1, np.int32))


def add_loop(program: Program) -> None:
    """Doubles x as often as n says."""
    count, vector, flag = like(element="i32"), like(3), like(element="i1")

    def condition(values: Sequence[ir.Value]) -> list[ir.Value]:
        return [tfl.emit("greater", [values[0], tfl.constant(np.array(0, np.int32))], flag)]

    def body(values: Sequence[ir.Value]) -> list[ir.Value]:
        return [
            tfl.emit("sub", [values[0], _one()], count),
            tfl.emit("add", [values[1], values[1]], vector),
        ]

    names = [
        _function(program, "condition", [count, vector], condition),
        _function(program, "body", [count, vector], body),
    ]

    def build(n: ir.Value, x: ir.Value) -> ir.Value:
        op = ir.Operation.create("tfl.while", results=[count, vector], operands=[n, x], regions=2)
        _calling(op, names, [n, x], [[flag], [count, vector]])
        return op.results[1]

    add_signature(program, build, [count, vector], "loop")


def add_branch(program: Program) -> None:
    """x + 1 or x * 10."""
    vector = like(3)
    names = [
        _function(
            program,
            "plus",
            [vector],
            lambda v: [tfl.emit("add", [v[0], tfl.splat(1, (), ir.F32Type.get())], vector)],
        ),
        _function(
            program,
            "times",
            [vector],
            lambda v: [tfl.emit("mul", [v[0], tfl.splat(10, (), ir.F32Type.get())], vector)],
        ),
    ]

    def build(condition: ir.Value, x: ir.Value) -> ir.Value:
        op = ir.Operation.create("tfl.if", results=[vector], operands=[condition], regions=2)
        _calling(op, names, [x], [[vector], [vector]])
        return op.results[0]

    add_signature(program, build, [like(element="i1"), vector], "branch")


def add_composite(program: Program) -> None:
    vector = like(3)
    name = _function(
        program, "squared", [vector], lambda v: [tfl.emit("mul", [v[0], v[0]], vector)]
    )

    def build(x: ir.Value) -> ir.Value:
        attributes = {"epsilon": ir.FloatAttr.get(ir.F32Type.get(), 0.1)}
        return hlo.composite("test.square", [x], [vector], attributes, name)[0]

    add_signature(program, build, [vector], "composite")


def add_state(program: Program) -> None:
    """A counter that starts at 5."""
    resource, number = like(element="!tf_type.resource"), like(element="f32")

    def handle() -> ir.Value:
        return tfl.emit("var_handle", [], resource, shared_name="counter")

    def start(_: Sequence[ir.Value]) -> list[ir.Value]:
        tfl.emit_many("assign_variable", [handle(), tfl.constant(np.array(5, np.float32))], [])
        return []

    name = _function(program, "start", [], start)

    def build(step: ir.Value) -> ir.Value:
        tfl.emit_many("call_once", [], [], session_init_function=name)
        counter = handle()
        total = tfl.emit("add", [tfl.emit("read_variable", [counter], number), step], number)
        tfl.emit_many("assign_variable", [counter, total], [])
        return total

    add_signature(program, build, [number], "state")


def add_custom(program: Program) -> None:
    def build(x: ir.Value) -> ir.Value:
        return tfl.emit("custom", [x], x.type, custom_code="ours", custom_option=b"\x00\x01")

    add_signature(program, build, [like(3)], "custom")


CASES: dict[str, tuple[Callable[[Program], None], list[Array], Array]] = {
    "loop": (add_loop, [np.array(3, np.int32), _X], _X * 8),
    "branch": (add_branch, [np.array(True), _X], _X + 1),
    "composite": (add_composite, [_X], _X * _X),
    "state": (add_state, [np.array(2, np.float32)], np.array(7, np.float32)),
}
