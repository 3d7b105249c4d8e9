"""Reproducers: scripts that fail while what a bisection has found is wrong, and pass once it is right."""

import importlib
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.driver.bisect import Bisection
from litewright.compiler.driver.extensions import REGISTRY
from litewright.compiler.driver.plan import Stage
from litewright.compiler.targets import XNNPACK
from tests.compiler.driver import wrong
from tests.support.environments import ROOT

MODEL = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(8, 300)

    def forward(self, x):
        return torch.tanh(self.up(x)) * x[:, :1]


def gate():
    torch.manual_seed(0)
    return Gate().eval(), (torch.ones(2, 8),)
"""
RULES = """
import litewright
from litewright.compiler.ir import hlo
from litewright.passes.core import rule


@litewright.register_pass(stage="stablehlo")
@rule("stablehlo.tanh")
def squash(op, context):
    return hlo.multiply(op.operands[0], hlo.splat_like(FACTOR, op.operands[0]))


@litewright.register_legalisation
@rule("stablehlo.tanh")
def keep(op, context):
    from litewright.passes.core import decline

    return decline("nothing to do")
"""


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


def mlp() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    torch.manual_seed(0)
    return wrong.Mlp().eval(), (torch.ones(2, 8),)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )


@pytest.fixture(name="assert_fails")
def _assert_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Bisection, str], None]:
    """Writes the reproducer of a bisection and runs it, in this process, which spares many imports."""

    def assert_fails(found: Bisection, expected: str) -> None:
        script = tmp_path / "reproducer.py"
        assert found.write_reproducer(script)[0] == script
        monkeypatch.setattr(sys, "path", [*sys.path])
        with pytest.raises(SystemExit) as ending:
            runpy.run_path(str(script))
        assert ending.value.code == 1
        assert expected in capsys.readouterr().out
        assert script.stat().st_size < 60_000

    return assert_fails


AssertFails = Callable[[Bisection, str], None]


@pytest.mark.parametrize(
    ("item", "stage", "expected"),
    [
        (wrong.RewriteTanh, "stablehlo", "after pass rewrite-tanh"),
        (wrong.wrong_mul, "tfl", "after pass wrong-mul"),
        (wrong.SwapSigmoid, "fx", "first wrong: pass swap-sigmoid"),
    ],
)
def test_of_a_pass(item: object, stage: Stage, expected: str, assert_fails: AssertFails) -> None:
    module, args = mlp()
    found = litewright.bisect(module, args, passes=[litewright.place(item, stage=stage)])
    assert_fails(found, expected)


def test_of_a_pass_whose_options_are_data(assert_fails: AssertFails) -> None:
    torch.manual_seed(0)
    module = wrong.Mlp(64).eval()
    found = litewright.bisect(module, (torch.ones(2, 64),), quant_config="int4_channel")
    assert_fails(found, "after pass quantize-weights")


def test_of_a_legalisation(assert_fails: AssertFails) -> None:
    litewright.register_legalisation(wrong.wrong_legalisation)
    found = litewright.bisect(*mlp())
    assert_fails(found, "after the lowering to tfl")


def test_of_the_delegate(assert_fails: AssertFails) -> None:
    litewright.register_legalisation(wrong.wrong_scale)
    name = "odml.scaled_dot_product_attention"
    target = replace(XNNPACK, name="cpu-composites", emits=frozenset({name}), composites={name: ()})
    torch.manual_seed(0)
    found = litewright.bisect(wrong.Attention().eval(), (torch.ones(1, 6, 8),), target=target)
    assert_fails(found, "after the delegate")


def test_numbers_that_matter_lie_beside_it(tmp_path: Path, assert_fails: AssertFails) -> None:
    litewright.register_legalisation(wrong.without_minimum)

    class Limited(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.minimum(x, torch.tensor(100.0)) * 2

    x = np.random.default_rng(0).normal(0, 200, size=(100, 200)).astype(np.float32)
    found = litewright.bisect(Limited().eval(), (torch.ones(100, 200),), inputs={"x": x})
    assert_fails(found, "after the lowering to tfl")
    assert (tmp_path / "reproducer.bin").stat().st_size == x.nbytes


@pytest.mark.slow
def test_it_ends_well_once_the_rule_is_right(tmp_path: Path) -> None:
    model, rules = tmp_path / "model.py", tmp_path / "my_rules.py"
    script = tmp_path / "reproducer.py"
    model.write_text(MODEL)
    rules.write_text(RULES.replace("FACTOR", "0.5"))
    command = ("-m", "litewright.tools.main", "--import", rules, "bisect")
    searched = run(*command, f"{model}:gate", "--reproducer", script)
    assert searched.returncode == 1, searched.stderr
    assert "rule    squash at stablehlo.tanh" in searched.stdout
    assert f"{model}:12" in searched.stdout
    assert run(script).returncode == 1
    right = 'return hlo.unary("negate", hlo.unary("tanh", hlo.unary("negate", op.operands[0])))'
    text = rules.read_text().replace("FACTOR", "0.5")
    start = text.index("    return hlo.multiply")
    declining = "    from litewright.passes.core import decline\n\n    source = hlo.producer(op.operands[0])\n"
    declining += "    if source is not None and source.operation.name == 'stablehlo.negate':\n"
    declining += "        return decline('done')\n"
    end = text.index("\n", start)
    rules.write_text(text[:start] + declining + f"    {right}" + text[end:])
    done = run(script)
    assert done.returncode == 0, done.stdout + done.stderr


SCRIPT = """
import sys
import torch
from torch import nn
import litewright
from litewright.compiler.ir import hlo
from litewright.passes.core import PatternRule, rule


class Gate(nn.Module):
    def forward(self, x):
        return torch.tanh(x) * 2


@rule("stablehlo.tanh")
def squash(op, context):
    return hlo.unary("logistic", op.operands[0])


if __name__ == "__main__":
    found = litewright.bisect(
        Gate().eval(), (torch.ones(2, 3),), passes=[litewright.place(squash, stage="stablehlo")]
    )
    found.write_reproducer(sys.argv[1])
"""


@pytest.mark.slow
def test_of_a_rule_in_a_script(tmp_path: Path) -> None:
    script, reproducer = tmp_path / "my_script.py", tmp_path / "reproducer.py"
    script.write_text(SCRIPT)
    searched = run(script, reproducer)
    assert searched.returncode == 0, searched.stderr
    done = run(reproducer)
    assert done.returncode == 1
    assert "after pass squash" in done.stdout, done.stderr


LOWERING = """
import torch
import litewright
from litewright.compiler.ir import hlo

library = torch.library.Library("acme_reproducer", "DEF")
library.define("double(Tensor x) -> Tensor")
library.impl("double", lambda x: x * 2, "CompositeExplicitAutograd")
torch.library.register_fake("acme_reproducer::double", torch.empty_like, lib=library)


@litewright.register_lowering(torch.ops.acme_reproducer.double.default)
def double(context, x):
    return hlo.add(hlo.add(x, x), x)
"""


def test_of_a_lowering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assert_fails: AssertFails
) -> None:
    (tmp_path / "doubling.py").write_text(LOWERING)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("doubling")

    class Doubled(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.tanh(torch.ops.acme_reproducer.double(torch.sin(x)))

    found = litewright.bisect(Doubled().eval(), (torch.ones(2, 3),))
    assert_fails(found, "first wrong: lower to StableHLO")


def test_nothing_to_reproduce(tmp_path: Path) -> None:
    found = litewright.bisect(*mlp())
    with pytest.raises(litewright.UserError, match="nothing is wrong"):
        found.write_reproducer(tmp_path / "reproducer.py")
