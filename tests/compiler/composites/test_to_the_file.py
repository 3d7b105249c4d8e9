"""Composites that a target runs as one, down to the file: attributes, signatures, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.targets import XNNPACK, Target
from litewright.composites import (
    CompositeModule,
    CompositePattern,
    StableHLOCompositeBuilder,
    composite,
)
from tests.support.agreement import assert_agrees


def _target(*names: str) -> Target:
    """The CPU, which is said to run composites of ours as one; the runtime runs what they decompose to."""
    known = MappingProxyType(dict.fromkeys(names, ()))
    return Target("acme", "the CPU of a test", XNNPACK.rows, known, frozenset(names))


@composite("litewright_tests::detailed")
def detailed(
    x: Tensor,
    y: Tensor,
    *,
    scale: float,
    count: int,
    exact: bool,
    mode: str,
    sizes: list[int],
    steps: list[float],
    flags: list[bool],
    kind: torch.dtype = torch.float32,
) -> Tensor:
    return x * y + scale


@composite("litewright_tests::plain")
def plain(x: Tensor) -> Tensor:
    return x * 2


class Detailed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = detailed(
            plain(x),
            x + 1,
            scale=0.5,
            count=3,
            exact=True,
            mode="up",
            sizes=[1, 2],
            steps=[0.5, 2],
            flags=[True, False],
        )
        return y.tanh()


def test_attributes_of_every_kind_are_in_the_file(tmp_path: Path) -> None:
    module, x = Detailed().eval(), torch.randn(2, 3)
    target = _target("litewright_tests.detailed", "litewright_tests.plain")
    model = litewright.convert(module, (x,), target=target)
    assert_agrees(model, module, {"x": x}, tmp_path, kind="float32 transcendental")
    again = litewright.read(tmp_path / "model.tflite")
    with mlir.use(again.program.context):
        text = str(again.program)
    assert (
        'composite_attributes = {count = 3 : i64, exact = true, flags = [true, false], kind = "float32", '
        'mode = "up", scale = 5.000000e-01 : f32, sizes = [1, 2], steps = [5.000000e-01 : f32, '
        "2.000000e+00 : f32]}" in text
    )
    # One without attributes too, which the file must have all the same.
    assert 'stablehlo.composite "litewright_tests.plain"' in text


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x * self.weight)


class Stack(nn.Module):
    def __init__(self, gates: Sequence[nn.Module]) -> None:
        super().__init__()
        self.gates = nn.ModuleList(gates)

    def forward(self, x: Tensor) -> Tensor:
        for gate in self.gates:
            x = gate(x).sin()
        return x


def _gate(x: Tensor, weight: Tensor) -> Tensor:
    return x * torch.sigmoid(x * weight)


@composite("acme::gate")
def gate_op(x: Tensor, weight: Tensor) -> Tensor:
    return _gate(x, weight)


class Decorated(Gate):
    def forward(self, x: Tensor) -> Tensor:
        return gate_op(x, self.weight)


class Built(Gate):
    def forward(self, x: Tensor) -> Tensor:
        builder = StableHLOCompositeBuilder("acme.gate")
        return builder.mark_outputs(_gate(*builder.mark_inputs(x, self.weight)))


PATTERN = CompositePattern("acme.gate", _gate, (torch.empty(2, 8), torch.empty(8)))


@pytest.mark.parametrize(
    ("kind", "composites"),
    [
        (Decorated, []),
        (Built, []),
        (Gate, [PATTERN]),
        (Gate, [CompositeModule(Gate, "acme.gate")]),
    ],
    ids=["decorator", "builder", "pattern", "module"],
)
def test_every_way_leads_to_the_same_file(
    kind: type[Gate], composites: list[object], tmp_path: Path
) -> None:
    """Three layers, two signatures: six composites, one decomposition for each shape."""
    stack = Stack([kind(), kind(), kind()]).eval()
    one, many = torch.randn(1, 8), torch.randn(5, 8)
    model = (
        litewright.signature("one", stack, (one,))
        .signature("many", stack, (many,))
        .convert(composites=composites, target=_target("acme.gate"))
    )
    with mlir.use(model.program.context):
        text = str(model.program)
    assert text.count('stablehlo.composite "acme.gate"') == 6
    assert text.count("func.func private @acme.gate") == 2
    for name, x in (("one", one), ("many", many)):
        kind_of_error = "float32 transcendental"
        assert_agrees(model, stack, {"x": x}, tmp_path, signature=name, kind=kind_of_error)


def test_a_whole_model_can_be_one(tmp_path: Path) -> None:
    module, x = Gate().eval(), torch.randn(2, 8)
    whole = CompositeModule(Gate, "acme.gate")
    model = litewright.convert(module, (x,), composites=[whole], target=_target("acme.gate"))
    assert_agrees(model, module, {"x": x}, tmp_path, kind="float32 transcendental")
    plain_model = litewright.convert(module, (x,), composites=[whole])
    assert "stablehlo.composite" not in str(plain_model.program)
