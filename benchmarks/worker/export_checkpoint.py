"""Exports a checkpoint through the route of Hugging Face: prefill and decode, integers, no comparison.

`total` runs from the call of `export_checkpoint` to the file being on disk; the import comes before it. `cpu` are
seconds of all cores in that time.
"""

import resource
import time
from typing import Any

from benchmarks.worker import job as jobs
from benchmarks.worker.stopwatch import Stopwatch


def _recipe(job: jobs.Job) -> Any:
    from litewright.quantize import int4_block, recipe_of

    if job["scheme"] == "int8":
        return recipe_of("dynamic_int8")
    return int4_block(32, job["algorithm"])


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _export(job: jobs.Job) -> jobs.Result:
    before = Stopwatch()
    with before.stage("import"):
        from litewright.generative.huggingface.bundling import export_checkpoint
    started, cpu = time.perf_counter(), _cpu_seconds()
    made = export_checkpoint(
        job["checkpoint"],
        job["output"],
        prefill_lengths=(job["prefill_length"],),
        cache_length=job["cache_length"],
        proof=False,
        quant_config=_recipe(job),
    )
    total = time.perf_counter() - started
    return {
        "before": before.seconds,
        "stages": made.model.edge.timings,
        "total": total,
        "cpu": _cpu_seconds() - cpu,
    }


if __name__ == "__main__":
    jobs.run(_export)
