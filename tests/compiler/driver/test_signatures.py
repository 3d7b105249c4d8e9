"""`EdgeModel.signatures`: what can be called, as the file states it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from tests.support.programs import program_of


class Scorer(nn.Module):
    def forward(self, tokens: Tensor, *, weights: Tensor) -> dict[str, Tensor]:
        rows = tokens.float() * weights
        return {"scores": rows.sum(-1), "seen": tokens != 0}


def test_a_model_tells_its_signatures_as_its_file_does(tmp_path: Path) -> None:
    edge = litewright.signature(
        "short", Scorer().eval(), (torch.ones(1, 4, dtype=torch.int32),), {"weights": torch.ones(4)}
    ).signature(
        "long", Scorer().eval(), (torch.ones(1, 9, dtype=torch.int32),), {"weights": torch.ones(9)}
    )
    model = edge.convert()
    model.export(tmp_path / "model.tflite")
    stated = Runner(tmp_path / "model.tflite").signatures
    for told in (model.signatures, litewright.read(tmp_path / "model.tflite").signatures):
        assert list(told) == ["short", "long"]
        for name, each in told.items():
            assert (each.inputs, each.outputs) == (stated[name].inputs, stated[name].outputs)
    text = str(model.signatures["long"])
    assert text == (
        "long(tokens: int32[1, 9], weights: float32[9]) -> (scores: float32[1], seen: bool[1, 9])"
    )


GROWING = """
func.func @main(%x: tensor<?x3xf32> {litewright.name = "x"}, %s: tensor<?x3xf32> {litewright.name = "s"})
    -> (tensor<?x3xf32> {litewright.name = "s"}) {
  %0 = "tfl.add"(%x, %s) {fused_activation_function = "NONE"} :
      (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
"""


def test_a_dimension_of_the_caller_is_told_as_such(tmp_path: Path) -> None:
    with mlir.use(mlir.make_context()):
        model = EdgeModel(program_of(GROWING))
    (signature,) = model.signatures.values()
    assert str(signature) == "main(x: float32[?, 3], s: float32[?, 3]) -> (s: float32[?, 3])"
    model.export(tmp_path / "model.tflite")
    with pytest.raises(litewright.UserError, match=r"state 's' of 'main' is float32\[\?, 3\]"):
        litewright.Session(tmp_path / "model.tflite")
