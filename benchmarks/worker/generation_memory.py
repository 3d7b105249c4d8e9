"""What a model takes of memory in our own runner, and how fast it is, with or without shared packed weights.

Grown is what the process is larger by at its worst than before the model was loaded, mapped file pages included,
once all signatures have run.
"""

from pathlib import Path
from statistics import median

import ai_edge_litert.compiled_model  # noqa: F401 (the library is no part of what a model takes)

from benchmarks.worker import job as jobs
from benchmarks.worker.generation_latency import Player, visit

_VISITS = 5
_SECONDS = 0.2


def _resident(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def _memory(job: jobs.Job) -> jobs.Result:
    before = _resident("VmRSS")
    player = Player(Path(job["path"]), job["threads"], share_packing=job["shared"])
    seconds = {
        name: median(visit(call, _SECONDS) for _ in range(_VISITS))
        for name, call in player.calls.items()
    }
    return {"grown": _resident("VmHWM") - before, "seconds": seconds}


if __name__ == "__main__":
    jobs.run(_memory)
