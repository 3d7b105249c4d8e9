"""Ready recipes on the GPU: which run there, which are left to the CPU, and which end the process."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.diagnostics import UnsupportedError
from litewright.compiler.inspect import survey
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import ML_DRIFT
from tests.gpu.device import Outcome, run_on_gpu
from tests.support.tolerances import assert_close

pytestmark = pytest.mark.gpu

TOKENS = torch.tensor([[3, 1, 4, 1, 5]], dtype=torch.int32)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.up, self.down = (
            nn.Embedding(300, 256),
            nn.Linear(256, 512),
            nn.Linear(512, 64),
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.down(torch.relu(self.up(self.table(tokens))))


@pytest.fixture
def small() -> nn.Module:
    torch.manual_seed(0)
    return Small().eval()


def on_gpu(path: Path) -> Outcome:
    return run_on_gpu(path, {"serving_default/tokens": TOKENS.numpy()})


@pytest.mark.parametrize("recipe", ["dynamic_int8", "int4_channel"])
def test_runs_and_equals_the_cpu(recipe: str, small: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    litewright.convert(small, (TOKENS,), target="gpu", quant_config=recipe).export(path)
    made = on_gpu(path)
    assert made.accelerated, made.complaint
    [wanted] = Runner(path).run({"tokens": TOKENS.numpy()}).values()
    [result] = made.outputs.values()
    assert_close(result, wanted, "int8 activations")


@pytest.mark.parametrize("recipe", ["weight_only_int8", "fp16"])
def test_is_left_to_the_cpu_as_the_table_says(
    recipe: str, small: nn.Module, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    model = litewright.convert(small, (TOKENS,), target="gpu", quant_config=recipe)
    with mlir.use(model.program.context):
        [signature] = survey(model.program, ML_DRIFT).signatures
    assert signature.not_delegated
    model.export(path)
    assert not on_gpu(path).accelerated


def test_blocks_are_refused_since_they_end_the_process(small: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="a scale for each block"):
        litewright.convert(small, (TOKENS,), target="gpu", quant_config="int4_block32")
    path = tmp_path / "model.tflite"
    litewright.convert(small, (TOKENS,), quant_config="int4_block32").export(path)
    made = on_gpu(path)
    assert "exit code -" in made.complaint
    [wanted] = Runner(path).run({"tokens": TOKENS.numpy()}).values()
    assert np.isfinite(wanted).all()
