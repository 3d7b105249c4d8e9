"""Every rule against eager torch, on XLA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._ops import OpOverload

from litewright.compiler.capture import capture
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram, live_nodes
from litewright.compiler.weights.torch_source import array_of_tensor
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.lowering.torch_to_stablehlo.rules.complex_numbers import OF_ANY_NUMBERS
from litewright.lowering.torch_to_stablehlo.table import FAMILIES
from tests.lowering.torch_to_stablehlo.case import Case, Random
from tests.lowering.torch_to_stablehlo.cases import CASES, complex_numbers
from tests.support.slow import slow_but
from tests.support.tolerances import assert_close
from tests.support.xla import run_program

_REFUSED = Path(__file__).parents[2] / "end_to_end" / "refused.txt"
# The others run on LiteRT, whole: what is wrong in a rule is wrong there too.
_UNSEEN = [case for case in CASES if str(case) in _REFUSED.read_text().splitlines()]


class Call(nn.Module):
    """A call of an op, with the tensors among its arguments as inputs."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        given = iter(tensors)
        args = [_fill(argument, given) for argument in self.case.args]
        kwargs = {name: _fill(argument, given) for name, argument in self.case.kwargs.items()}
        made = self.case.op(*args, **kwargs)
        results = (made,) if isinstance(made, Tensor) else tuple(made)
        chosen = self.case.results
        results = results if chosen is None else tuple(results[number] for number in chosen)
        return tuple(torch.view_as_real(r.resolve_conj()) if r.is_complex() else r for r in results)


def _fill(argument: Any, tensors: Iterator[Tensor]) -> Any:
    if isinstance(argument, Random | Tensor):
        given = next(tensors)
        pairs = isinstance(argument, Random) and argument.are_pairs
        return torch.view_as_complex(given) if pairs else given
    if isinstance(argument, list):
        return [_fill(each, tensors) for each in argument]
    return argument


def _drawn(argument: Any, generator: torch.Generator) -> list[Tensor]:
    match argument:
        case Random():
            return [argument.draw(argument.shape, generator)]
        case Tensor():
            return [argument]
        case list():
            return [tensor for each in argument for tensor in _drawn(each, generator)]
        case _:
            return []


def tensors_of(case: Case) -> list[Tensor]:
    generator = torch.Generator().manual_seed(7)
    values = [*case.args, *case.kwargs.values()]
    return [tensor for value in values for tensor in _drawn(value, generator)]


def _kind(case: Case, result: Tensor) -> str:
    if case.kind:
        return case.kind
    if result.is_floating_point():
        return f"{str(result.dtype).removeprefix('torch.')} op"
    return "exact"


def _captured(case: Case) -> FxProgram:
    return capture("main", Call(case).eval(), tensors_of(case), {}, kept=supported_ops())


@pytest.mark.parametrize("case", slow_but(_UNSEEN, CASES), ids=str)
def test_op_equals_eager(case: Case) -> None:
    tensors = tensors_of(case)
    program = _captured(case)
    assert case.op in {node.target for node in live_nodes(program.graph_module)}
    context = mlir.make_context()
    with mlir.use(context):
        lowered = lower([program], context)
        assert lowered.module.operation.verify()
        fed = zip(program.inputs, tensors, strict=True)
        inputs = {each.name: array_of_tensor(tensor) for each, tensor in fed}
        results = run_program(lowered, inputs)
    expected = Call(case)(*tensors)
    assert len(results) == len(expected)
    for actual, wanted in zip(results.values(), expected, strict=True):
        assert_close(actual, array_of_tensor(wanted), _kind(case, wanted))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_rule_has_a_case(family: str) -> None:
    tested = {case.op for case in CASES}
    untested = [str(op) for op, _ in FAMILIES[family] if op not in tested]
    assert not untested


def test_every_op_that_takes_complex_numbers_has_a_case_of_them() -> None:
    tested = {case.op for case in complex_numbers.CASES if "complex" in str(case)}
    assert not {str(op) for op in OF_ANY_NUMBERS - tested}


def test_every_case_has_a_rule() -> None:
    known = supported_ops()
    unknown: list[OpOverload] = [case.op for case in CASES if case.op not in known]
    assert not unknown
