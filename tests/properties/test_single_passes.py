"""Each pass by itself on random models: FX in eager torch, StableHLO on XLA."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from litewright.compiler.capture import capture
from litewright.compiler.driver import presets
from litewright.compiler.driver.plan import leaves
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of, weight_symbol, weights_of
from litewright.compiler.ir.types import dtype_of, element_count, shape_of
from litewright.lowering.torch_to_stablehlo import lower, supported_ops, weights
from litewright.passes.core import Pass
from tests.properties.graphs import Example
from tests.properties.models import COMMON, examples
from tests.support.laws import (
    assert_computes,
    assert_fx_laws,
    assert_structural_laws,
    run_all,
)

# What these make of a few numbers may be many.
GROWING = frozenset({"fold-constants", "simplify"})

# Writes a constant of a few numbers anew where readers want it in two layouts; a weight never.
REPEATING = frozenset({"assign-layout"})


def _held_bytes(program: Program, *, constants: bool) -> int:
    """The size of all weights, and of constants if asked for, that the file would hold, each once."""
    sizes: dict[object, int] = {}
    for function in program.functions():
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            sizes[symbol] = program.weights.type_of(symbol).nbytes
        for op in body_of(function).operations:
            if constants and op_name(op) == "stablehlo.constant":
                value = ir.DenseElementsAttr(op.attributes["value"])
                count = 1 if value.is_splat else element_count(shape_of(op.results[0]))
                sizes[value] = count * dtype_of(op.results[0]).itemsize
    return sum(sizes.values())


def check_each_pass(case: Example) -> None:
    """Asserts the laws of the passes on FX in turn, then those of each pass on StableHLO by itself."""
    captured = capture("main", case.model.eval(), case.inputs, {}, kept=supported_ops())
    inputs = {each.name: tensor for each, tensor in zip(captured.inputs, case.inputs, strict=True)}
    for each in leaves(presets.FX):
        assert_fx_laws(each, captured, inputs, "float32 model")
    context = mlir.make_context()
    with mlir.use(context):
        program = lower([captured], context)
        _check_on_stablehlo(program, list(dict.fromkeys(leaves(presets.STABLEHLO))))


def _check_on_stablehlo(program: Program, passes: Sequence[Pass[Program]]) -> None:
    expected = run_all(program)
    text = str(program)
    for each in passes:
        fresh = Program(ir.Module.parse(text), program.weights)
        if assert_structural_laws(each, fresh):
            held, before = (
                _held_bytes(p, constants=each.name not in REPEATING) for p in (fresh, program)
            )
            assert each.name in GROWING or held <= before, f"more bytes by {each.name}"
            try:
                assert_computes(fresh, expected, "float32 model")
            except AssertionError as error:
                error.add_note(f"after {each.name}:\n{fresh}\nwhich was\n{text}")
                raise


@settings(COMMON, max_examples=8, derandomize=True)
@given(examples(steps=8))
def test_single_passes_keep_the_numbers(case: Example) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SMALL", 0)
        check_each_pass(case)


@pytest.mark.slow
@settings(COMMON, max_examples=1000)
@given(examples(steps=12))
def test_single_passes_keep_the_numbers_of_many_models(case: Example) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SMALL", 0)
        check_each_pass(case)
