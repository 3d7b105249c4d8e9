"""Sessions in which one signature hands tensors over to another."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright


class Writer(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"seen": x * 2, "sum": x.sum(-1)}


class Reader(nn.Module):
    def forward(self, seen: Tensor, y: Tensor) -> dict[str, Tensor]:
        return {"product": seen * y}


def _file(root: Path, width: int = 4) -> Path:
    writer = litewright.signature("write", Writer(), (torch.zeros(1, 4),))
    reader = {"seen": torch.zeros(1, width), "y": torch.zeros(1, width)}
    writer.signature("read", Reader(), (), reader).convert().export(root / "model.tflite")
    return root / "model.tflite"


def test_what_one_signature_returns_another_takes(tmp_path: Path) -> None:
    session = litewright.Session(_file(tmp_path), handed_over=True)
    random = np.random.default_rng(0)
    y = random.normal(size=(1, 4)).astype(np.float32)

    assert set(session.state) == {"seen"}
    for _ in range(2):
        x = random.normal(size=(1, 4)).astype(np.float32)
        written = session.run({"x": x}, "write")
        assert list(written) == ["sum"]
        for _ in range(2):
            read = session.run({"y": y}, "read")["product"]
            np.testing.assert_array_equal(read, 2 * x * y)
    session.reset()
    np.testing.assert_array_equal(session.run({"y": y}, "read")["product"], np.zeros((1, 4)))


def test_nothing_is_handed_over_unasked(tmp_path: Path) -> None:
    session = litewright.Session(_file(tmp_path))
    x = np.ones((1, 4), np.float32)

    assert session.state == {}
    assert list(session.run({"x": x}, "write")) == ["seen", "sum"]
    np.testing.assert_array_equal(session.run({"seen": x, "y": 3 * x}, "read")["product"], 3 * x)


def test_what_is_handed_over_has_one_shape(tmp_path: Path) -> None:
    path = _file(tmp_path, width=1)

    with pytest.raises(litewright.UserError, match=r"state 'seen' is .*1, 1.* in 'read'"):
        litewright.Session(path, handed_over=True)
