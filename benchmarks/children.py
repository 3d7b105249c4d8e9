"""Child processes, one per measurement, and the memory each had resident at its worst."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_SAMPLE_SECONDS = 0.02
_LOG_LINES = 6


@dataclass(frozen=True, slots=True)
class Memory:
    """Peaks in bytes, mapped file pages included.

    `peak` is what the kernel counted (`ru_maxrss`); `anonymous` and `file` are its parts, each at
    its own peak, as sampled: what was allocated, and what was mapped from files.
    """

    peak: int
    anonymous: int
    file: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a worker returned, its memory, and how long the process lived."""

    result: dict[str, Any]
    memory: Memory
    seconds: float


class WorkerError(Exception):
    """A worker ended without a result; the message holds the end of its log."""


class Workers:
    """Starts workers, each with its files in `folder`."""

    def __init__(self, folder: Path, peer_python: Path | None) -> None:
        self._folder = folder
        self.peer_python = peer_python
        self._count = 0
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, worker: str, job: Mapping[str, Any], *, in_peer: bool = False) -> Outcome:
        """Run `benchmarks.worker.<worker>` to its end."""
        python = str(self.peer_python) if in_peer else sys.executable
        self._count += 1
        stem = self._folder / f"{self._count:03}-{worker}"
        job_path, result_path = stem.with_suffix(".job.json"), stem.with_suffix(".result.json")
        job_path.write_text(json.dumps(dict(job), default=str))
        result_path.unlink(missing_ok=True)
        command = [python, "-m", f"benchmarks.worker.{worker}", str(job_path), str(result_path)]
        log_path = stem.with_suffix(".log")
        started = time.perf_counter()
        with log_path.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment())
            status, memory = _wait(process)
        seconds = time.perf_counter() - started
        if status != 0 or not result_path.exists():
            raise WorkerError(f"{worker} ended with status {status}:\n{_tail(log_path)}")
        return Outcome(json.loads(result_path.read_text()), memory, seconds)


def environment() -> dict[str, str]:
    """The environment of a child: it imports this checkout, and asks no hub for anything."""
    environment = dict(os.environ)
    paths = [str(ROOT), str(ROOT / "src"), *environment.get("PYTHONPATH", "").split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    environment["HF_HUB_OFFLINE"] = "1"
    environment["TOKENIZERS_PARALLELISM"] = "false"
    return environment


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, Memory]:
    """Sample a process until it ends; its exit status, and its peaks."""
    anonymous = file = 0
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, Memory(usage.ru_maxrss * 1024, anonymous, file)
            sizes = _resident(process.pid)
            anonymous = max(anonymous, sizes.get("RssAnon", 0))
            file = max(file, sizes.get("RssFile", 0))
            time.sleep(_SAMPLE_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _resident(pid: int) -> dict[str, int]:
    """The `Rss*` lines of a process in bytes; nothing where there is no /proc."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    lines = (line.split() for line in text.splitlines() if line.startswith("Rss"))
    return {fields[0].rstrip(":"): int(fields[1]) * 1024 for fields in lines}


def _tail(path: Path) -> str:
    """The last lines of a log, without the place of this checkout."""
    text = path.read_text(errors="replace").replace(f"{ROOT}{os.sep}", "")
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_LOG_LINES:])
