"""What torchao and PT2E have quantised, on the GPU: integers of weights as they are, activations rounded."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from tests.gpu.device import run_on_gpu
from tests.support.tolerances import TOLERANCES, relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ao: Any = pytest.importorskip("torchao.quantization")

pytestmark = pytest.mark.gpu

decomposed: Any = torch.ops.quantized_decomposed


class Rounded(nn.Module):
    """Integers of weights, and activations that have been quantised in front of the product and behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("q", torch.randint(-128, 128, (48, 64), dtype=torch.int8))
        self.register_buffer("scales", torch.rand(48) / 50 + 0.01)
        self.register_buffer("zeros", torch.zeros(48, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low, high, kind = -128, 127, torch.int8
        before, behind = (0.03, 5, low, high, kind), (0.25, -3, low, high, kind)
        channels = (self.scales, self.zeros, 0, low, high, kind)
        weight = decomposed.dequantize_per_channel(self.q, *channels)
        x = decomposed.dequantize_per_tensor(decomposed.quantize_per_tensor(x, *before), *before)
        x = nn.functional.linear(x, weight)
        return decomposed.dequantize_per_tensor(decomposed.quantize_per_tensor(x, *behind), *behind)


def quantised() -> nn.Module:
    module = nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 32)).eval()
    # Weights of -128 among them.
    ao.quantize_(module, ao.Int8WeightOnlyConfig(version=2))
    return module


@pytest.mark.parametrize(("make", "name"), [(Rounded, "x"), (quantised, "input")])
def test_runs_and_equals_pytorch(make: Any, name: str, tmp_path: Path) -> None:
    torch.manual_seed(4)
    module, x, path = make().eval(), torch.randn(6, 64), tmp_path / "model.tflite"
    model = litewright.convert(module, (x,), target="gpu")
    assert model.notes == []
    model.export(path)
    made = run_on_gpu(path, {f"serving_default/{name}": x.numpy()})
    assert made.accelerated, made.complaint
    with torch.no_grad():
        expected = module(x).numpy()
    [result] = made.outputs.values()
    # A step of the result, where a number lies between two.
    assert relative_error(np.asarray(result), expected) <= 2 * TOLERANCES["int8 activations"]
