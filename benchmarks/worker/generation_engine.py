"""Runs a bundle in the engine of LiteRT-LM, as `litert-lm benchmark` does: what it says of speed.

The parent reads the memory of this process.
"""

from typing import Any

import litert_lm

from benchmarks.worker import job as jobs

_IN_MEMORY = ":memory"


def _engine(job: jobs.Job) -> jobs.Result:
    library: Any = litert_lm
    library.set_min_log_severity(library.LogSeverity.ERROR)
    benchmark = library.Benchmark(
        job["bundle"],
        backend=library.Backend.CPU(thread_count=job["threads"]),
        prefill_tokens=job["prefill"],
        decode_tokens=job["decode"],
        max_num_tokens=job["cache"],
        cache_dir=_IN_MEMORY,
    )
    told = benchmark.run()
    if not told.last_decode_token_count:
        raise RuntimeError("the engine made no tokens")
    return {
        "load": told.init_time_in_second,
        "prefill": told.last_prefill_tokens_per_second,
        "decode": told.last_decode_tokens_per_second,
    }


if __name__ == "__main__":
    jobs.run(_engine)
