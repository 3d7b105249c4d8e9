"""Reports on models against the models themselves and against what LiteRT does with them."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.driver.loading import parse_program
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.inspect import DumpObserver, ModelFacts, survey
from litewright.compiler.inspect.survey import bytes_of
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import XNNPACK


class Mixed(nn.Module):
    """Ops that the delegate takes and ops that it leaves, with two weights of unlike size."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(400, 128)
        self.linear = nn.Linear(128, 256)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        states = self.linear(self.table(ids)).relu()
        return torch.where(states > 1, states * 2, states).softmax(-1)


def convert() -> EdgeModel:
    return litewright.convert(Mixed().eval(), (torch.zeros(2, 5, dtype=torch.int32),))


def surveyed(model: EdgeModel) -> ModelFacts:
    with mlir.use(model.program.context):
        return survey(model.program, XNNPACK)


def test_signature_and_sizes() -> None:
    facts = surveyed(convert())
    (signature,) = facts.signatures
    assert [str(each) for each in signature.inputs] == ["ids: i32[2, 5]"]
    assert [each.shape for each in signature.outputs] == [(2, 5, 256)]
    assert sum(signature.histogram.values()) == signature.ops
    assert [each.bytes for each in facts.sizes.largest] == [4 * 400 * 128, 4 * 256 * 128]
    assert facts.sizes.largest[0].symbol == "table.weight"
    assert facts.sizes.total == facts.sizes.weights + facts.sizes.constants
    assert json.loads(json.dumps(dataclasses.asdict(facts)))["target"] == "cpu"


@pytest.mark.parametrize("read_back", [False, True])
def test_delegation_is_what_the_runtime_does(read_back: bool, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    model = convert()
    model.export(path)
    (signature,) = surveyed(litewright.read(path) if read_back else model).signatures
    actual = Runner(path).delegation()
    assert 0 < actual.delegated < signature.ops
    predicted = [(each.index, each.op) for each in signature.not_delegated]
    assert predicted == [(each.index, each.op) for each in actual.remaining]
    assert all(each.reason and each.origin for each in signature.not_delegated)


def test_an_op_left_behind_names_the_line_of_the_model() -> None:
    (signature,) = surveyed(convert()).signatures
    (left,) = [each for each in signature.not_delegated if each.op == "SELECT_V2"]
    assert Path(__file__).name in left.origin


def test_dump_counts_over_passes_and_stages(tmp_path: Path) -> None:
    model = convert()
    folder = tmp_path / "deep" / "ir"
    dump = DumpObserver(folder)
    dump.lowered("tfl main/graph", model.program)
    dump.before("one", model.program)
    dump.after("one", model.program, changed=True)
    dump.after("two", model.program, changed=False)
    names = sorted(each.name for each in folder.iterdir())
    assert names == ["00_tfl-main-graph.mlir", "01_one.mlir", "02_two.mlir"]
    text = (folder / names[1]).read_text()
    with mlir.use(mlir.make_context()):
        assert mlir.ir.Module.parse(text).operation.verify()
    assert (folder / names[2]).read_text() == "// two changed nothing\n"


def test_dump_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.touch()
    with pytest.raises(litewright.UserError, match="cannot create"):
        DumpObserver(path)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("tensor<2x3xf32>", 24),
        ("tensor<3xi4>", 2),
        ("tensor<?x4xf16>", 8),
        ("tensor<3xcomplex<f32>>", 24),
        ("tensor<5x!tf_type.string>", 0),
        ("none", 0),
    ],
)
def test_sizes_of_types(kind: str, size: int) -> None:
    with mlir.use(mlir.make_context()):
        module = mlir.ir.Module.parse(f"func.func private @f(%x: {kind}) {{ return }}")
        (function,) = module.body.operations
        assert bytes_of(function.regions[0].blocks[0].arguments[0]) == size


INTEGERS = """
func.func @main(%x: tensor<2x4x!quant.uniform<i8:f32, 5.0e-02:3>>) -> tensor<2x4xf32> {
  %0 = "tfl.abs"(%x) : (tensor<2x4x!quant.uniform<i8:f32, 5.0e-02:3>>)
      -> tensor<2x4x!quant.uniform<i8:f32, 2.0e-02:-128>>
  %1 = "tfl.dequantize"(%0) : (tensor<2x4x!quant.uniform<i8:f32, 2.0e-02:-128>>) -> tensor<2x4xf32>
  return %1 : tensor<2x4xf32>
}
"""


def test_values_of_integers_are_told_with_their_scale() -> None:
    with mlir.use(mlir.make_context()):
        (signature,) = survey(parse_program(INTEGERS), XNNPACK).signatures
    assert str(signature.inputs[0]) == "input0: qi8[2, 4], scale 0.05, zero point 3"
    assert str(signature.outputs[0]) == "result0: f32[2, 4]"
    assert signature.values == {"qi8": 1, "f32": 1}
