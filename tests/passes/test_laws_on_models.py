"""Every pass of the presets on small models of many architectures: the laws hold, and so do the numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from litewright.compiler.capture import capture
from litewright.compiler.driver import presets
from litewright.compiler.driver.plan import leaves
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import Program
from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.lowering.torch_to_stablehlo import lower, supported_ops, weights
from litewright.passes.core import Pass
from tests.models.architectures import ARCHITECTURES, architecture
from tests.support.laws import (
    assert_computes,
    assert_fx_laws,
    is_tfl,
    run_all,
    run_lawfully,
)
from tests.support.slow import slow_but

PROGRAM_PASSES = (presets.STABLEHLO, presets.TFL)


@pytest.fixture(autouse=True)
def small_weights() -> Iterator[None]:
    """All parameters of models this small would be constants."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SMALL", 256)
        yield


# One of a kind; the others come with all tests.
QUICK = ("decoder", "resnet")


@pytest.mark.parametrize("name", slow_but(QUICK, ARCHITECTURES))
def test_laws(name: str) -> None:
    if name not in {"resnet", "decoder"}:
        pytest.importorskip("transformers")
    sample = architecture(name)
    captured = capture("main", sample.module, (), sample.inputs, kept=supported_ops())
    for each in leaves(presets.FX):
        assert_fx_laws(each, captured, sample.inputs)
    context = mlir.make_context()
    with mlir.use(context):
        program = lower([captured], context)
        for passes in PROGRAM_PASSES:
            expected = run_all(program)

            def computes(apply: Pass[Program], expected: dict[str, mlir.Array] = expected) -> None:
                try:
                    assert_computes(program, expected, "float32 model")
                except AssertionError as error:
                    error.add_note(f"after {apply.name}")
                    raise

            run_lawfully(passes, program, computes)
            if not is_tfl(program):
                legalise(program)
