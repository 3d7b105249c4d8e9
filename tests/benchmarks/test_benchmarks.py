"""The benchmark runs from end to end on the smallest model, without the peer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-4


@pytest.mark.slow
def test_measures_a_tiny_decoder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "decoder-tiny", "--side", "litewright"]
    folders = ["--work", str(tmp_path / "work"), "--output", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, *folders, "--quick"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    side = json.loads((tmp_path / "out.json").read_text())["cases"]["decoder-tiny"]["sides"][
        "litewright"
    ]
    assert side["failure"] is None
    assert set(side["graphs"]) == set(side["latency"]) == {"prefill", "decode"}
    assert max(side["errors"].values()) <= TOLERANCE
    page = (tmp_path / "out.md").read_text()
    assert "| conversion |" in page
    assert str(tmp_path) not in page


@pytest.mark.slow
def test_streams_a_checkpoint(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.streaming", "--layers", "0", "--tinyllama", "1"]
    options = ["--no-peer", "--work", str(tmp_path / "work"), "--json", str(tmp_path / "rows.json")]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [row] = json.loads((tmp_path / "rows.json").read_text())
    assert row["written"] < 0.6 * row["read"]
    assert row["copy"] > 0
    assert row["anonymous"] <= row["peak"] < 2_500_000_000
    assert not list((tmp_path / "work").glob("*.tflite"))


@pytest.mark.slow
def test_measures_language_models(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.generation", "--no-peer", "--quick"]
    options = ["--widths", "skeleton", "--cache", "256", "--scheme", "int8", "speed", "memory"]
    folders = ["--work", str(tmp_path / "work"), "--output", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, *options, *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    [speed] = found["speed"].values()
    assert set(speed["timed"]["litewright"]) == {"prefill", "decode"}
    assert speed["graphs"]["litewright"]["decode"][1] == speed["layers"] + 1
    [memory] = found["memory"].values()
    assert set(memory["grown"]) == {"once", "each"}
    page = (tmp_path / "out.md").read_text()
    assert "| decode, 4 threads |" in page
    assert str(tmp_path) not in page
