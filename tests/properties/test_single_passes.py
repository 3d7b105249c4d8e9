"""Each pass by itself on random models: FX in eager torch, StableHLO on XLA."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from litewright.compiler.capture import capture
from litewright.compiler.driver import presets
from litewright.compiler.driver.plan import leaves
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
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
            try:
                assert_computes(fresh, expected, "float32 model")
            except AssertionError as error:
                error.add_note(f"after {each.name}:\n{fresh}\nwhich was\n{text}")
                raise


@settings(COMMON, max_examples=15, derandomize=True)
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
