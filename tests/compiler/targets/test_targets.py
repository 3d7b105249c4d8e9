"""Targets by name, what they emit, and the refusal of what one of them would compute wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import nn

import litewright
from litewright.compiler.diagnostics import UnsupportedError, UserError
from litewright.compiler.driver.extensions import REGISTRY, Extensions
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import body_of
from litewright.compiler.targets import ML_DRIFT, TARGETS, XNNPACK, Target, target_named
from litewright.tools.main import main


class Flipped(nn.Module):
    """Reverses channels, which the GPU does in fours."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flip(3)


@pytest.fixture
def registry() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


def test_names_are_unique_and_known() -> None:
    names = [target.name for target in TARGETS]
    assert len(set(names)) == len(names)
    assert all(target_named(target.name) is target for target in TARGETS)


def test_a_target_emits_only_what_it_can_check() -> None:
    for target in TARGETS:
        assert target.emits <= target.composites.keys()


@pytest.mark.usefixtures("registry")
def test_an_unknown_target_lists_those_known() -> None:
    with pytest.raises(UserError, match=r"no target 'tpu'; there is cpu, gpu, litert-lm-gpu$"):
        litewright.convert(nn.ReLU(), (torch.randn(2),), target="tpu")
    mine = Target("mine", "of a test", {})
    REGISTRY.add(Extensions(targets=(mine,)))
    with pytest.raises(UserError, match=r"there is cpu, gpu, litert-lm-gpu, mine$"):
        litewright.convert(nn.ReLU(), (torch.randn(2),), target="tpu")
    model = litewright.convert(nn.ReLU(), (torch.randn(2),), target="mine")
    assert model.program.signatures()


def test_what_the_target_would_compute_wrong_is_refused_with_the_line() -> None:
    x = torch.randn(1, 2, 3, 5)
    with pytest.raises(UnsupportedError) as refusal:
        litewright.convert(Flipped(), (x,), target="gpu")
    message = str(refusal.value)
    assert "REVERSE_V2: 5 channels reversed" in message
    assert "test_targets.py:" in message
    assert "convert for the CPU" in message
    litewright.convert(Flipped(), (x,), target="cpu")


def test_without_the_pass_that_fits_ops_too() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.randn(3, 5))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.get_buffer("table")

    with pytest.raises(
        UnsupportedError, match=r"a constant \[3, 5\] laid out as WC for \[3, 5\] as BC"
    ):
        litewright.convert(Table(), (torch.randn(3, 5),), target="gpu", passes=litewright.EMPTY)


def test_the_table_tells_what_is_left_from_what_is_wrong() -> None:
    model = litewright.convert(Flipped(), (torch.randn(1, 2, 3, 5),))
    with mlir.use(model.program.context):
        [op, *_] = [
            op
            for op in body_of(model.program.signatures()[0]).operations
            if mlir.op_name(op) == "tfl.reverse_v2"
        ]
        assert XNNPACK.why_not_delegated(op) == "the delegate has no such op"
        assert ML_DRIFT.why_not_delegated(op) == "5 channels reversed"


def test_inspect_asks_the_target_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    litewright.convert(Flipped(), (torch.randn(1, 2, 3, 5),)).export(path)
    told: dict[str, str] = {}
    for target in ("cpu", "gpu"):
        ran = CliRunner().invoke(main, ["inspect", str(path), "--target", target, "--json"])
        assert ran.exit_code == 0, ran.output
        facts = json.loads(ran.output)
        assert facts["target"] == target
        [left] = facts["signatures"][0]["not_delegated"]
        told[target] = left["reason"]
        assert "test_targets" in left["origin"] or left["origin"]
    assert told["gpu"] == "taken, and computed wrong: 5 channels reversed"
    assert told["cpu"] == "the delegate has no such op"
    unknown = CliRunner().invoke(main, ["inspect", str(path), "--target", "tpu"])
    assert unknown.exit_code != 0
