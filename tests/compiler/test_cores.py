"""How many threads kernels get where nobody says."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

import litewright
from litewright.compiler.cores import cores, kernel_threads
from litewright.compiler.runtime import Runner


@pytest.mark.parametrize(
    ("there", "bound", "threads"),
    [(1, "", 1), (3, "", 3), (16, "", 4), (16, "2", 2), (2, "8", 2), (3, "0", 3), (3, "4,2", 3)],
)
def test_threads(monkeypatch: pytest.MonkeyPatch, there: int, bound: str, threads: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(there)))
    monkeypatch.setenv("OMP_NUM_THREADS", bound)
    assert kernel_threads() == threads


def test_cores_are_those_of_the_process() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize("threads", [0, -2])
@pytest.mark.parametrize("kind", [litewright.Session, Runner])
def test_what_is_no_number_of_threads_is_refused(kind: Any, threads: int, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    litewright.convert(torch.nn.ReLU(), (torch.ones(2, 3),)).export(path)
    with pytest.raises(litewright.UserError, match=f"must be positive, not {threads}"):
        kind(path, threads=threads)
