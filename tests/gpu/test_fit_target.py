"""What the pass `fit-target` says another way, on the delegate itself."""

from pathlib import Path

import pytest

from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.passes.tfl.fit_target import FitTarget
from tests.compiler.targets.single_ops import program_of
from tests.gpu.cases import CASES, arrays_for
from tests.gpu.device import run_on_gpu
from tests.gpu.test_single_ops import POSITIVE, tolerance_of
from tests.support.tolerances import assert_close

pytestmark = pytest.mark.gpu


def fitted() -> list[str]:
    """The cases that the pass changes."""
    with mlir.use(mlir.make_context()):
        return [case for case in CASES if FitTarget("gpu").run(program_of(*CASES[case]()))]


@pytest.mark.parametrize("case", fitted())
def test_equals_the_original_on_the_cpu(case: str, tmp_path: Path) -> None:
    inputs, body = CASES[case]()
    before, after = tmp_path / "before.tflite", tmp_path / "after.tflite"
    with mlir.use(mlir.make_context()):
        program = program_of(inputs, body)
        writer.write(program, before)
        FitTarget("gpu").run(program)
        writer.write(program, after)
    given = arrays_for(inputs, positive=any(name in case for name in POSITIVE))
    made = run_on_gpu(after, {f"f/{name}": array for name, array in given.items()})
    assert made.accelerated, made.complaint
    for name, array in Runner(before, delegate=False).run(given).items():
        assert_close(made.outputs[f"f/{name}"], array, tolerance_of(case))
