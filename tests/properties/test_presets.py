"""Random models compute what eager torch does, with all passes, with none, and with those of one level."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings

from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UnsupportedError
from litewright.compiler.driver.plan import PassPlan
from litewright.compiler.driver.presets import DEFAULT, EMPTY
from litewright.compiler.ir import hlo, mlir, tfl
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.torch_source import array_of_tensor
from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.lowering.torch_to_stablehlo import lower, supported_ops, weights
from litewright.passes.core import (
    Outcome,
    Pipeline,
    RewritePass,
    Rule,
    RuleContext,
    rule,
)
from litewright.passes.tfl.keep_read_values import KeepReadValues
from tests.properties.graphs import Builder, Example
from tests.properties.models import COMMON, example_of, examples
from tests.support.laws import run_lawfully
from tests.support.tolerances import assert_close

PLANS: dict[str, PassPlan] = {
    "no passes": EMPTY,
    "StableHLO passes": replace(EMPTY, stablehlo=DEFAULT.stablehlo),
    "tfl passes": replace(EMPTY, tfl=DEFAULT.tfl),
    # The graph is changed in place, so these come last.
    "FX passes": replace(EMPTY, fx=DEFAULT.fx),
    "all passes": DEFAULT,
}


def _converted(captured: FxProgram, plan: PassPlan) -> Program:
    Pipeline(plan.fx).run(captured)
    context = mlir.make_context()
    with mlir.use(context):
        program = lower([captured], context)
        run_lawfully(plan.stablehlo, program)
        legalise(program)
        run_lawfully(plan.tfl, program)
        # As every conversion ends, whatever its plan.
        run_lawfully((KeepReadValues(),), program)
        tfl.verify(program)
    return program


def _assert_agrees(program: Program, case: Example, folder: Path) -> None:
    path = folder / "model.tflite"
    with mlir.use(program.context):
        writer.write(program, path)
    inputs = {f"inputs_{i}": array_of_tensor(tensor) for i, tensor in enumerate(case.inputs)}
    for delegate in (True, False):
        actual = Runner(path, delegate=delegate).run(inputs)
        for array, tensor in zip(actual.values(), case.expected, strict=True):
            kind = "float32 model" if tensor.is_floating_point() else "exact"
            assert_close(array, tensor.numpy(), kind)


def agrees(case: Example) -> bool:
    """Asserts that what plans make of a model computes what it does; False if one refuses it.

    Passes may bring numbers down to what there are kernels for, and never away from that.
    """
    captured = capture("main", case.model.eval(), case.inputs, {}, kept=supported_ops())
    refused: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, plan in PLANS.items():
            try:
                program = _converted(captured, plan)
            except UnsupportedError:
                refused.append(name)
                continue
            try:
                _assert_agrees(program, case, Path(folder))
            except Exception as error:
                error.add_note(f"with {name}:\n{program}")
                raise
    if refused:
        assert "no passes" in refused, f"refused with {refused}, and not without them"
        assert "all passes" not in refused or refused == [*PLANS], f"refused with {refused} alone"
    return not refused


@pytest.fixture(params=[False, True], ids=["constants", "weights"], scope="module")
def weights_are_arguments(request: pytest.FixtureRequest) -> Iterator[None]:
    """Parameters this small would all be constants."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr(weights, "SMALL", 0)
        yield


@pytest.mark.usefixtures("weights_are_arguments")
@settings(COMMON, max_examples=6, derandomize=True)
@given(examples(steps=8))
def test_passes_keep_the_numbers(case: Example) -> None:
    assume(agrees(case))


@pytest.mark.slow
@pytest.mark.usefixtures("weights_are_arguments")
@settings(COMMON, max_examples=1500)
@given(examples(steps=12))
def test_passes_keep_the_numbers_of_many_models(case: Example) -> None:
    assume(agrees(case))


@dataclass(frozen=True)
class MultiplyDifferences(RewritePass):
    """Wrong: multiplies instead."""

    def rules(self) -> Sequence[Rule]:
        @rule("stablehlo.subtract")
        def multiplied(op: ir.OpView, context: RuleContext) -> Outcome:
            return hlo.multiply(*op.operands)

        return (multiplied,)


def test_a_wrong_pass_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = Builder(lambda _: None, np.random.default_rng(0))
    builder.add_input(torch.arange(6.0).reshape(2, 3))
    builder.add("1 -", lambda x: 1 - x, [0])
    case = example_of(builder, 1, [1])
    assert agrees(case)
    wrong = replace(EMPTY, stablehlo=(MultiplyDifferences(),))
    monkeypatch.setitem(PLANS, "a wrong pass", wrong)
    with pytest.raises(AssertionError, match="exceeds"):
        agrees(case)
