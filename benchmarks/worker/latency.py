"""Times files against each other in one process, at one number of threads.

The files are loaded in the order given and visited in turns, each round beginning with another
one; a visit warms up and then times single calls until its share of the time is used. The parent
starts several of these processes with other orders, because the first file loaded looks slower.
"""

import time
from pathlib import Path

from benchmarks.player import Player
from benchmarks.steps import Step, load_steps
from benchmarks.worker import job as jobs

_WARM_UP_CALLS = 2
_LEAST_CALLS = 3


def _first_steps(path: Path) -> list[Step]:
    """The first call of every signature."""
    steps = {step.signature: step for step in reversed(load_steps(path))}
    return [steps[name] for name in sorted(steps)]


def _visit(player: Player, step: Step, seconds: float) -> list[float]:
    key = player.signature(step.signature)
    player.load(step, {})
    for _ in range(_WARM_UP_CALLS):
        player.invoke(key)
    times: list[float] = []
    while sum(times) < seconds or len(times) < _LEAST_CALLS:
        started = time.perf_counter()
        player.invoke(key)
        times.append(time.perf_counter() - started)
    return times


def _latency(job: jobs.Job) -> jobs.Result:
    players = [Player(Path(path), threads=job["threads"]) for path in job["paths"]]
    samples: jobs.Result = {}
    for step in _first_steps(Path(job["steps"])):
        times: list[list[float]] = [[] for _ in players]
        for start in range(job["rounds"]):
            for turn in range(len(players)):
                index = (start + turn) % len(players)
                times[index] += _visit(players[index], step, job["seconds"])
        samples[step.signature] = times
    return {"samples": samples}


if __name__ == "__main__":
    jobs.run(_latency)
