"""Passes on tfl: when they fire, when they decline, and that the numbers stay.

A program is written as StableHLO and legalised; the pass under test is all that runs. The laws that hold
for every pass (interface kept, honest about change, stable when run again) are checked on each case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.program import Program, describe_type, input_name, inputs_of, results_of
from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.passes.core import EliminateCommonSubexpressions, Pass, Repeat
from litewright.passes.tfl.absorb_broadcasts import AbsorbBroadcasts
from litewright.passes.tfl.absorb_transposes import AbsorbTransposes
from litewright.passes.tfl.fold_scales import FoldScales
from litewright.passes.tfl.fuse_activations import FuseActivations
from litewright.passes.tfl.fuse_biases import FuseBiases
from litewright.passes.tfl.fuse_projections import FuseProjections
from litewright.passes.tfl.hoist_scales import HoistScales
from litewright.passes.tfl.simplify_reductions import SimplifyReductions
from litewright.passes.tfl.simplify_shapes import SimplifyShapes
from litewright.passes.tfl.sink_transposes import SinkTransposes
from tests.support.programs import function, ops_of, program_of, random_inputs, run_on_litert
from tests.support.tolerances import assert_close


@dataclass(frozen=True)
class Case:
    """A pass, a program, and the ops that are left; `fires` is whether the pass changes anything."""

    name: str
    apply: Pass[Program]
    inputs: Sequence[str]
    results: Sequence[str]
    body: str
    ops: dict[str, int]
    weights: Sequence[str] = ()
    before: Sequence[Pass[Program]] = field(default=(AbsorbBroadcasts(),))
    fires: bool = True


X, V, M = "tensor<4x8xf32>", "tensor<8xf32>", "tensor<8x8xf32>"
FC = f"stablehlo.dot_general %a0, %w0, contracting_dims = [1] x [1] : ({X}, {M}) -> {X}"
C8 = "dense<[1.0, 2.0, -3.0, 0.5, 0.25, 4.0, -1.0, 1.5]> : tensor<8xf32>"
SPREAD = f"%s = stablehlo.broadcast_in_dim %c, dims = [1] : ({V}) -> {X}"
ZERO = f"%z = stablehlo.constant dense<0.0> : {X}"
RELU = f"{ZERO}\n%r = stablehlo.maximum %1, %z : {X}\nreturn %r : {X}"
T = "tensor<8x4xf32>"

CASES = [
    Case("broadcast is absorbed", AbsorbBroadcasts(), [X, V], [X], f"""
        %0 = stablehlo.broadcast_in_dim %a1, dims = [1] : ({V}) -> {X}
        %1 = stablehlo.add %a0, %0 : {X}
        return %1 : {X}""", {"add": 1}, before=()),
    Case("broadcast of both stays", AbsorbBroadcasts(), [V], [X], f"""
        %0 = stablehlo.broadcast_in_dim %a0, dims = [1] : ({V}) -> {X}
        %1 = stablehlo.add %0, %0 : {X}
        return %1 : {X}""", {"add": 1, "broadcast_to": 1, "reshape": 1}, before=()),
    Case("splat shrinks", AbsorbBroadcasts(), [X], [X], f"""
        %c = stablehlo.constant dense<2.5> : {X}
        %1 = stablehlo.multiply %a0, %c : {X}
        return %1 : {X}""", {"mul": 1}, before=()),
    Case("constant that differs stays", AbsorbBroadcasts(), [V], [V], f"""
        %c = stablehlo.constant {C8}
        %1 = stablehlo.multiply %a0, %c : {V}
        return %1 : {V}""", {"mul": 1}, before=(), fires=False),
    Case("bias is fused", FuseBiases(), [X], [X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.add %0, %s : {X}
        return %1 : {X}""", {"fully_connected": 1}, weights=[M]),
    Case("two biases are added", FuseBiases(), [X], [X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.add %0, %s : {X}
        %2 = stablehlo.add %s, %1 : {X}
        return %2 : {X}""", {"fully_connected": 1}, weights=[M]),
    Case("bias known at run time stays", FuseBiases(), [X, V], [X], f"""
        %0 = {FC}
        %s = stablehlo.broadcast_in_dim %a1, dims = [1] : ({V}) -> {X}
        %1 = stablehlo.add %0, %s : {X}
        return %1 : {X}""", {"fully_connected": 1, "add": 1}, weights=[M], fires=False),
    Case("bias of a product read twice stays", FuseBiases(), [X], [X, X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.add %0, %s : {X}
        return %0, %1 : {X}, {X}""", {"fully_connected": 1, "add": 1}, weights=[M], fires=False),
    Case("activation is fused", FuseActivations(), [X], [X], f"""
        %1 = {FC}
        {RELU}""", {"fully_connected": 1}, weights=[M]),
    Case("activation of a sum is fused", FuseActivations(), [X, X], [X], f"""
        %1 = stablehlo.add %a0, %a1 : {X}
        {RELU}""", {"add": 1}),
    Case("activation of an input stays", FuseActivations(), [X], [X], f"""
        {ZERO}
        %r = stablehlo.maximum %a0, %z : {X}
        return %r : {X}""", {"relu": 1}, fires=False),
    Case("activation of a value read twice stays", FuseActivations(), [X, X], [X, X], f"""
        %1 = stablehlo.add %a0, %a1 : {X}
        {ZERO}
        %r = stablehlo.maximum %1, %z : {X}
        return %r, %1 : {X}, {X}""", {"add": 1, "relu": 1}, fires=False),
    Case("second activation stays", FuseActivations(), [X, X], [X], f"""
        %0 = stablehlo.add %a0, %a1 : {X}
        {ZERO}
        %1 = stablehlo.maximum %0, %z : {X}
        %l = stablehlo.constant dense<-1.0> : tensor<f32>
        %h = stablehlo.constant dense<1.0> : tensor<f32>
        %2 = stablehlo.clamp %l, %1, %h : (tensor<f32>, {X}, tensor<f32>) -> {X}
        return %2 : {X}""", {"add": 1, "relu_n1_to_1": 1}),
    Case("scale is folded", FoldScales(), [X], [X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.multiply %0, %s : {X}
        return %1 : {X}""", {"fully_connected": 1}, weights=[M]),
    Case("scale of a weight read twice stays", FoldScales(), [X], [X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.multiply %0, %s : {X}
        %2 = stablehlo.dot_general %1, %w0, contracting_dims = [1] x [1] : ({X}, {M}) -> {X}
        return %2 : {X}""", {"fully_connected": 2, "mul": 1}, weights=[M], fires=False),
    Case("scale, bias and scale of a product", Repeat((FoldScales(), FuseBiases())), [X], [X], f"""
        %0 = {FC}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %1 = stablehlo.multiply %0, %s : {X}
        %2 = stablehlo.add %1, %s : {X}
        %3 = stablehlo.multiply %2, %s : {X}
        return %3 : {X}""", {"fully_connected": 1}, weights=[M]),
    Case("scalar moves up to a product", HoistScales(), [X], ["tensor<2x2x8xf32>"], f"""
        %0 = {FC}
        %1 = stablehlo.reshape %0 : ({X}) -> tensor<2x2x8xf32>
        %c = stablehlo.constant dense<0.125> : tensor<2x2x8xf32>
        %2 = stablehlo.multiply %1, %c : tensor<2x2x8xf32>
        return %2 : tensor<2x2x8xf32>""", {"fully_connected": 1, "mul": 1, "reshape": 1}, weights=[M]),
    Case("scalar of an input stays", HoistScales(), [X], ["tensor<2x2x8xf32>"], f"""
        %1 = stablehlo.reshape %a0 : ({X}) -> tensor<2x2x8xf32>
        %c = stablehlo.constant dense<0.125> : tensor<2x2x8xf32>
        %2 = stablehlo.multiply %1, %c : tensor<2x2x8xf32>
        return %2 : tensor<2x2x8xf32>""", {"mul": 1, "reshape": 1}, fires=False),
    Case("sum becomes mean", SimplifyReductions(), [X], ["tensor<4x1xf32>"], f"""
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %0 = stablehlo.reduce(%a0 init: %z) applies stablehlo.add across dimensions = [1]
          : ({X}, tensor<f32>) -> tensor<4xf32>
        %n = stablehlo.constant dense<8.0> : tensor<4xf32>
        %1 = stablehlo.divide %0, %n : tensor<4xf32>
        %2 = stablehlo.reshape %1 : (tensor<4xf32>) -> tensor<4x1xf32>
        return %2 : tensor<4x1xf32>""", {"mean": 1}),
    Case("sum over another number stays", SimplifyReductions(), [X], ["tensor<4xf32>"], f"""
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %0 = stablehlo.reduce(%a0 init: %z) applies stablehlo.add across dimensions = [1]
          : ({X}, tensor<f32>) -> tensor<4xf32>
        %n = stablehlo.constant dense<7.0> : tensor<4xf32>
        %1 = stablehlo.divide %0, %n : tensor<4xf32>
        return %1 : tensor<4xf32>""", {"sum": 1, "div": 1}, fires=False),
    Case("reshapes merge", SimplifyShapes(), [X], ["tensor<2x16xf32>"], f"""
        %0 = stablehlo.reshape %a0 : ({X}) -> tensor<32xf32>
        %1 = stablehlo.reshape %0 : (tensor<32xf32>) -> tensor<2x16xf32>
        return %1 : tensor<2x16xf32>""", {"reshape": 1}, before=()),
    Case("transposes merge", SimplifyShapes(), ["tensor<2x3x4xf32>"], ["tensor<4x3x2xf32>"], """
        %0 = stablehlo.transpose %a0, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
        %1 = stablehlo.transpose %0, dims = [1, 0, 2] : (tensor<3x4x2xf32>) -> tensor<4x3x2xf32>
        return %1 : tensor<4x3x2xf32>""", {"transpose": 1}, before=()),
    Case("transpose of ones is a reshape", SimplifyShapes(), ["tensor<1x3x1x4xf32>"],
        ["tensor<3x1x4x1xf32>"], """
        %0 = stablehlo.transpose %a0, dims = [1, 0, 3, 2] : (tensor<1x3x1x4xf32>) -> tensor<3x1x4x1xf32>
        return %0 : tensor<3x1x4x1xf32>""", {"reshape": 1}, before=()),
    Case("transpose that moves stays", SimplifyShapes(), [X], [T], f"""
        %0 = stablehlo.transpose %a0, dims = [1, 0] : ({X}) -> {T}
        return %0 : {T}""", {"transpose": 1}, before=(), fires=False),
    Case("product reads transposed", AbsorbTransposes(), ["tensor<2x4x8xf32>", "tensor<2x8x5xf32>"],
        ["tensor<2x4x5xf32>"], """
        %0 = stablehlo.transpose %a1, dims = [0, 2, 1] : (tensor<2x8x5xf32>) -> tensor<2x5x8xf32>
        %1 = stablehlo.dot_general %a0, %0, batching_dims = [0] x [0], contracting_dims = [2] x [2]
          : (tensor<2x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x5xf32>
        return %1 : tensor<2x4x5xf32>""", {"batch_matmul": 1}, before=()),
    Case("product of batches moved stays", AbsorbTransposes(), ["tensor<2x4x8xf32>", "tensor<5x2x8xf32>"],
        ["tensor<2x4x5xf32>"], """
        %0 = stablehlo.transpose %a1, dims = [1, 0, 2] : (tensor<5x2x8xf32>) -> tensor<2x5x8xf32>
        %1 = stablehlo.dot_general %a0, %0, batching_dims = [0] x [0], contracting_dims = [2] x [2]
          : (tensor<2x4x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x5xf32>
        return %1 : tensor<2x4x5xf32>""", {"batch_matmul": 1, "transpose": 1}, before=(), fires=False),
    Case("transposes meet", Repeat((SinkTransposes(), SimplifyShapes())), [T, T], [T], f"""
        %0 = stablehlo.transpose %a0, dims = [1, 0] : ({T}) -> {X}
        %1 = stablehlo.transpose %a1, dims = [1, 0] : ({T}) -> {X}
        %c = stablehlo.constant {C8}
        {SPREAD}
        %2 = stablehlo.multiply %0, %s : {X}
        %3 = stablehlo.add %2, %1 : {X}
        %4 = stablehlo.tanh %3 : {X}
        %5 = stablehlo.transpose %4, dims = [1, 0] : ({X}) -> {T}
        return %5 : {T}""", {"mul": 1, "add": 1, "tanh": 1}),
    Case("transpose passes a reduction", SinkTransposes(), ["tensor<2x5x3xf32>"], ["tensor<2x3xf32>"], """
        %0 = stablehlo.transpose %a0, dims = [0, 2, 1] : (tensor<2x5x3xf32>) -> tensor<2x3x5xf32>
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [2]
          : (tensor<2x3x5xf32>, tensor<f32>) -> tensor<2x3xf32>
        return %1 : tensor<2x3xf32>""", {"sum": 1}),
    Case("reduction that would reorder stays", SinkTransposes(), ["tensor<2x5x3xf32>"], ["tensor<3x2xf32>"],
        """
        %0 = stablehlo.transpose %a0, dims = [2, 1, 0] : (tensor<2x5x3xf32>) -> tensor<3x5x2xf32>
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %1 = stablehlo.reduce(%0 init: %z) applies stablehlo.add across dimensions = [1]
          : (tensor<3x5x2xf32>, tensor<f32>) -> tensor<3x2xf32>
        return %1 : tensor<3x2xf32>""", {"sum": 1, "transpose": 1}, fires=False),
    Case("sum with an input stays", SinkTransposes(), [T, X], [X], f"""
        %0 = stablehlo.transpose %a0, dims = [1, 0] : ({T}) -> {X}
        %1 = stablehlo.add %0, %a1 : {X}
        return %1 : {X}""", {"transpose": 1, "add": 1}, fires=False),
    Case("equal ops are one", EliminateCommonSubexpressions(), [X], [X], f"""
        %0 = stablehlo.tanh %a0 : {X}
        %1 = stablehlo.tanh %a0 : {X}
        %2 = stablehlo.add %0, %1 : {X}
        return %2 : {X}""", {"tanh": 1, "add": 1}),
    Case("ops that differ stay", EliminateCommonSubexpressions(), [X, X], [X], f"""
        %0 = stablehlo.tanh %a0 : {X}
        %1 = stablehlo.tanh %a1 : {X}
        %2 = stablehlo.add %0, %1 : {X}
        return %2 : {X}""", {"tanh": 2, "add": 1}, fires=False),
]  # fmt: skip


def heads(number: int) -> str:
    """The heads of a projection by weight `number`: [1, 4, 2, 4] -> [1, 2, 4, 4]."""
    return f"""
    %p{number} = stablehlo.dot_general %a0, %w{number}, contracting_dims = [2] x [1]
      : (tensor<1x4x8xf32>, {M}) -> tensor<1x4x8xf32>
    %h{number} = stablehlo.reshape %p{number} : (tensor<1x4x8xf32>) -> tensor<1x4x2x4xf32>
    %t{number} = stablehlo.transpose %h{number}, dims = [0, 2, 1, 3]
      : (tensor<1x4x2x4xf32>) -> tensor<1x2x4x4xf32>"""


HEADS = "tensor<1x2x4x4xf32>"
PROJECTIONS = [
    Case(
        "projections of one value are one",
        FuseProjections(),
        ["tensor<1x4x8xf32>"],
        [HEADS] * 3,
        f"{heads(0)}{heads(1)}{heads(2)}\nreturn %t0, %t1, %t2 : {HEADS}, {HEADS}, {HEADS}",
        {"fully_connected": 1, "reshape": 1, "transpose": 1, "split": 1},
        weights=[M] * 3,
    ),
    Case(
        "a projection alone stays",
        FuseProjections(),
        ["tensor<1x4x8xf32>"],
        [HEADS],
        f"{heads(0)}\nreturn %t0 : {HEADS}",
        {"fully_connected": 1, "reshape": 1, "transpose": 1},
        weights=[M],
        fires=False,
    ),
    Case(
        "a weight that is read elsewhere too stays apart",
        FuseProjections(),
        ["tensor<1x4x8xf32>"],
        [HEADS, HEADS, "tensor<1x4x8xf32>"],
        f"""{heads(0)}{heads(1)}
        %x = stablehlo.dot_general %p0, %w1, contracting_dims = [2] x [1]
          : (tensor<1x4x8xf32>, {M}) -> tensor<1x4x8xf32>
        return %t0, %t1, %x : {HEADS}, {HEADS}, tensor<1x4x8xf32>""",
        {"fully_connected": 3, "reshape": 2, "transpose": 2},
        weights=[M] * 2,
        fires=False,
    ),
]


def interface(program: Program) -> list[str]:
    (signature,) = program.signatures()
    inputs = [f"{input_name(a)}: {describe_type(a)}" for a in inputs_of(signature)]
    return inputs + [f"{name}: {describe_type(value)}" for name, value in results_of(signature)]


@pytest.mark.parametrize("case", [*CASES, *PROJECTIONS], ids=lambda case: case.name)
def test_pass(case: Case) -> None:
    text = f"module {{\n{function(case.inputs, case.results, case.body, case.weights)}\n}}"
    with mlir.use(mlir.make_context()):
        program = program_of(text)
        legalise(program)
        for each in case.before:
            each.run(program)
        inputs, names = random_inputs(program), interface(program)
        expected = run_on_litert(program, inputs, delegate=False)
        before = str(program.module)
        changed = case.apply.run(program)
        after = str(program.module)
        tfl.verify(program)
        assert changed == case.fires == (before != after)
        assert dict(ops_of(program)) == case.ops
        assert interface(program) == names
        for delegate in (True, False):
            actual = run_on_litert(program, inputs, delegate=delegate)
            for name, array in expected.items():
                assert_close(actual[name], array, "float32 transcendental")
        assert not case.apply.run(program), "a second run changes something"
        assert str(program.module) == after
