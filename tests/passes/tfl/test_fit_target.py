"""What is said another way for a target computes the same, and the target takes all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.targets import ML_DRIFT, XNNPACK, Miscomputed, Target
from litewright.passes.tfl.fit_target import FitTarget
from tests.compiler.targets.single_ops import program_of
from tests.gpu.cases import CASES
from tests.support.laws import assert_laws
from tests.support.text_cases import TextCase, assert_case, cases_of
from tests.support.tolerances import assert_close

_INVISIBLE = ("tfl.pseudo_const", "tfl.pseudo_qconst", "tfl.no_value", "func.return")

# What has no other form yet; each of these is an error of `convert`, or left to the CPU.
MISCOMPUTED_STILL = {
    "embedding_lookup of i8 with one scale",
    "embedding_lookup of i4 with one scale",
    "embedding_lookup of i2 with one scale",
    "fully_connected, filter at run time",
    "pad [[1, 0], [0, 0], [0, 0], [0, 0]]",
    "pow -1.0",
    "reverse_v2 of [2, 3, 4, 5] along 3",
}


def visible(program: Program) -> list[ir.OpView]:
    operations = body_of(program.signature("f")).operations
    return [op for op in operations if mlir.op_name(op) not in _INVISIBLE]


def reasons(program: Program, target: Target = ML_DRIFT) -> list[str]:
    found = [target.why_not_delegated(op) for op in visible(program)]
    return [reason for reason in found if reason is not None]


@pytest.fixture(autouse=True)
def _in_a_context() -> Iterator[None]:
    with mlir.use(mlir.make_context()):
        yield


@pytest.mark.parametrize("case", CASES)
def test_the_same_numbers_by_ops_that_the_gpu_takes(case: str) -> None:
    program = program_of(*CASES[case]())
    before = reasons(program)
    if not before:
        assert not FitTarget("gpu").run(program)
        return
    text = str(program.module)
    # Runs it before and after, holds it to what it says of itself, and runs it twice.
    fits = assert_laws(FitTarget("gpu"), program) if _runs(case) else FitTarget("gpu").run(program)
    assert (str(program.module) != text) == fits
    if fits:
        assert not reasons(program)
    else:
        assert isinstance(before[0], Miscomputed) == (case in MISCOMPUTED_STILL)


def _runs(case: str) -> bool:
    """Whether LiteRT has kernels for the case on the CPU; all those that it lacks are never rewritten."""
    return not any(
        word in case for word in (" i64", "of rank 5", "i1 to", "run-time", "at run time")
    )


@pytest.mark.parametrize("case", cases_of(Path(__file__).with_name("fit-target.mlir")), ids=str)
def test_text(case: TextCase) -> None:
    assert_case([FitTarget("gpu")], case)


def test_nothing_is_done_for_a_target_that_does_not_ask() -> None:
    program = program_of(*CASES["broadcast_to"]())
    assert reasons(program, XNNPACK)
    assert not FitTarget().run(program)
    assert not FitTarget(XNNPACK).run(program)


class Table(nn.Module):
    """Adds a table of the shape of its input, which the GPU would lay out in another way."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("table", torch.arange(15.0).reshape(3, 5) - 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.get_buffer("table")


@pytest.mark.parametrize("target", ["cpu", "gpu", "litert-lm-gpu"])
def test_a_conversion_tells_it_the_target(target: str) -> None:
    x = torch.randn(3, 5)
    model = litewright.convert(Table(), (x,), target=target)
    with mlir.use(model.program.context):
        text = str(model.program.module)
    assert ("tensor<1x3x5xf32>" in text) == (target != "cpu")
    assert_close(model(x.numpy()), Table()(x).numpy(), "float32 op")
