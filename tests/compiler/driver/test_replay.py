"""Passes that fail: what the error tells, and that the command it gives shows the same error again."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from litewright.compiler.driver.extensions import REGISTRY
from litewright.tools.main import main

MODEL = """
import torch
from torch import nn


class Gate(nn.Module):
    def forward(self, x):
        return torch.tanh(x) + x


def gate():
    return Gate().eval(), (torch.ones(2, 3),)
"""
HEAD = """
from dataclasses import dataclass

import litewright
from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import body_of, set_result_names
from litewright.passes.core import Pass, rule

register = litewright.register_pass(stage="STAGE")
"""
RULES = {
    "raises": """
@register
@rule("stablehlo.tanh")
def fail(op, context):
    raise ValueError("no such thing")
""",
    "breaks": """
@register
@rule("stablehlo.tanh")
def mistype(op, context):
    made = ir.Operation.create(
        "stablehlo.transpose", results=[op.results[0].type], operands=[op.operands[0]],
        attributes={"permutation": ir.DenseI64ArrayAttr.get([0, 0])},
    )
    return made.result
""",
    "loops": """
@register
@rule("stablehlo.tanh")
def again(op, context):
    return hlo.unary("tanh", op.operands[0])
""",
    "retypes": """
@register
@rule("stablehlo.tanh")
def shorten(op, context):
    return hlo.slice(op.operands[0], [0, 0], [1, 3])
""",
}
PASSES = {
    "lies": """
@register
@dataclass(frozen=True)
class Deny(Pass):
    def run(self, unit):
        for function in unit.signatures():
            for op in list(body_of(function).operations):
                if op_name(op) == "stablehlo.tanh":
                    with ir.InsertionPoint(op), op.location:
                        made = hlo.unary("logistic", op.operands[0])
                    op.results[0].replace_all_uses_with(made)
                    op.erase()
        return False
""",
    "renames": """
@register
@dataclass(frozen=True)
class Rename(Pass):
    def run(self, unit):
        for function in unit.signatures():
            set_result_names(function, ["another"])
        return True
""",
}
LINE = "model.py:8"


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with REGISTRY.isolated():
        yield


def run(*arguments: object) -> Result:
    """A command as in a process of its own: nothing is registered yet."""
    with REGISTRY.isolated():
        result = CliRunner().invoke(main, [str(each) for each in arguments])
    for name in ("bad", "model"):
        sys.modules.pop(name, None)
    return result


def converted(code: str, stage: str, folder: Path) -> Result:
    bad, model = folder / "bad.py", folder / "model.py"
    bad.write_text(HEAD.replace("STAGE", stage) + code)
    model.write_text(MODEL)
    output = folder / "model.tflite"
    arguments = ("convert", f"{model}:gate", "-o", output, "--dump-ir", folder / "ir")
    return run("--import", bad, *arguments)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("raises", ("no such thing", "in rule fail at stablehlo.tanh")),
        ("breaks", ("permutation", "rule mistype applied at stablehlo.tanh")),
        ("loops", ("rules do not settle", "again")),
        ("retypes", ("rule shorten replaced", "stablehlo.tanh")),
        ("lies", ("pass deny says that it changed nothing",)),
        ("renames", ("pass rename changed what callers see", "another")),
    ],
)
def test_the_command_of_the_error_shows_the_error(
    kind: str, told: tuple[str, ...], tmp_path: Path
) -> None:
    result = converted({**RULES, **PASSES}[kind], "stablehlo", tmp_path)
    text = _text(result)
    assert result.exit_code == 1
    for part in (*told, "before it ran: "):
        assert part in text, text
    if kind in RULES:
        assert LINE in text, text
    assert not (tmp_path / "model.tflite").exists()
    found = re.search(r"to replay: (litewright .*)", text)
    assert found is not None, text
    program, *arguments = shlex.split(found[1])
    assert program == "litewright"
    replayed = run(*arguments)
    assert replayed.exit_code == 1
    again = _text(replayed)
    for part in told:
        assert part in again, again
    if kind in RULES:
        assert LINE in again, again


def test_an_error_in_an_fx_pass_names_the_graph_before_it(tmp_path: Path) -> None:
    code = """
@register
@dataclass(frozen=True)
class Stumble(Pass):
    def run(self, unit):
        raise ValueError("no such thing")
"""
    text = _text(converted(code, "fx", tmp_path))
    assert "no such thing" in text
    assert "in pass stumble; before it ran: remove-unused-nodes" in text
    found = re.search(r"the graph before it: (.*)", text)
    assert found is not None, text
    assert "torch.ops.aten.tanh" in Path(found[1]).read_text()


def _text(result: Result) -> str:
    """What a terminal shows; of other errors than litewright's own the message and its notes."""
    error = result.exception
    notes = [str(error), *getattr(error, "__notes__", ())] if error is not None else []
    return "\n".join([result.output, *notes])
