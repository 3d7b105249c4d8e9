"""Random models that share parameters, as two signatures of one file: each computes what it does alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UnsupportedError
from litewright.compiler.driver.plan import PassPlan
from litewright.compiler.driver.presets import DEFAULT, EMPTY
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.program import Program
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.torch_source import array_of_tensor
from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.lowering.torch_to_stablehlo import lower, supported_ops, weights
from litewright.passes.core import Pipeline
from litewright.passes.tfl.keep_read_values import KeepReadValues
from tests.properties.graphs import Example
from tests.properties.models import COMMON, examples
from tests.support.laws import run_lawfully
from tests.support.tolerances import assert_close

SIGNATURES = ("one", "other")


@st.composite
def pairs(draw: st.DrawFn, steps: int) -> tuple[Example, Example]:
    """Two models; the second has the parameters of the first too."""
    one = draw(examples(steps))
    other = draw(examples(steps, list(one.model.weights)))
    for number, parameter in enumerate(one.model.weights):
        other.model.weights[number] = parameter
    return one, other


def _converted(cases: tuple[Example, Example], plan: PassPlan) -> Program:
    captured = [
        capture(name, case.model.eval(), case.inputs, {}, kept=supported_ops())
        for name, case in zip(SIGNATURES, cases, strict=True)
    ]
    for each in captured:
        Pipeline(plan.fx).run(each)
    context = mlir.make_context()
    with mlir.use(context):
        program = lower(captured, context)
        run_lawfully(plan.stablehlo, program)
        legalise(program)
        run_lawfully(plan.tfl, program)
        # As every conversion ends, whatever its plan.
        run_lawfully((KeepReadValues(),), program)
        tfl.verify(program)
    return program


def _assert_agree(program: Program, cases: tuple[Example, Example]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        with mlir.use(program.context):
            writer.write(program, path)
        runner = Runner(path)
        for name, case in zip(SIGNATURES, cases, strict=True):
            inputs = {
                f"inputs_{i}": array_of_tensor(tensor) for i, tensor in enumerate(case.inputs)
            }
            actual = runner.run(inputs, name)
            for array, tensor in zip(actual.values(), case.expected, strict=True):
                kind = "float32 model" if tensor.is_floating_point() else "exact"
                assert_close(array, tensor.numpy(), kind)


def check(cases: tuple[Example, Example]) -> bool:
    """Asserts that both signatures compute what their models do; False if they are refused."""
    try:
        plain = _converted(cases, EMPTY)
    except UnsupportedError:
        return False
    _assert_agree(plain, cases)
    program = _converted(cases, DEFAULT)
    try:
        _assert_agree(program, cases)
    except AssertionError as error:
        error.add_note(str(program))
        raise
    return True


@settings(COMMON, max_examples=10, derandomize=True)
@given(pairs(steps=6))
def test_signatures_share_weights(cases: tuple[Example, Example]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SMALL", 0)
        assume(check(cases))


@pytest.mark.slow
@settings(COMMON, max_examples=1000)
@given(pairs(steps=10))
def test_signatures_of_many_models_share_weights(cases: tuple[Example, Example]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SMALL", 0)
        assume(check(cases))
