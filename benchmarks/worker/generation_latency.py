"""Times models against each other in one process, at one number of threads, as a runtime runs them.

A model's caches are written in place: one buffer is bound to input and output, and so are the packed weights
shared between its signatures; LiteRT-LM does both. A visit calls a signature until `seconds` are used; visits of
all models make a round, each round in another order, so that whatever disturbs the machine disturbs neighbours
alike, and what is compared are neighbours.
"""

import math
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.worker import job as jobs
from litewright.compiler.runtime.engines import CompiledEngine
from litewright.compiler.runtime.runner import signatures_of
from litewright.compiler.runtime.signatures import SignatureInfo

_MASKED = -0.7 * float(np.finfo(np.float32).max)
_WARM_UP_CALLS = 3
_CACHE = "kv_cache_"


class Player:
    """A model with buffers that are bound once, filled for a step in the middle of the cache."""

    def __init__(self, path: Path, threads: int, *, share_packing: bool = True) -> None:
        self._engine = CompiledEngine(
            path, delegate=True, threads=threads, share_packing=share_packing
        )
        caches: dict[str, Any] = {}
        self.calls: dict[str, Any] = {}
        for signature in signatures_of(path).values():
            for each in signature.inputs:
                if each.name.startswith(_CACHE) and each.name not in caches:
                    caches[each.name] = self._engine.buffer(signature, each.name)
                    size = math.prod(each.shape) * each.dtype.itemsize
                    caches[each.name].write(np.zeros(size, np.uint8))
            call = self._engine.call(signature, caches)
            for name, array in _inputs(signature).items():
                call.write(name, array)
            key = "decode" if signature.name == "decode" else "prefill"
            self.calls[key] = call


def _inputs(signature: SignatureInfo) -> dict[str, Any]:
    shapes = {each.name: each for each in signature.inputs}
    length = shapes["tokens"].shape[-1]
    mask = shapes["mask"]
    cache = mask.shape[-1]
    start = (cache - length) // 2 if length == 1 else 0
    positions = np.arange(start, start + length, dtype=np.int32)
    visible = np.arange(cache)[None] <= positions[:, None]
    values = visible if mask.dtype == np.bool_ else np.where(visible, 0, _MASKED)
    return {
        "tokens": (np.arange(length, dtype=np.int32) % 200)[None],
        "input_pos": positions,
        "mask": values.astype(mask.dtype).reshape(mask.shape),
    }


def visit(call: Any, seconds: float) -> float:
    """The median seconds of a call."""
    times: list[float] = []
    while not times or sum(times) < seconds:
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


def _latency(job: jobs.Job) -> jobs.Result:
    players = [Player(Path(path), job["threads"]) for path in job["paths"]]
    samples: jobs.Result = {}
    for signature in ("prefill", "decode"):
        calls = [player.calls[signature] for player in players]
        for call in calls:
            for _ in range(_WARM_UP_CALLS):
                call()
        times: list[list[float]] = [[] for _ in players]
        for turn in range(job["rounds"]):
            for step in range(len(calls)):
                index = (turn + step) % len(calls)
                times[index].append(visit(calls[index], job["seconds"]))
        samples[signature] = times
    return {"samples": samples}


if __name__ == "__main__":
    jobs.run(_latency)
