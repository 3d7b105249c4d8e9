"""Truncated and damaged files: read, or refused by name, and in no time."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir import mlir
from litewright.lowering.tfl_to_flatbuffer import reader


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "model.tflite"
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 5))
    litewright.convert(net.eval(), (torch.zeros(1, 3, 6, 6),)).export(path)
    return path.read_bytes()


@pytest.mark.parametrize("seed", range(8))
def test_damage_is_told_or_harmless(sound: bytes, tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path, refused = tmp_path / "damaged.tflite", 0
    context = mlir.make_context()
    for number in range(60):
        damaged = bytearray(sound)
        if number % 3 == 0:
            damaged = damaged[: rng.integers(0, len(sound))]
        for place in rng.integers(0, len(damaged), rng.integers(1, 6)) if damaged else ():
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        try:
            with mlir.use(context):
                reader.read(path, context)
        except FormatError:
            refused += 1
    assert refused > 10, "damage that goes unnoticed throughout is no damage"


def test_what_is_read_is_written_the_same(sound: bytes, tmp_path: Path) -> None:
    first, second = tmp_path / "first.tflite", tmp_path / "second.tflite"
    (tmp_path / "sound.tflite").write_bytes(sound)
    model = litewright.read(tmp_path / "sound.tflite")
    model.export(first)
    litewright.read(first).export(second)
    assert first.read_bytes() == second.read_bytes()
    x = torch.randn(1, 3, 6, 6).numpy()
    np.testing.assert_array_equal(model(x), litewright.read(second)(x))
