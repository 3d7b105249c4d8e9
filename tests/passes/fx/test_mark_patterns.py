# ruff: noqa: ARG005
"""Functions found in models: what fits, what does not and why, and that numbers stay."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.fx import Node

import litewright
from litewright.compiler.capture import capture
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_composite import composite_of
from litewright.composites import CompositePattern, Found, composite
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.passes.core import Misses
from litewright.passes.fx.mark_patterns import MarkPatterns
from litewright.passes.fx.remove_identities import RemoveIdentities
from litewright.passes.fx.remove_unused_nodes import RemoveUnusedNodes
from tests.support.agreement import assert_agrees
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


class Module(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, y: Tensor) -> Any:
        return self.function(x, y)


def _program(function: Callable[..., Any], *samples: Tensor) -> FxProgram:
    args = samples or (torch.randn(3, 8), torch.randn(8))
    program = capture("main", Module(function).eval(), args, {}, kept=supported_ops())
    RemoveUnusedNodes().run(program)
    RemoveIdentities().run(program)
    return program


def _marked(program: FxProgram) -> list[Node]:
    return [n for n in program.graph_module.graph.nodes if composite_of(n) is not None]


def _assert_marked(
    pattern: CompositePattern, program: FxProgram, calls: list[Mapping[str, Any]]
) -> list[Node]:
    """The attributes of the composites, in order; the numbers are those of before, on XLA too."""
    inputs = {
        each.name: torch.randn(program.placeholders[each.placeholder].meta["val"].shape)
        for each in program.inputs
    }
    expected = program.run(inputs)
    assert MarkPatterns((pattern,)).run(program) is bool(calls)
    program.verify()
    marked = _marked(program)
    assert [dict(node.kwargs) for node in marked] == calls
    assert MarkPatterns((pattern,)).run(program) is False
    actual = program.run(inputs)
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        on_xla = run_program(lowered, {name: x.numpy() for name, x in inputs.items()})
    for name, tensor in expected.items():
        assert torch.equal(actual[name], tensor)
        assert_close(on_xla[name], tensor.numpy(), "float32 op")
    return marked


def _why_not(pattern: CompositePattern, program: FxProgram) -> tuple[str, str, int]:
    """Reason, place and progress of the best partial match."""
    misses = Misses(pattern.title)
    assert not MarkPatterns((pattern,)).run_observed(program, (misses,))
    best = misses.ranked()[0]
    return best.reason, best.at, best.progress


def swish(x: Tensor, *, beta: float) -> Tensor:
    return x * torch.sigmoid(x * beta)


def norm(x: Tensor, weight: Tensor, *, eps: float) -> Tensor:
    variance = x.float().pow(2).mean(-1, keepdim=True)
    return weight * (x.float() * torch.rsqrt(variance + eps)).to(x.dtype)


SWISH = CompositePattern("acme::swish", swish, (torch.empty(2, 4),), scalars={"beta": 1.0})
NORM = CompositePattern(
    "acme.norm",
    norm,
    (torch.empty(2, 4), torch.empty(4)),
    scalars={"eps": 1e-6},
    attributes={"axes": [-1]},
)


def test_scalars_are_those_of_the_model() -> None:
    program = _program(lambda x, y: swish(x, beta=1.702) + swish(swish(x, beta=1.0) * y, beta=0.25))
    _assert_marked(SWISH, program, [{"beta": 1.702}, {"beta": 1.0}, {"beta": 0.25}])


def test_operands_are_in_the_order_of_the_arguments() -> None:
    program = _program(lambda x, y: norm(x * 2, y, eps=0.5))
    (call,) = _assert_marked(NORM, program, [{"axes": [-1], "eps": 0.5}])
    assert [each.name for each in call.all_input_nodes] == ["mul", "y"]


@pytest.mark.parametrize(
    "spelt",
    [
        lambda x, y: (x * torch.rsqrt(0.5 + x.pow(2).mean(-1, keepdim=True))) * y,
        lambda x, y: y * (torch.rsqrt(x.pow(2).mean(dim=[1], keepdim=True) + 0.5) * x.clone()),
        lambda x, y: y * (x * torch.rsqrt(x.pow(2).float().mean((-1,), True) + 0.5)).view(3, 8),
    ],
)
def test_spellings_that_mean_the_same(spelt: Callable[..., Tensor]) -> None:
    _assert_marked(NORM, _program(spelt), [{"axes": [-1], "eps": 0.5}])


@pytest.mark.parametrize("shape", [(1, 8), (8,), (5, 3, 8), (2, 1, 4, 16)])
def test_shapes_and_ranks_are_free(shape: tuple[int, ...]) -> None:
    samples = (torch.randn(shape), torch.randn(shape[-1]))
    program = _program(lambda x, y: norm(x, y, eps=0.5), *samples)
    _assert_marked(NORM, program, [{"axes": [-1], "eps": 0.5}])


def rotate_half(x: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    return torch.cat((-x[..., half:], x[..., :half]), dim=-1)


def rotary(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    return q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin


ROTARY = CompositePattern(
    "acme.rotary", rotary, (*[torch.empty(1, 2, 3, 4)] * 2, *[torch.empty(1, 1, 3, 4)] * 2)
)


def test_several_results_and_sizes_in_the_graph() -> None:
    def model(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        cos, sin = y.cos(), y.sin()
        q, k = rotary(x * 2, x + 1, cos, sin)
        return k, q * 2

    program = _program(model, torch.randn(2, 5, 7, 6), torch.randn(7, 6))
    (call,) = _assert_marked(ROTARY, program, [{}])
    assert [each.name for each in call.all_input_nodes] == ["mul", "add", "cos", "sin"]


def test_another_cut_is_another_function() -> None:
    def model(x: Tensor, y: Tensor) -> Tensor:
        turned = torch.cat((-x[..., 2:], x[..., :2]), dim=-1)  # 2 of 6, not 3
        return x * y + turned * y

    def one(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        return x * cos + rotate_half(x) * sin

    pattern = CompositePattern("acme.one", one, (torch.empty(2, 4), torch.empty(4), torch.empty(4)))
    program = _program(model, torch.randn(5, 6), torch.randn(6))
    reason, at, _ = _why_not(pattern, program)
    assert reason == "on these shapes: argument start of aten.slice.Tensor is 2, in the pattern 3"
    assert "test_mark_patterns.py" in at


def test_integers_are_captured_by_two_numbers() -> None:
    def grouped(x: Tensor, *, groups: int) -> Tensor:
        return F.group_norm(x, groups).relu()

    samples = (torch.empty(2, 8, 4),)
    pattern = CompositePattern("acme.grouped", grouped, samples, scalars={"groups": (2, 4)})
    program = _program(lambda x, y: grouped(x, groups=3) + y, torch.randn(1, 6, 5), torch.randn(5))
    _assert_marked(pattern, program, [{"groups": 3}])
    poor = CompositePattern("acme.grouped", grouped, samples, scalars={"groups": 2})
    with pytest.raises(Exception, match="divisible"):
        MarkPatterns((poor,)).run(program)


def test_numbers_computed_of_scalars_are_compared() -> None:
    def function(x: Tensor, *, scale: float) -> Tensor:
        return (x * scale).exp() * math.sqrt(scale)

    pattern = CompositePattern("acme.scaled", function, (torch.empty(2),), scalars={"scale": 2.0})
    _assert_marked(pattern, _program(lambda x, y: function(x, scale=9.0)), [{"scale": 9.0}])
    program = _program(lambda x, y: (x * 9.0).exp() * 3.5)
    reason, _, progress = _why_not(pattern, program)
    assert reason == "on these shapes: argument other of aten.mul.Tensor is 3.5, in the pattern 3.0"
    assert progress == 3


def test_equal_scalars_and_numbers_are_told_apart() -> None:
    """The samples are the same, and a number of the function is too: by name, not by value."""

    def function(x: Tensor, *, low: float, high: float) -> Tensor:
        return (x * low + 1.0).tanh() * high

    scalars = {"low": 1.0, "high": 1.0}
    pattern = CompositePattern("acme.bounds", function, (torch.empty(2),), scalars=scalars)
    program = _program(lambda x, y: function(x, low=2.0, high=3.0))
    _assert_marked(pattern, program, [{"low": 2.0, "high": 3.0}])
    assert _why_not(pattern, _program(lambda x, y: (x * 2.0 + 2.0).tanh() * 3.0))[0] == (
        "argument other of aten.add.Tensor is 2.0, in the pattern 1.0"
    )


def test_a_scalar_is_one_number_wherever_it_is() -> None:
    def function(x: Tensor, *, low: float) -> Tensor:
        return (x * low).tanh() * low

    pattern = CompositePattern("acme.twice", function, (torch.empty(2),), scalars={"low": 2.0})
    program = _program(lambda x, y: (x * 4.0).tanh() * 5.0)
    assert _why_not(pattern, program)[0] == "low is 4.0 and 5.0"


def test_chains_are_found_piece_by_piece() -> None:
    pattern = CompositePattern("acme.plus", lambda a, b: a + b, (torch.empty(2), torch.empty(2)))
    program = _program(lambda x, y: x + y + x * y + y)
    _assert_marked(pattern, program, [{}] * 3)


def test_one_value_in_two_places() -> None:
    pattern = CompositePattern("acme.square", lambda a: a * a, (torch.empty(2),))
    _assert_marked(pattern, _program(lambda x, y: (x + y) * (x + y)), [])
    program = _program(lambda x, y: x * x + x * y)
    _assert_marked(pattern, program, [{}])


def test_composites_can_be_part_of_patterns() -> None:
    @composite("litewright_tests::halved")
    def halved(x: Tensor, by: float) -> Tensor:
        return x / by

    def function(x: Tensor, *, by: float) -> Tensor:
        return halved(x.exp(), by)

    pattern = CompositePattern("acme.halved", function, (torch.empty(2),), scalars={"by": 2.0})
    _assert_marked(pattern, _program(lambda x, y: function(x, by=4.0) + y), [{"by": 4.0}])


def test_equal_decompositions_are_one_function() -> None:
    program = _program(lambda x, y: norm(norm(x, y, eps=0.5), y, eps=0.5) + norm(x, y, eps=0.25))
    MarkPatterns((NORM,)).run(program)
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        text = str(lowered)
    assert text.count('stablehlo.composite "acme.norm"') == 3
    assert text.count("func.func private @acme.norm") == 2
    assert "composite_attributes = {axes = array<i64: -1>, eps = 2.500000e-01 : f32}" in text


# ---- what is not found, and why --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "reason", "progress"),
    [
        (lambda x, y: y + x, "", 0),
        (
            lambda x, y: y * (x * torch.sqrt(x.pow(2).mean(-1, keepdim=True) + 0.5)),
            "aten.rsqrt.default is looked for, there is aten.sqrt.default",
            2,
        ),
        (
            lambda x, y: y * (x * torch.rsqrt(x.pow(2).mean(-1) + 0.5)[:, None]),
            "aten.rsqrt.default is looked for, there is aten.unsqueeze.default",
            2,
        ),
        (
            lambda x, y: y * (x * torch.rsqrt(x.pow(2).mean(0, keepdim=True) + 0.5)),
            "on these shapes: argument dim of aten.mean.dim is [0], in the pattern [1]",
            6,
        ),
        (
            lambda x, y: y * (x * torch.rsqrt(x.pow(3).mean(-1, keepdim=True) + 0.5)),
            "on these shapes: argument exponent of aten.pow.Tensor_Scalar is 3, in the pattern 2",
            6,
        ),
        (
            lambda x, y: y * (x * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 0.5)),
            "what is one value in the pattern is two here",
            6,
        ),
        (
            lambda x, y: y * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + y)),
            "argument other of aten.add.Tensor is y, not a number",
            6,
        ),
    ],
)
def test_the_best_partial_match_is_told(
    model: Callable[..., Tensor], reason: str, progress: int
) -> None:
    program = _program(model)
    misses = Misses("acme.norm")
    assert not MarkPatterns((NORM,)).run_observed(program, (misses,))
    if not reason:
        assert misses.ranked() == []
        return
    best = misses.ranked()[0]
    assert best.reason.startswith(reason)
    assert best.progress == progress
    assert "test_mark_patterns.py" in best.origin


def test_values_on_the_way_may_be_read_nowhere_else() -> None:
    def model(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        inner = torch.sigmoid(x * 2.0)
        return x * inner, inner.exp()

    program = _program(model)
    reason, _, progress = _why_not(SWISH, program)
    assert reason.startswith("sigmoid is read outside of the pattern too: by exp, exp (")
    assert progress == 3


def test_a_check_has_the_last_word() -> None:
    def check(found: Found) -> str | None:
        if found.tensors["x"].shape[-1] % 4:
            return f"rows of {found.tensors['x'].shape[-1]}"
        return (
            None if found.scalars["beta"] < 2 and found.results[0].dim() == 2 else "beta is large"
        )

    pattern = CompositePattern(
        "acme.swish", swish, (torch.empty(2, 4),), scalars={"beta": 1.0}, check=check
    )
    _assert_marked(pattern, _program(lambda x, y: swish(x, beta=1.5) + y), [{"beta": 1.5}])
    assert _why_not(pattern, _program(lambda x, y: swish(x, beta=3.0)))[0] == "beta is large"
    program = _program(lambda x, y: swish(x, beta=1.5), torch.randn(2, 6), torch.randn(1))
    assert _why_not(pattern, program)[0] == "rows of 6"


def test_a_function_that_does_not_take_the_shapes() -> None:
    def function(x: Tensor) -> Tensor:
        if x.shape[-1] > 4:
            raise ValueError(f"at most 4, not {x.shape[-1]}")
        return x.exp().sin()

    pattern = CompositePattern("acme.small", function, (torch.empty(2, 4),))
    reason = _why_not(pattern, _program(lambda x, y: x.exp().sin()))[0]
    assert reason == "the function does not take these shapes: at most 4, not 8"


# ---- what is no pattern ----------------------------------------------------------------------------


def _of(function: Callable[..., Any], *samples: Any, **scalars: Any) -> CompositePattern:
    return CompositePattern("acme.bad", function, samples, scalars=scalars)


def _branching(x: Tensor, *, n: float) -> Tensor:
    return x * n if n > 1 else x.exp() + n


X = torch.empty(2, 4)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: _of(swish, X), "does not take the samples: missing a required argument: 'beta'"),
        (lambda: _of(swish, X, X, beta=1.0), "does not take the samples"),
        (lambda: _of(swish, X, beta="a"), "scalar beta is 'a'"),
        (lambda: _of(swish, X, beta=(1.0, 1.0)), "two different ones"),
        (lambda: _of(swish, X, 1.0), r"sample_args are tensors, not 1\.0"),
        (lambda: CompositePattern("bad", swish, (X,)), r"NAMESPACE\.NAME"),
        (lambda: _of(_branching, X, n=2.0), None),
        (lambda: _of(_branching, X, n=(2.0, 0.5)), "computes something else for"),
        (lambda: _of(lambda x, *, n: x * (n + 1), X, n=2.0), "no argument of any op by itself"),
        (lambda: _of(lambda x, y: x + 1, X, X), "does not read y"),
        (lambda: _of(lambda x: x, X), "hands on what it was given"),
        (lambda: _of(lambda x: x + torch.tensor([1.0, 2, 3, 4]), X), "makes a tensor of numbers"),
    ],
)
def test_what_is_no_pattern_is_refused(
    make: Callable[[], CompositePattern], reason: str | None
) -> None:
    program = _program(torch.add)
    if reason is None:
        MarkPatterns((make(),)).run(program)
        return
    with pytest.raises(UserError, match=reason):
        MarkPatterns((make(),)).run(program)


# ---- through conversion ----------------------------------------------------------------------------


def test_given_to_convert(tmp_path: Path) -> None:
    module = Module(lambda x, y: norm(swish(x, beta=1.5), y, eps=0.5)).eval()
    x, y = torch.randn(3, 8), torch.randn(8)
    model = litewright.convert(module, (x, y), composites=[SWISH, NORM], dump_ir=tmp_path / "dump")
    assert_agrees(model, module, {"x": x, "y": y}, tmp_path, kind="float32 op")
    (dump,) = (tmp_path / "dump").glob("*_stablehlo.mlir")
    text = dump.read_text(encoding="utf-8")
    assert 'stablehlo.composite "acme.swish"' in text
    assert 'stablehlo.composite "acme.norm"' in text


def test_two_of_one_title_are_refused() -> None:
    other = CompositePattern("acme.swish", lambda x: x.exp(), (torch.empty(2),))
    with pytest.raises(UserError, match=r"composite acme\.swish is registered twice"):
        litewright.convert(Module(torch.add).eval(), (X, X), composites=[SWISH, other])
    with pytest.raises(UserError, match="cannot be marked: give a CompositePattern"):
        litewright.convert(Module(torch.add).eval(), (X, X), composites=[swish])
