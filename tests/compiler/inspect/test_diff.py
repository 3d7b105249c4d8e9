"""Comparison of models: what is the same, changed, or in one alone, by origin and without one."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.inspect.diff_facts import ModelDiff, SignatureDiff
from tests.support.environments import PEER, run_script

PEER_WORKER = Path(__file__).parents[2] / "support" / "peer_worker.py"


class Net(nn.Module):
    def __init__(self, width: int = 150, *, activation: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.up, self.down = nn.Linear(8, width), nn.Linear(width, 8)
        self.activation = activation or nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(self.activation(self.up(x))) - x


def converted(module: nn.Module, rows: int = 2, **options: Any) -> EdgeModel:
    return litewright.convert(module.eval(), (torch.ones(rows, 8),), **options)


def only(found: ModelDiff) -> SignatureDiff:
    (signature,) = found.signatures
    assert json.dumps(asdict(found))
    return signature


def test_a_model_is_the_same_as_itself_in_a_file(tmp_path: Path) -> None:
    model = converted(Net())
    model.export(tmp_path / "model.tflite")
    found = litewright.diff(tmp_path / "model.tflite", tmp_path / "model.tflite")
    assert found.is_same
    assert only(found).same == only(found).ops_a > 0
    assert found.bytes_a == found.bytes_b > 8 * 150 * 4 * 2


def test_another_op_is_a_change_in_its_module() -> None:
    plan = litewright.EMPTY
    found = litewright.diff(
        converted(Net(), passes=plan), converted(Net(activation=nn.Tanh()), passes=plan)
    )
    signature = only(found)
    assert not found.is_same
    assert [e.op for e in signature.only_a] == ["RELU"]
    assert [e.op for e in signature.only_b] == ["TANH"]
    row = next(row for row in signature.modules if row.module == "activation")
    assert (row.a, row.b, row.same, row.changed) == (1, 1, 0, 0)
    assert signature.same == signature.ops_a - 1


def test_fused_ops_find_each_other() -> None:
    found = litewright.diff(converted(Net()), converted(Net(), passes=litewright.EMPTY))
    signature = only(found)
    changes = {change.a.op: change.what for change in signature.changed if "up" in change.b.origin}
    assert "fused_activation_function: RELU -> NONE" in changes["FULLY_CONNECTED"]
    assert not signature.only_a
    assert "RELU" in [e.op for e in signature.only_b]


def test_shapes_and_interface() -> None:
    found = litewright.diff(converted(Net()), converted(Net(), rows=3))
    signature = only(found)
    assert signature.interface[:2] == ("- input x: f32[2,8]", "+ input x: f32[3,8]")
    assert "result: f32[2,150] -> f32[3,150]" in [w for c in signature.changed for w in c.what]
    assert not signature.only_a
    assert not signature.only_b


def test_numbers_of_weights() -> None:
    one, other = Net(400), Net(400)
    with torch.no_grad():
        other.up.weight[3, 4] += 0.5
    a, b = converted(one), converted(other)
    assert litewright.diff(a, b, values=False).is_same
    signature = only(litewright.diff(a, b))
    (change,) = signature.changed
    (told,) = change.what
    assert "1 of 3200 numbers differ, by 0.5 at most" in told
    assert change.a.op == "FULLY_CONNECTED"


def test_numbers_of_constants() -> None:
    one, other = Net(), Net()
    with torch.no_grad():
        other.down.bias[0] += 0.25
    signature = only(litewright.diff(converted(one), converted(other)))
    assert [w for c in signature.changed for w in c.what] == [
        "operand 2: constant f32[8]: 1 of 8 numbers differ, by 0.25 at most"
    ]


def test_swapped_operands_are_seen(tmp_path: Path) -> None:
    model = converted(Net())
    text = _text(model)
    a, b = tmp_path / "a.mlir", tmp_path / "b.mlir"
    a.write_text(text)
    swapped = re.sub(r'"tfl.sub"\((%\w+), (%\w+)\)', r'"tfl.sub"(\2, \1)', text)
    assert swapped != text
    b.write_text(swapped)
    (change,) = only(litewright.diff(a, b)).changed
    assert [told.split(":")[0] for told in change.what] == ["operand 0", "operand 1"]


def test_attributes_are_seen(tmp_path: Path) -> None:
    text = _text(converted(Net()))
    a, b = tmp_path / "a.mlir", tmp_path / "b.mlir"
    a.write_text(text)
    b.write_text(
        text.replace('fused_activation_function = "RELU"', 'fused_activation_function = "RELU6"')
    )
    (change,) = only(litewright.diff(a, b)).changed
    assert change.what == ("fused_activation_function: RELU -> RELU6",)


def test_without_origins_kinds_and_types_align(tmp_path: Path) -> None:
    model = converted(Net(), passes=litewright.EMPTY)
    nameless = model.program.module.operation.get_asm(enable_debug_info=False)
    a, b = tmp_path / "a.mlir", tmp_path / "b.mlir"
    a.write_text(_text(model))
    b.write_text(nameless)
    signature = only(litewright.diff(a, b))
    assert signature.same == signature.ops_a == signature.ops_b
    less = "\n".join(line for line in _with_relu_removed(nameless))
    b.write_text(less)
    signature = only(litewright.diff(a, b))
    assert [e.op for e in signature.only_a] == ["RELU"]
    assert not signature.only_b


def _with_relu_removed(text: str) -> list[str]:
    lines = text.splitlines()
    relu = next(line for line in lines if "tfl.relu" in line)
    found = re.match(r'\s*(%\w+) = "tfl.relu"\((%\w+)\)', relu)
    assert found is not None
    new, old = found.groups()
    return [re.sub(rf"{new}\b", old, line) for line in lines if line is not relu]


def _text(model: EdgeModel) -> str:
    return model.program.module.operation.get_asm(enable_debug_info=True)


def test_two_stages_align_by_origin(tmp_path: Path) -> None:
    converted(Net(), dump_ir=tmp_path)
    stablehlo, tfl = next(tmp_path.glob("*_stablehlo.mlir")), next(tmp_path.glob("*_tfl.mlir"))
    signature = only(litewright.diff(stablehlo, tfl))
    kinds = {(c.a.op, c.b.op): c.a.module for c in signature.changed}
    assert kinds["stablehlo.maximum", "RELU"] == "activation"
    assert {row.module for row in signature.modules} >= {"up", "down", "activation"}
    assert all("test_diff.py" in e.origin for e in signature.only_a)


def test_signatures_that_one_model_lacks() -> None:
    both = (
        litewright.signature("one", Net().eval(), (torch.ones(2, 8),))
        .signature("two", Net().eval(), (torch.ones(3, 8),))
        .convert()
    )
    one = litewright.signature("one", Net().eval(), (torch.ones(2, 8),)).convert()
    found = litewright.diff(both, one)
    assert (found.only_a, found.only_b) == (("two",), ())
    assert only(found).is_same
    assert not found.is_same


def test_the_only_signatures_are_compared_whatever_their_names() -> None:
    one = litewright.signature("one", Net().eval(), (torch.ones(2, 8),)).convert()
    found = litewright.diff(one, converted(Net()))
    assert (only(found).a, only(found).b) == ("one", "serving_default")
    assert found.is_same


@pytest.mark.oracle
@pytest.mark.slow
def test_files_of_another_tool(tmp_path: Path) -> None:
    assert run_script(PEER, PEER_WORKER, tmp_path) == 0
    paths = sorted(tmp_path.glob("*.tflite"))
    assert len(paths) > 1
    for path in paths:
        again = tmp_path / f"again_{path.name}"
        litewright.read(path).export(again)
        for each in litewright.diff(path, again).signatures:
            # A constant that is a result takes an op to hand it out, so there may be more of these.
            assert each.same == each.ops_a > 0, path
            assert not each.interface
    assert not litewright.diff(paths[0], paths[1]).is_same
