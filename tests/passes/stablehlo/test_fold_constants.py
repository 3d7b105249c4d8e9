"""FoldConstants: what it folds, what it leaves, and that XLA computes the same before and after."""

import pytest

from litewright.compiler.ir import mlir
from litewright.passes.stablehlo.fold_constants import FoldConstants
from tests.support.programs import function, ops_of, program_of, random_inputs
from tests.support.tolerances import assert_close
from tests.support.xla import run_program

V, X = "tensor<8xf32>", "tensor<4x8xf32>"
CASES = {
    "table": (
        f"""%0 = stablehlo.iota dim = 0 : {V}
        %1 = stablehlo.multiply %0, %0 : {V}
        %2 = stablehlo.cosine %1 : {V}
        %3 = stablehlo.broadcast_in_dim %2, dims = [1] : ({V}) -> {X}
        %4 = stablehlo.add %a0, %3 : {X}
        return %4 : {X}""",
        {"broadcast_in_dim": 1, "add": 1},
        True,
    ),
    "two tables of one value": (
        f"""%0 = stablehlo.iota dim = 0 : {V}
        %1 = stablehlo.sine %0 : {V}
        %2 = stablehlo.cosine %0 : {V}
        %3 = stablehlo.broadcast_in_dim %1, dims = [1] : ({V}) -> {X}
        %4 = stablehlo.broadcast_in_dim %2, dims = [1] : ({V}) -> {X}
        %5 = stablehlo.multiply %a0, %3 : {X}
        %6 = stablehlo.add %5, %4 : {X}
        return %6 : {X}""",
        {"broadcast_in_dim": 2, "multiply": 1, "add": 1},
        True,
    ),
    "mere broadcast stays": (
        f"""%c = stablehlo.constant dense<2.0> : tensor<f32>
        %3 = stablehlo.broadcast_in_dim %c, dims = [] : (tensor<f32>) -> {X}
        %4 = stablehlo.add %a0, %3 : {X}
        return %4 : {X}""",
        {"broadcast_in_dim": 1, "add": 1},
        False,
    ),
    "what an input reaches stays": (
        f"""%0 = stablehlo.cosine %a0 : {X}
        %1 = stablehlo.add %0, %a0 : {X}
        return %1 : {X}""",
        {"cosine": 1, "add": 1},
        False,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    body, ops, fires = CASES[name]
    with mlir.use(mlir.make_context()):
        program = program_of(f"module {{\n{function([X], [X], body)}\n}}")
        inputs = random_inputs(program)
        expected = run_program(program, inputs)
        assert FoldConstants().run(program) == fires
        assert program.module.operation.verify()
        assert dict(ops_of(program)) == ops
        assert_close(run_program(program, inputs)["r0"], expected["r0"], "float32 op")
        assert not FoldConstants().run(program)


def test_large_values_stay() -> None:
    body = f"""%0 = stablehlo.iota dim = 0 : {V}
    %1 = stablehlo.cosine %0 : {V}
    %2 = stablehlo.broadcast_in_dim %1, dims = [1] : ({V}) -> {X}
    %3 = stablehlo.add %a0, %2 : {X}
    return %3 : {X}"""
    with mlir.use(mlir.make_context()):
        program = program_of(f"module {{\n{function([X], [X], body)}\n}}")
        assert not FoldConstants(max_bytes=31).run(program)
        assert FoldConstants(max_bytes=32).run(program)


def test_weights_are_never_folded() -> None:
    body = f"""%0 = stablehlo.cosine %w0 : {X}
    %1 = stablehlo.add %a0, %0 : {X}
    return %1 : {X}"""
    with mlir.use(mlir.make_context()):
        program = program_of(f"module {{\n{function([X], [X], body, [X])}\n}}")
        assert not FoldConstants().run(program)
