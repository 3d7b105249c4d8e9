"""`compile`: programs that were exported already, as an exporter on top hands them over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

import litewright
from tests.support.tolerances import assert_close


def _model() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 200), nn.ReLU(), nn.Linear(200, 100)).eval()


@pytest.mark.parametrize("context", [torch.device("meta"), FakeTensorMode()], ids=["meta", "fake"])
def test_values_of_parameters_may_be_in_a_checkpoint(context: Any, tmp_path: Path) -> None:
    real = _model()
    save_file(real.state_dict(), tmp_path / "model.safetensors")
    with context:
        exported = torch.export.export(_model(), (torch.empty(2, 8),))
    edge = litewright.compile({"main": exported}, weights=tmp_path / "model.safetensors")
    x = torch.randn(2, 8)
    assert_close(edge(x), real(x).detach().numpy(), "float32 model")


def test_values_that_are_nowhere_are_named() -> None:
    with torch.device("meta"):
        exported = torch.export.export(_model(), (torch.empty(2, 8),))
    with pytest.raises(litewright.UserError, match=r"2\.weight"):
        litewright.compile({"main": exported})


def test_two_programs_share_what_is_one_tensor(tmp_path: Path) -> None:
    model = _model()
    programs = {f"rows_{n}": torch.export.export(model, (torch.randn(n, 8),)) for n in (1, 3)}
    litewright.compile(programs).export(tmp_path / "both.tflite")
    litewright.compile({"one": programs["rows_1"]}).export(tmp_path / "one.tflite")
    sizes = [(tmp_path / name).stat().st_size for name in ("both.tflite", "one.tflite")]
    assert sizes[0] < 1.1 * sizes[1]
    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    edge = litewright.read(tmp_path / "both.tflite")
    assert_close(
        edge(x, signature_name="rows_3"),
        model(torch.from_numpy(x)).detach().numpy(),
        "float32 model",
    )
