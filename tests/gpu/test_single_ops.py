"""What the table of the GPU says of an op against what the delegate makes of it."""

from pathlib import Path

import pytest

from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import body_of
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import ML_DRIFT, Miscomputed
from litewright.lowering.tfl_to_flatbuffer import writer
from tests.compiler.targets.single_ops import program_of
from tests.gpu.cases import CASES, arrays_for
from tests.gpu.device import Array, run_on_gpu
from tests.support.tolerances import TOLERANCES, relative_error

pytestmark = pytest.mark.gpu

_INVISIBLE = ("tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value", "func.return")
# Powers of negative numbers that are no numbers on the CPU are numbers on the GPU.
POSITIVE = ("log", "sqrt", "rsqrt", "pow f32", "pow 0.5", "pow 1.5")


@pytest.mark.parametrize("case", CASES)
def test_the_table_says_what_the_delegate_does(case: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    inputs, body = CASES[case]()
    with mlir.use(mlir.make_context()):
        program = program_of(inputs, body)
        writer.write(program, path)
        operations = body_of(program.signature("f")).operations
        visible = [op for op in operations if mlir.op_name(op) not in _INVISIBLE]
        reasons = [ML_DRIFT.why_not_delegated(op) for op in visible]
        reason = next((each for each in reasons if each is not None), None)
    given = arrays_for(inputs, positive=any(name in case for name in POSITIVE))
    verdict = _verdict(path, given, tolerance_of(case))
    if reason is None:
        assert verdict == "right"
    elif isinstance(reason, Miscomputed):
        assert verdict == "wrong", reason
    else:
        assert verdict.startswith("left"), reason


def test_every_row_of_the_table_has_a_case() -> None:
    tried: set[str] = set()
    for case in CASES:
        with mlir.use(mlir.make_context()):
            program = program_of(*CASES[case]())
            tried |= {mlir.op_name(op) for op in body_of(program.signature("f")).operations}
    assert not ML_DRIFT.rows.keys() - tried


def tolerance_of(case: str) -> str:
    if case in ("sin", "cos"):
        return "GPU sine"
    return "int8 activations" if case.startswith("fully_connected of i") else "GPU op"


def _verdict(path: Path, given: dict[str, Array], tolerance: str) -> str:
    made = run_on_gpu(path, {f"f/{name}": array for name, array in given.items()})
    if not made.accelerated:
        return f"left: {made.complaint}"
    wanted = Runner(path, delegate=False).run(given)
    exact = all(
        made.outputs[f"f/{name}"].dtype == array.dtype
        and relative_error(made.outputs[f"f/{name}"], array) <= TOLERANCES[tolerance]
        for name, array in wanted.items()
    )
    return "right" if exact else "wrong"
