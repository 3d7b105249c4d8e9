"""A conversion may end at any moment: what is there is the old file or the new one, and nothing beside it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.weights import WeightStore
from litewright.generative.bundle import writing
from litewright.generative.huggingface import bundling
from litewright.generative.huggingface.export import LanguageModel, convert_checkpoint

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests" / "data" / "docs-llama"
OLD = b"what was there before"


class ReadingError(Exception):
    """Of a weight that cannot be read."""


def fail() -> None:
    raise ReadingError


ENDS: dict[str, tuple[Callable[[], None], type[BaseException]]] = {
    "error": (fail, ReadingError),
    "SIGINT": (lambda: signal.raise_signal(signal.SIGINT), KeyboardInterrupt),
    "SIGTERM": (lambda: signal.raise_signal(signal.SIGTERM), SystemExit),
    "SIGHUP": (lambda: signal.raise_signal(signal.SIGHUP), SystemExit),
}
MOMENTS = ("first weight", "last weight", "disk", "rename")


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Python's own handling of SIGINT, which what a shell runs in the background is born to ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def edge() -> litewright.EdgeModel:
    """Several weights that are streamed, quantised."""
    torch.manual_seed(0)
    layers = [nn.Linear(256, 256, bias=False) for _ in range(3)]
    model = nn.Sequential(*layers).eval()
    return litewright.convert(model, (torch.randn(1, 256),), quant_config="dynamic_int8")


@pytest.fixture(scope="module")
def language_model() -> LanguageModel:
    return convert_checkpoint(MODEL, prefill_lengths=(8,), cache_length=16)


def end_at(moment: str, end: Callable[[], None], patch: pytest.MonkeyPatch, weights: int) -> None:
    """Arranges that `end` is called at a moment of the export."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are taken by the main thread")
    if moment in {"disk", "rename"}:
        owner, name = (os, "fsync") if moment == "disk" else (Path, "replace")
        real: Any = getattr(owner, name)

        def ending(*given: Any) -> Any:
            end()
            return real(*given)

        patch.setattr(owner, name, ending)
        return
    read = WeightStore.read
    seen = 0

    def counted(self: WeightStore, symbol: str) -> np.ndarray[Any, Any]:
        nonlocal seen
        seen += 1
        if seen == (1 if moment == "first weight" else weights):
            end()
        return read(self, symbol)

    patch.setattr(WeightStore, "read", counted)


@pytest.fixture(params=[OLD, None], ids=["replaced", "new"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a graph is to be written; there may be another one."""
    path = tmp_path / "model.tflite"
    if request.param is not None:
        path.write_bytes(request.param)
    return path


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("how", ENDS)
def test_graph(
    how: str,
    moment: str,
    edge: litewright.EdgeModel,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = [(each, each.read_bytes()) for each in path.parent.iterdir()]
    end, error = ENDS[how]
    handlers = [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)]
    with monkeypatch.context() as patch:
        end_at(moment, end, patch, 3)
        with pytest.raises(error):
            edge.export(path)
    assert [signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)] == handlers
    assert [(each, each.read_bytes()) for each in path.parent.iterdir()] == before
    edge.export(path)
    assert path.stat().st_size > 3 * 256 * 256
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("moment", [*MOMENTS, "bundle"])
@pytest.mark.parametrize("how", ["error", "SIGINT", "SIGTERM"])
def test_bundle(
    how: str,
    moment: str,
    language_model: LanguageModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "model.litertlm"
    path.write_bytes(OLD)
    end, error = ENDS[how]
    monkeypatch.setattr(bundling, "convert_checkpoint", lambda *_, **__: language_model)
    with monkeypatch.context() as patch:
        if moment == "bundle":
            patch.setattr(writing, "_copy", lambda *_: end())
        else:
            end_at(moment, end, patch, 10)
        with pytest.raises(error):
            export(path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {path.name: OLD}
    export(path)
    assert path.read_bytes()[:8] == b"LITERTLM"
    assert list(tmp_path.iterdir()) == [path]


def export(path: Path) -> None:
    bundling.export_checkpoint(MODEL, path, prefill_lengths=(8,), cache_length=16, proof=False)


HOLD = """
import time
from pathlib import Path
from litewright.compiler.weights import WeightStore

read, seen = WeightStore.read, 0

def held(self, symbol):
    global seen
    seen += 1
    if seen == 6:
        Path({mark!r}).touch()
        time.sleep(100)
    return read(self, symbol)

WeightStore.read = held
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number", "status"),
    [
        ("model.tflite", signal.SIGTERM, 143),
        ("model.litertlm", signal.SIGINT, 1),
        ("model.litertlm", signal.SIGTERM, 143),
        ("model.litertlm", signal.SIGHUP, 129),
        ("model.tflite", signal.SIGINT, 1),
        ("model.tflite", signal.SIGKILL, -9),
    ],
)
def test_command(name: str, number: signal.Signals, status: int, tmp_path: Path) -> None:
    folder, mark, hold = tmp_path / "out", tmp_path / "mark", tmp_path / "hold.py"
    folder.mkdir()
    hold.write_text(HOLD.format(mark=str(mark)))
    path = folder / name
    path.write_bytes(OLD)
    command = [sys.executable, "-m", "litewright.tools.main", "--import", hold, "export-hf", MODEL]
    options = ["-o", path, "--prefill", "8", "--cache", "16", "--no-proof"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [*map(str, command), *map(str, options), "--quantize", "dynamic_int8"],
        stderr=subprocess.PIPE,
        env=environment,
    )
    try:
        deadline = time.monotonic() + 200
        while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert mark.exists(), process.stderr and process.stderr.read()
        process.send_signal(number)
        assert process.wait(60) == status
    finally:
        process.kill()
        process.communicate()
    assert path.read_bytes() == OLD
    if number != signal.SIGKILL:
        assert list(folder.iterdir()) == [path]
