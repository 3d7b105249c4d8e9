"""How many threads kernels get where nobody says."""

import os

import pytest

from litewright.compiler.cores import cores, kernel_threads


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
