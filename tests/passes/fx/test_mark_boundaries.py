"""Composites between marks in the code of a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_composite import composite_of
from litewright.composites import CompositePattern, StableHLOCompositeBuilder, mark_pattern
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.passes.fx.mark_boundaries import MarkBoundaries
from tests.support.agreement import assert_agrees
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


class Module(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.randn(4))

    def forward(self, x: Tensor) -> Any:
        return self.function(x, self.weight)


def _norm(x: Tensor, weight: Tensor) -> Tensor:
    """The weight is read inside without being marked, and so is a tensor that is made inside."""
    builder = StableHLOCompositeBuilder(
        name="acme.norm", attr={"eps": 0.5, "axes": [1, 2], "mode": "rms", "exact": True}
    )
    x = builder.mark_inputs(x)
    y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 0.5) * weight
    return builder.mark_outputs(y + torch.arange(4.0))


def twice(x: Tensor, weight: Tensor) -> Tensor:
    return _norm(_norm(x, weight), weight)


def several(x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Operands and results in the order of their marks, which is not that of their use."""
    builder = StableHLOCompositeBuilder("acme.pair", {"n": 2})
    scale, shift, x = builder.mark_inputs(weight, weight + 1, x.exp())
    first, second = x * scale, x - shift
    second, first = builder.mark_outputs(second, first)
    return first.sin(), second


def nested(x: Tensor, weight: Tensor) -> Tensor:
    builder = StableHLOCompositeBuilder("acme.outer")
    x = builder.mark_inputs(x)
    return builder.mark_outputs(_norm(x, weight) * 2)


def _program(function: Callable[..., Any]) -> FxProgram:
    return capture("main", Module(function).eval(), (torch.randn(3, 4),), {}, kept=supported_ops())


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (twice, ["acme.norm", "acme.norm"]),
        (several, ["acme.pair"]),
        (nested, ["acme.outer"]),
    ],
)
def test_numbers_are_those_of_eager(
    function: Callable[..., Any], names: list[str], tmp_path: Path
) -> None:
    program, x = _program(function), torch.randn(3, 4)
    expected, before = program.run({"x": x}), program.interface()
    assert MarkBoundaries().run(program)
    assert not MarkBoundaries().run(program)
    program.verify()
    nodes = program.graph_module.graph.nodes
    assert [call.name for node in nodes if (call := composite_of(node)) is not None] == names
    assert program.interface() == before
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        on_xla = run_program(lowered, {"x": x.numpy()})
    for name, tensor in expected.items():
        assert_close(program.run({"x": x})[name].numpy(), tensor.numpy(), "float32 op")
        assert_close(on_xla[name], tensor.numpy(), "float32 op")

    class First(Module):
        def forward(self, x: Tensor) -> Tensor:
            result = super().forward(x)
            return result[0] if isinstance(result, tuple) else result

    module = First(function).eval()
    assert_agrees(litewright.convert(module, (x,)), module, {"x": x}, tmp_path, kind="float32 op")


def test_attributes_and_order_of_operands() -> None:
    norm, pair = _program(twice), _program(several)
    for program in (norm, pair):
        MarkBoundaries().run(program)
    lowered = lower([norm], mlir.make_context())
    with mlir.use(lowered.context):
        text = str(lowered)
    attributes = 'axes = array<i64: 1, 2>, eps = 5.000000e-01 : f32, exact = true, mode = "rms"'
    assert text.count(f"composite_attributes = {{{attributes}}}") == 2
    assert text.count("func.func private @acme.norm") == 1
    (call,) = [n for n in pair.graph_module.graph.nodes if composite_of(n) is not None]
    assert [argument.name for argument in call.all_input_nodes] == ["p_weight", "add", "exp"]


def test_without_the_pass_marks_have_no_effect() -> None:
    program, x = _program(twice), torch.randn(3, 4)
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        assert "composite" not in str(lowered)
        results = run_program(lowered, {"x": x.numpy()})
    assert_close(results["output_0"], program.run({"x": x})["output_0"].numpy(), "float32 op")


def test_eager_is_unchanged() -> None:
    x, weight = torch.randn(3, 4), torch.randn(4)
    first, second = several(x, weight)
    assert torch.equal(first, (x.exp() * weight).sin())
    assert torch.equal(second, x.exp() - (weight + 1))


def _leaking(x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    builder = StableHLOCompositeBuilder("acme.bad")
    inner = builder.mark_inputs(x).exp()
    return builder.mark_outputs(inner.sin()), inner


def _empty(x: Tensor, weight: Tensor) -> Tensor:
    builder = StableHLOCompositeBuilder("acme.bad")
    return builder.mark_outputs(builder.mark_inputs(x)) * 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (_leaking, "its value exp is read outside and not marked as an output"),
        (_empty, "an operand is marked as a result, with nothing between"),
    ],
)
def test_what_is_no_composite_is_refused(function: Callable[..., Any], reason: str) -> None:
    with pytest.raises(UserError, match=reason) as raised:
        MarkBoundaries().run(_program(function))
    assert "acme.bad" in str(raised.value)
    assert "test_mark_boundaries.py" in str(raised.value)


def test_what_cannot_be_marked_is_refused() -> None:
    builder = StableHLOCompositeBuilder("acme.bad")
    with pytest.raises(UserError, match="before mark_inputs"):
        builder.mark_outputs(torch.ones(1))
    with pytest.raises(UserError, match="float is marked; only tensors"):
        builder.mark_inputs(1.0)  # pyright: ignore[reportArgumentType]
    with pytest.raises(UserError, match="attribute odd is"):
        StableHLOCompositeBuilder("acme.bad", {"odd": object()})


class Theirs(nn.Module):
    """A pattern that ends in a result, copies and conversions that change nothing, a view."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = x.float().clone()
        z = (y * torch.sigmoid(y * 1.5)).exp().flatten()
        return z.contiguous(), z * torch.sigmoid(1.5 * z)


def _swish(x: Tensor, *, beta: float) -> Tensor:
    return x * torch.sigmoid(x * beta)


def test_a_pattern_is_marked_in_an_exported_program(tmp_path: Path) -> None:
    x = torch.randn(2, 3)
    exported = torch.export.export(Theirs().eval(), (x,), strict=False)
    pattern = CompositePattern(
        "acme.swish", _swish, (torch.empty(2),), scalars={"beta": 1.0}, attributes={"n": 2}
    )
    assert mark_pattern(exported.graph_module, pattern) is exported.graph_module
    exported.graph_module.graph.lint()
    for actual, expected in zip(exported.graph_module(x), Theirs()(x), strict=True):
        assert torch.equal(actual, expected)
    model = litewright.compile({"main": exported}, dump_ir=tmp_path / "dump")
    text = next((tmp_path / "dump").glob("*_stablehlo.mlir")).read_text(encoding="utf-8")
    assert text.count("{beta = 1.500000e+00 : f32, n = 2 : i64}") == 2
    results = model(x.numpy())
    assert isinstance(results, dict)
    for name, tensor in zip(results, Theirs()(x), strict=True):
        assert_close(results[name], tensor.numpy(), "float32 transcendental")
