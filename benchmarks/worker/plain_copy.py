"""Reads the files of a checkpoint and writes as many bytes as asked, until the disk has them: nothing else."""

import os
import time
from pathlib import Path

from benchmarks.worker import job as jobs

_CHUNK = 16 * 1024 * 1024


def _copy(job: jobs.Job) -> jobs.Result:
    files = sorted(Path(job["checkpoint"]).glob("*.safetensors"))
    size = sum(file.stat().st_size for file in files)
    share = job["bytes"] / size
    output = Path(job["output"])
    buffer = bytearray(_CHUNK)
    read = written = 0
    started = time.perf_counter()
    with output.open("wb", buffering=0) as target:
        for file in files:
            with file.open("rb", buffering=0) as source:
                while count := source.readinto(buffer):
                    read += count
                    # Written evenly, as what is read is used up.
                    due = min(job["bytes"], round(read * share)) - written
                    written += target.write(memoryview(buffer)[:due])
        os.fsync(target.fileno())
    total = time.perf_counter() - started
    output.unlink()
    return {"total": total, "read": read, "written": written}


if __name__ == "__main__":
    jobs.run(_copy)
