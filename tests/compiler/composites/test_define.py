"""Functions made composites: in eager mode, through export, in the IR, on XLA and on LiteRT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UnsupportedError, UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.torch_ops import op_of
from litewright.composites import composite
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from tests.support.agreement import assert_agrees
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


@composite("litewright_tests::normalise")
def normalise(x: Tensor, eps: float = 1e-5) -> Tensor:
    """x over its root mean square."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


@composite("litewright_tests::stages")
def stages(  # noqa: PLR0917
    x: Tensor,
    weight: Tensor | None,
    sizes: list[int],
    mode: str = "up",
    scales: list[float] | None = None,
    flags: list[bool] | None = None,
    kind: torch.dtype = torch.float32,
    *,
    rows: int = 2,
) -> tuple[Tensor, Tensor]:
    """Two results, a tensor changed in place, an op that has no rule of its own."""
    y = x if weight is None else x * weight
    length = torch.linalg.vector_norm(y, dim=-1).to(kind)
    z = y.clone()
    z[:, 0] = float(rows)
    return z, length * (2 if mode == "up" else 1)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        y, a = stages(x, self.weight, [1, 2], scales=[1, 2.5], flags=[True, False])
        z, b = stages(y, self.weight, [1, 2], scales=[1, 2.5], flags=[True, False])
        w, _ = stages(z, None, [3], "down", rows=5)
        return outer(w), a, b


@composite("litewright_tests::outer")
def outer(x: Tensor) -> Tensor:
    """A composite in a composite."""
    return normalise(normalise(x) + 1)


def _lower(*programs: tuple[str, nn.Module, tuple[Tensor, ...]]) -> Program:
    captured = [capture(n, m.eval(), args, {}, kept=supported_ops()) for n, m, args in programs]
    return lower(captured, mlir.make_context())


def test_attributes_operands_and_decompositions_are_in_the_ir() -> None:
    x = torch.randn(2, 3, 4)
    program = _lower(("main", Twice(), (x,)), ("other", Twice(), (x,)))
    with mlir.use(program.context):
        text = str(program)
    lines = [line for line in text.splitlines() if 'composite "litewright_tests.stages"' in line]
    assert len(lines) == 6
    first, _, last = lines[:3]
    assert 'flags = array<i1: true, false>, kind = "float32", mode = "up", rows = 2 : i64' in first
    assert "scales = array<f32: 1.000000e+00, 2.500000e+00>, sizes = array<i64: 1, 2>" in first
    assert (
        'composite_attributes = {kind = "float32", mode = "down", rows = 5 : i64, sizes = array<i64: 3>}'
        in last
    )
    assert "(tensor<2x3x4xf32>, tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3xf32>)" in first
    # Two signatures, three calls each: two different ones.
    assert text.count("func.func private @litewright_tests.stages") == 2
    # Equal calls inside of a composite share their decomposition too.
    assert text.count("func.func private @litewright_tests.outer") == 1
    assert text.count("func.func private @litewright_tests.normalise") == 1
    assert text.count('composite "litewright_tests.normalise"') == 2


def test_numbers_are_those_of_eager_on_every_stage(tmp_path: Path) -> None:
    module, x = Twice().eval(), torch.randn(2, 3, 4)
    with torch.no_grad():
        expected = module(x)
    captured = capture("main", module, (x,), {}, kept=supported_ops())
    program = _lower(("main", module, (x,)))
    with mlir.use(program.context):
        on_xla = run_program(program, {"x": x.numpy()})
    in_eager = captured.run({"x": x})
    for index, tensor in enumerate(expected):
        assert_close(in_eager[f"output_{index}"].numpy(), tensor.numpy(), "float32 op")
        assert_close(on_xla[f"output_{index}"], tensor.numpy(), "float32 op")

    class First(Twice):
        def forward(self, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            return super().forward(x)[0]

    first = First().eval()
    assert_agrees(litewright.convert(first, (x,)), first, {"x": x}, tmp_path, kind="float32 op")


def test_a_composite_inside_stays_one_node_in_both_modes_of_export() -> None:
    class Module(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return normalise(normalise(x) * 2, eps=0.5)

    x = torch.randn(3, 4)
    for strict in (False, True):
        exported = torch.export.export(Module(), (x,), strict=strict)
        ops = [op_of(node) for node in exported.graph.nodes if node.op == "call_function"]
        assert ops.count(normalise.op) == 2
        again = exported.run_decompositions({})
        assert torch.equal(again.module()(x), Module()(x))


def test_shapes_and_dtypes_have_decompositions_of_their_own() -> None:
    class Module(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
            return normalise(x), normalise(y)

    program = _lower(("main", Module(), (torch.randn(3, 4), torch.randn(2, 5))))
    with mlir.use(program.context):
        assert str(program).count("func.func private @litewright_tests.normalise") == 2


def test_absent_operands_are_told_apart() -> None:
    @composite("litewright_tests::either")
    def either(x: Tensor, a: Tensor | None = None, b: Tensor | None = None) -> Tensor:
        return x * 2 if a is None else x * 3

    class Module(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return either(x, x, None), either(x, None, x)

    program, x = _lower(("main", Module(), (torch.randn(3),))), torch.randn(3)
    with mlir.use(program.context):
        results = run_program(program, {"x": x.numpy()})
    assert_close(results["output_0"], (x * 3).numpy(), "float32 op")
    assert_close(results["output_1"], (x * 2).numpy(), "float32 op")


def test_lists_of_tensors_are_operands() -> None:
    @composite("litewright_tests::gathered")
    def gathered(parts: list[Tensor], others: list[Tensor]) -> Tensor:
        return torch.cat([*parts, *[other * 2 for other in others]])

    class Module(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            y = x + 1
            return gathered([x, y], [x]), gathered([x], [y, x])

    program, x = _lower(("main", Module(), (torch.randn(3),))), torch.randn(3)
    with mlir.use(program.context):
        results = run_program(program, {"x": x.numpy()})
    for name, expected in zip(("output_0", "output_1"), Module()(x), strict=True):
        assert_close(results[name], expected.numpy(), "float32 op")


def _missing(x) -> Tensor:  # pyright: ignore[reportMissingParameterType]
    return x + 1


def _no_result(x: Tensor):
    return x + 1


def _odd(x: Tensor, options: dict[str, int]) -> Tensor:
    return x + 1


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_missing, "Parameter x must have a type annotation"),
        (_no_result, "No return type annotation"),
        (_odd, "Parameter options has unsupported type"),
    ],
)
def test_annotations_are_wanted(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(UserError, match=f"{function.__name__}.*{reason}.*Annotate every argument"):
        composite("litewright_tests::refused")(function)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("swish", "NAMESPACE::NAME"),
        ("acme::a.b", "NAMESPACE::NAME"),
        ("aten::swish", "belongs to torch"),
        ("litewright_tests::normalise", "defined twice.*test_define"),
    ],
)
def test_names_are_checked(name: str, reason: str) -> None:
    def other(x: Tensor) -> Tensor:
        return x + 1

    with pytest.raises(UserError, match=reason):
        composite(name)(other)


def test_a_cell_of_a_notebook_can_be_run_again() -> None:
    for factor in (2.0, 3.0):

        @composite("litewright_tests::again")
        def again(x: Tensor) -> Tensor:
            return x * factor  # noqa: B023

        assert torch.equal(again(torch.ones(2)), torch.full((2,), factor))

    class Module(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return again(x)

    program = _lower(("main", Module(), (torch.ones(2),)))
    with mlir.use(program.context):
        assert "3.0" in str(program)


@composite("litewright_tests::mutating")
def mutating(x: Tensor, y: Tensor) -> Tensor:
    y.add_(1)
    return x + y


@composite("litewright_tests::aliasing")
def aliasing(x: Tensor, y: Tensor) -> Tensor:
    return y[1:]


class Calls(nn.Module):
    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, x * 2)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (mutating, "litewright_tests::mutating changes its argument y in place"),
        (aliasing, "litewright_tests::aliasing returns its argument y, or a view of it"),
    ],
)
def test_what_breaks_the_schema_is_refused(function: Callable[..., Tensor], reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        Calls(function)(torch.ones(3))
    with pytest.raises(UserError, match=reason):
        litewright.convert(Calls(function).eval(), (torch.ones(3),))


def test_what_cannot_be_lowered_inside_is_told() -> None:
    @composite("litewright_tests::unsupported")
    def unsupported(x: Tensor, y: Tensor) -> Tensor:
        return torch.linalg.eigvalsh(x) + y[0]

    with pytest.raises(UnsupportedError, match=r"litewright_tests\.unsupported") as raised:
        litewright.convert(Calls(unsupported).eval(), (torch.randn(3, 3),))
    assert "linalg_eigvalsh" in str(raised.value)


def test_a_definition_that_fails_leaves_nothing_behind() -> None:
    def of(annotation: object) -> Callable[..., Any]:
        def failing(x: Tensor) -> Tensor:
            return x + 1

        failing.__annotations__["x"] = annotation
        return failing

    composite("litewright_tests::failing")(of(Tensor))
    with pytest.raises(UserError, match="unsupported type"):
        composite("litewright_tests::failing")(of(dict))
    again = composite("litewright_tests::failing")(of(Tensor))
    assert torch.equal(again(torch.ones(1)), torch.full((1,), 2.0))
    assert again.op in supported_ops()
