"""Passes on FX: what they do to the graph, and that it computes the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from litewright.compiler.capture import capture
from litewright.compiler.ir.fx import FxProgram
from litewright.lowering.torch_to_stablehlo import supported_ops
from litewright.passes.core import Pass
from litewright.passes.fx.merge_equal_nodes import MergeEqualNodes
from litewright.passes.fx.remove_identities import RemoveIdentities
from litewright.passes.fx.remove_unused_nodes import RemoveUnusedNodes


class Module(nn.Module):
    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.function(x, y)


def _program(function: Callable[..., Tensor]) -> FxProgram:
    samples = (torch.zeros(3, 4), torch.zeros(4))
    return capture("main", Module(function), samples, {}, kept=supported_ops())


def _calls(program: FxProgram) -> list[str]:
    nodes = program.graph_module.graph.nodes
    return [str(node.target) for node in nodes if node.op == "call_function"]


def _assert_kept(program: FxProgram, unit_pass: Pass[FxProgram], *, changes: bool) -> None:
    """The pass tells the truth, twice is once, and the results stay as they were."""
    inputs = {"x": torch.randn(3, 4), "y": torch.randn(4)}
    before = program.run(inputs)
    assert unit_pass.run(program) is changes
    program.graph_module.graph.lint()
    assert unit_pass.run(program) is False
    after = program.run(inputs)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_unused_calls_go() -> None:
    def function(x: Tensor, y: Tensor) -> Tensor:
        _ = torch.exp(x) + y
        return torch.relu(x)

    program = _program(function)
    assert len(_calls(program)) == 3
    _assert_kept(program, RemoveUnusedNodes(), changes=True)
    assert _calls(program) == ["aten.relu.default"]


def test_nothing_unused_is_no_change() -> None:
    _assert_kept(_program(torch.add), RemoveUnusedNodes(), changes=False)


def test_equal_calls_are_merged() -> None:
    program = _program(lambda x, y: torch.cos(x * 2) + torch.cos(x * 2) * y)
    _assert_kept(program, MergeEqualNodes(), changes=True)
    assert _calls(program).count("aten.cos.default") == 1
    assert _calls(program).count("aten.mul.Tensor") == 2


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x / 1 + x / 1.5 + y,
        lambda x, y: torch.where(x > 0, 0.0, x) + torch.where(x > 0, -0.0, x) + y,
        lambda x, y: x.sum(0, keepdim=True) + x.sum(0, keepdim=False) + y,
        lambda x, y: x - y + (y - x),
    ],
)
def test_different_calls_are_not_merged(function: Callable[..., Tensor]) -> None:
    program = _program(function)
    count = len(set(_calls(program)))
    RemoveUnusedNodes().run(program)
    before = len(_calls(program))
    MergeEqualNodes().run(program)
    assert len(_calls(program)) >= before - 1  # the comparison of the second function
    assert len(set(_calls(program))) == count


def test_random_calls_are_not_merged() -> None:
    program = _program(lambda x, y: torch.rand_like(x) + torch.rand_like(x) + y)
    assert not MergeEqualNodes().run(program)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x.clone() + y,
        lambda x, y: x.to(torch.float32) + y.detach(),
        lambda x, y: x.view(3, 4) + y.expand(4),
        lambda x, y: torch.dropout(x, 0.5, train=False) + y.contiguous(),
    ],
)
def test_copies_go(function: Callable[..., Tensor]) -> None:
    program = _program(function)
    # The assertion that comes before a conversion.
    RemoveUnusedNodes().run(program)
    _assert_kept(program, RemoveIdentities(), changes=True)
    assert _calls(program) == ["aten.add.Tensor"]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x.to(torch.float64) + y,
        lambda x, y: x.view(4, 3) + y[:3],
        lambda x, y: x + y.expand(3, 4),
        lambda x, y: x[1:] + y,
    ],
)
def test_what_changes_something_stays(function: Callable[..., Tensor]) -> None:
    _assert_kept(_program(function), RemoveIdentities(), changes=False)


def test_a_view_of_what_was_copied_runs() -> None:
    program = _program(lambda x, y: x.mT.contiguous().view(12) + y[0])
    _assert_kept(program, RemoveIdentities(), changes=True)
