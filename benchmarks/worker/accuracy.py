"""How far a file is from eager torch, relative to the largest magnitude of each output."""

from pathlib import Path

import numpy as np

from benchmarks.player import Arrays, Player
from benchmarks.steps import load_steps
from benchmarks.worker import job as jobs


def _accuracy(job: jobs.Job) -> jobs.Result:
    player = Player(Path(job["path"]), threads=job["threads"], delegate=job["delegate"])
    caches: Arrays = {}
    errors: list[float] = []
    for step in load_steps(Path(job["steps"])):
        output, caches = player.run(step, caches)
        if step.expected is None:
            continue
        if output is None or output.shape != step.expected.shape:
            shape = None if output is None else output.shape
            raise ValueError(f"{step.signature}: {shape}, expected {step.expected.shape}")
        difference = np.abs(output.astype(np.float64) - step.expected).max()
        errors.append(float(difference / np.abs(step.expected).max()))
    return {"error": max(errors)}


if __name__ == "__main__":
    jobs.run(_accuracy)
