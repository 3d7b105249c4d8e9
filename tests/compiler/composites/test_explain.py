"""Where a composite is found and where it nearly is, as told to the user; what importing costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.extensions import REGISTRY
from litewright.composites import CompositeModule, CompositePattern, composite, explain
from litewright.tools.main import main

MODEL = """
import torch

class Gate(torch.nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x * 1.5)

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gates = torch.nn.ModuleList([Gate(), Gate()])

    def forward(self, x):
        x = self.gates[1](self.gates[0](x).exp())
        y = torch.sigmoid(x * 2.0)
        return x * y + y

def model():
    return Model().eval(), (torch.randn(2, 4),)
"""


def swish(x: Tensor, *, beta: float) -> Tensor:
    return x * torch.sigmoid(x * beta)


SWISH = CompositePattern("acme.swish", swish, (torch.empty(2),), scalars={"beta": 1.0})


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "gated.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "gated", raising=False)
    return tmp_path


def test_a_pattern_is_explained(folder: Path) -> None:
    import gated  # pyright: ignore[reportMissingImports]

    found = explain(SWISH, *gated.model())
    assert [place.partition(" (")[0] for place in found.applied_at] == [
        "gates.0.mul",
        "gates.1.mul",
    ]
    best = found.ranked()[0]
    assert best.reason.startswith("sigmoid_2 is read outside of the pattern too: by add")
    assert best.origin.endswith("gated.py:16)")
    text = str(found)
    assert "acme.swish applied 2 times\n  at gates.0.mul (" in text
    assert "    acme.swish: sigmoid_2 is read outside" in text


def test_a_module_class_is_explained(folder: Path) -> None:
    import gated  # pyright: ignore[reportMissingImports]

    found = explain(CompositeModule(gated.Gate, "acme.gate"), *gated.model())
    assert len(found.applied_at) == 2
    assert "never tried in vain" in str(found)


def test_nothing_else_is_explained() -> None:
    with pytest.raises(UserError, match="cannot be marked"):
        explain(swish, nn.Identity(), (torch.ones(1),))  # pyright: ignore[reportArgumentType]


def test_opt_tells_why_not(folder: Path) -> None:
    with REGISTRY.isolated():
        litewright.register_composite(SWISH)
        command = ["opt", "gated:model", "--why-not", "acme.swish"]
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert "acme.swish applied 2 times" in result.output
        assert "sigmoid_2 is read outside of the pattern too" in result.output
        result = CliRunner().invoke(main, ["opt", "gated:model", "--why-not", "acme.swiss"])
        assert result.exit_code != 0
        assert "did you mean acme.swish?" in result.output


def test_what_is_registered_is_marked_in_every_conversion(folder: Path) -> None:
    import gated  # pyright: ignore[reportMissingImports]

    module, args = gated.model()
    with REGISTRY.isolated():
        litewright.register_composite(SWISH)
        litewright.convert(module, args, dump_ir=folder / "dump")
    text = next((folder / "dump").glob("*_stablehlo.mlir")).read_text(encoding="utf-8")
    assert text.count('stablehlo.composite "acme.swish"') == 2
    exported = torch.export.export(module, args, strict=False)
    litewright.compile({"main": exported}, composites=[SWISH], dump_ir=folder / "other")
    text = next((folder / "other").glob("*_stablehlo.mlir")).read_text(encoding="utf-8")
    assert text.count('stablehlo.composite "acme.swish"') == 2


def test_a_legalisation_of_a_composite_sees_it_whole(folder: Path) -> None:
    """Nobody else knows it, so that without the rule it would be gone before."""
    from litewright.compiler.ir import tfl
    from litewright.compiler.ir.mlir import ir
    from litewright.passes.core import Outcome, RuleContext, rule

    @composite("acme::clipped")
    def clipped(x: Tensor, top: float) -> Tensor:
        return x.clamp(0, top)

    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return clipped(x, 6.0)

    seen: list[str] = []

    @rule("composite:acme.clipped")
    def clip(op: ir.OpView, context: RuleContext) -> Outcome:
        seen.append(str(op.attributes["composite_attributes"]))
        return tfl.emit("relu6", [op.operands[0]], op.results[0].type)

    with REGISTRY.isolated():
        litewright.register_legalisation(clip)
        model = litewright.convert(Model().eval(), (torch.randn(3),))
    assert seen == ["{top = 6.000000e+00 : f32}"]
    assert "relu6" in str(model.program)


def test_importing_composites_is_for_the_code_of_models() -> None:
    heavy = ("jax", "jaxlib", "ai_edge_litert", "transformers")
    script = f"import sys, litewright.composites; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(Path(litewright.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
