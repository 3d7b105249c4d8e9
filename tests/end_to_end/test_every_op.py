"""Every op with a rule, all the way to LiteRT: it computes what torch does, or is refused by name.

With the delegate and without.

`refused.txt` lists the cases that the runtime has no kernels for. The list is held both ways: a case that
is refused and not listed fails, and so does one that is listed and works.
"""

import contextlib
import os
from pathlib import Path

import pytest
import torch

from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UnsupportedError, UserError
from litewright.compiler.driver import presets
from litewright.compiler.ir import mlir, tfl
from litewright.compiler.ir.program import Program
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.torch_source import array_of_tensor
from litewright.lowering.stablehlo_to_tfl import legalise
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from tests.lowering.torch_to_stablehlo.case import Case
from tests.lowering.torch_to_stablehlo.cases import CASES
from tests.lowering.torch_to_stablehlo.test_ops import Call, tensors_of
from tests.support.laws import run_lawfully
from tests.support.tolerances import TOLERANCES, relative_error

LIST = Path(__file__).with_name("refused.txt")
REFUSED = frozenset(LIST.read_text().splitlines()) if LIST.exists() else frozenset[str]()
# What LiteRT's own kernels (2.3) do not take, or compute otherwise: the exponential and the mean of halves, and the
# largest number below zero where torch has infinity.
ON_THE_DELEGATE_ALONE = frozenset({
    "exp.default(float16[20])", "mean.dim(float16[3, 8], [1])", "logsumexp.default(float32[3], [0])",
})  # fmt: skip
UPDATING = "LITEWRIGHT_UPDATE_REFUSED" in os.environ


def _converted(case: Case) -> Program:
    tensors = tensors_of(case)
    captured = capture("main", Call(case).eval(), tensors, {}, kept=supported_ops())
    context = mlir.make_context()
    with mlir.use(context):
        program = lower([captured], context)
        run_lawfully(presets.STABLEHLO, program)
        legalise(program)
        run_lawfully(presets.TFL, program)
        tfl.verify(program)
    return program


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op_on_litert(case: Case, tmp_path: Path) -> None:
    tensors = tensors_of(case)
    if not tensors or any(not t.numel() for t in tensors) or "empty" in str(case.op):
        pytest.skip("a signature without inputs, or of empty tensors, does not load")
    try:
        program = _converted(case)
    except UnsupportedError:
        if UPDATING:
            with LIST.open("a") as file:
                file.write(f"{case}\n")
            return
        assert str(case) in REFUSED, "refused, but not listed"
        return
    assert str(case) not in REFUSED, "listed as refused, but it converts"
    with mlir.use(program.context):
        writer.write(program, tmp_path / "op.tflite")
    inputs = {f"tensors_{i}": array_of_tensor(t) for i, t in enumerate(tensors)}
    with torch.no_grad():
        expected = Call(case)(*tensors)
    # LiteRT's MAXIMUM and MINIMUM do not hand on NaN as torch's do.
    if any(t.is_floating_point() and t.isnan().any() for t in tensors):
        pytest.skip("the runtime has no say in what becomes of NaN")
    limit = TOLERANCES["float16 op" if _is_half(case) else "float32 transcendental"]

    def is_right(*, delegate: bool) -> bool:
        actual = Runner(tmp_path / "op.tflite", delegate=delegate).run(inputs)
        pairs = zip(actual.values(), expected, strict=True)
        return all(relative_error(a, array_of_tensor(wanted)) <= limit for a, wanted in pairs)

    assert is_right(delegate=True)
    if str(case) not in ON_THE_DELEGATE_ALONE:
        assert is_right(delegate=False)
        return
    with contextlib.suppress(UserError):
        assert not is_right(delegate=False), "listed, but LiteRT's own kernels are right"


def _is_half(case: Case) -> bool:
    return any(t.dtype in (torch.float16, torch.bfloat16) for t in tensors_of(case))
