"""A checkpoint folder to a bundle, or to a model alone, with litewright.

Without the proof: litert-torch proves nothing.
"""

import time
from pathlib import Path

from benchmarks.worker import job as jobs
from benchmarks.worker.stopwatch import Stopwatch

_SCHEMES = {"int8": "dynamic_int8", "float": None}


def _export(job: jobs.Job) -> jobs.Result:
    before = Stopwatch()
    with before.stage("import"):
        from litewright.generative.huggingface.bundling import export_checkpoint
    started = time.perf_counter()
    exported = export_checkpoint(
        job["checkpoint"],
        Path(job["output"]),
        prefill_lengths=(job["prefill"],),
        cache_length=job["cache"],
        proof=False,
        quant_config=_SCHEMES[job["scheme"]],
    )
    total = time.perf_counter() - started
    return {"before": before.seconds, "stages": exported.model.edge.timings, "total": total}


if __name__ == "__main__":
    jobs.run(_export)
