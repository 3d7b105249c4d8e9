"""Environments of other compilers and runtimes, each in a virtual environment of its own.

They are made on demand under `.venvs/` and kept. A variable may point at the Python of one that is
there already; where neither works, as without a network, the test that asked is skipped.
"""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venvs"


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes:
        name: of its folder.
        variable: names a Python that shall be used instead.
        requirements: what pip installs, one after the other; the last is written down when all are there.
    """

    name: str
    variable: str
    requirements: tuple[str, ...]


ORACLE = Environment("oracle", "LITEWRIGHT_ORACLE_PYTHON", ("litert-converter==0.5.0",))
TENSORFLOW = Environment("tensorflow", "LITEWRIGHT_TENSORFLOW_PYTHON", ("tensorflow-cpu==2.21.*",))
EXPLORER = Environment(
    "explorer", "LITEWRIGHT_EXPLORER_PYTHON", ("ai-edge-model-explorer==0.1.34",)
)
# The benchmarks make this environment too, under the same name and mark.
PEER = Environment("peer", "LITEWRIGHT_PEER_PYTHON", ("torch==2.13.0", "litert-torch==0.10.0"))


@functools.cache
def python_of(environment: Environment) -> Path:
    """The Python of an environment; skips the test where there is none and none can be made."""
    given = os.environ.get(environment.variable)
    if given:
        return Path(given)
    folder = FOLDER / environment.name
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{environment.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = folder / "complete"
        wanted = environment.requirements[-1]
        if not (complete.exists() and complete.read_text() == wanted):
            _make(environment, folder)
            complete.write_text(wanted)
    return folder / "bin" / "python"


def run_script(
    environment: Environment, script: Path, *arguments: str | Path, timeout: float = 600
) -> int:
    """Runs a script in an environment; returns its exit code."""
    command = [str(python_of(environment)), str(script), *map(str, arguments)]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": ""}
    done = subprocess.run(
        command, env=os.environ | quiet, timeout=timeout, check=False, capture_output=True
    )
    sys.stderr.write(done.stderr.decode(errors="replace")[-4000:])
    return done.returncode


def _make(environment: Environment, folder: Path) -> None:
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--retries", "1"]
    for requirement in environment.requirements:
        done = subprocess.run([*pip, requirement], check=False, capture_output=True, text=True)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:] or ["pip failed"]
            pytest.skip(f"the environment {environment.name} cannot be made: {last[0]}")
