"""Calls that hand on their operand: which go, and which only seem to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.capture import capture
from litewright.lowering.torch_to_stablehlo import supported_ops
from litewright.passes.fx.remove_identities import RemoveIdentities
from tests.support.agreement import assert_agrees


class Module(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "left"),
    [
        (lambda x: x.clone().exp(), 1),
        (lambda x: x.contiguous().exp().detach(), 1),
        (lambda x: x.float().exp().to(torch.float32), 1),
        (lambda x: x.type_as(x).exp(), 1),
        (lambda x: x.reshape(2, 3).exp().view(2, -1), 1),
        (lambda x: x.expand(2, 3).exp(), 1),
        (lambda x: x[:, 0:].exp()[..., :], 1),
        (lambda x: nn.functional.dropout(x, 0.5, training=False).exp(), 1),
        (lambda x: x.clone(), 0),
        (lambda x: x.half().exp(), 2),
        (lambda x: x.half().float(), 2),
        (lambda x: x.reshape(3, 2).exp(), 2),
        (lambda x: x.expand(1, 2, 3).exp(), 2),
        (lambda x: x[:, 1:].exp(), 2),
        (lambda x: x.t().exp(), 2),
    ],
)
def test_what_is_left(function: Callable[[Tensor], Tensor], left: int) -> None:
    x = torch.randn(2, 3)
    program = capture("main", Module(function).eval(), (x,), {}, kept=supported_ops())
    calls = [n for n in program.graph_module.graph.nodes if n.op == "call_function"]
    calls = [n for n in calls if "assert" not in str(n.target)]
    before = program.run({"x": x})
    assert RemoveIdentities().run(program) is (len(calls) > left)
    program.verify()
    assert not RemoveIdentities().run(program)
    now = [n for n in program.graph_module.graph.nodes if n.op == "call_function"]
    assert len([n for n in now if "assert" not in str(n.target)]) == left
    for name, tensor in program.run({"x": x}).items():
        assert torch.equal(tensor, before[name])


def test_inputs_and_results_may_be_one_value(tmp_path: Path) -> None:
    class Several(nn.Module):
        def forward(self, x: Tensor) -> dict[str, Tensor]:
            y = x * 2
            return {"same": x.clone(), "one": y, "other": y.contiguous()}

    x = torch.randn(2, 3)
    model = litewright.convert(Several().eval(), (x,))
    assert_agrees(model, Several(), {"x": x}, tmp_path, kind="float32 op")
