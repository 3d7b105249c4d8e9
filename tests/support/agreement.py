"""Converted models against eager torch, on LiteRT with the delegate and without."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.runtime import Runner
from tests.support.tolerances import assert_close


def eager(module: nn.Module, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The module's outputs by the names that a signature gives them."""
    with torch.no_grad():
        outputs = module(**inputs)
    return outputs if isinstance(outputs, dict) else {"output_0": outputs}


def assert_agrees(
    model: EdgeModel,
    module: nn.Module,
    inputs: Mapping[str, Tensor],
    folder: Path,
    *,
    signature: str | None = None,
    kind: str = "float32 model",
) -> None:
    """Asserts that the file of `model` computes what `module` does, on both paths of the runtime."""
    path = folder / "model.tflite"
    model.export(path)
    expected = eager(module, inputs)
    arrays = {name: tensor.numpy() for name, tensor in inputs.items()}
    for delegate in (True, False):
        actual = Runner(path, delegate=delegate).run(arrays, signature)
        assert list(actual) == list(expected)
        for name, tensor in expected.items():
            assert_close(actual[name], tensor.numpy(), kind)
