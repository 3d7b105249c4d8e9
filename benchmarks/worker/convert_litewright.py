"""Converts one case with litewright.

Of the result, `stages` are the parts of `total`, which runs from the call of `convert` to the file
being written; the import of the library and the building of the module come before it.
"""

import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.cases import PREFILL_LENGTH
from benchmarks.steps import load_steps
from benchmarks.worker import job as jobs
from benchmarks.worker.models import build_module, decoder_config
from benchmarks.worker.stopwatch import Stopwatch

WRITE_STAGE = "write"


def _module_converter(job: jobs.Job) -> Any:
    import litewright

    folder = job.get("encoder_folder")
    module = build_module(jobs.case_of(job), Path(folder) if folder else None)
    step = load_steps(Path(job["steps"]))[0]
    inputs = {name: torch.as_tensor(value) for name, value in step.inputs.items()}
    return lambda: litewright.convert(module, (), inputs, passes=_plan(job))


def _decoder_converter(job: jobs.Job) -> Any:
    """From a checkpoint on disk: the module's parameters are on the meta device."""
    import litewright
    from tests.models.decoder import Decoder, Prefill

    config = decoder_config(jobs.case_of(job))
    decoder = Decoder(config, device="meta")
    signatures = litewright.signature(
        "prefill", Prefill(decoder), (), config.sample_inputs(PREFILL_LENGTH)
    ).signature("decode", decoder, (), config.sample_inputs(1))
    return lambda: signatures.convert(weights=job["checkpoint"], passes=_plan(job))


def _plan(job: jobs.Job) -> Any:
    """All passes, or those of the stages up to the job's `plan` (`none` for none at all)."""
    from litewright.compiler.extend import DEFAULT, PassPlan

    match job.get("plan", "tfl"):
        case "none":
            return PassPlan()
        case "fx":
            return PassPlan(DEFAULT.fx)
        case "stablehlo":
            return PassPlan(DEFAULT.fx, DEFAULT.stablehlo)
        case _:
            return DEFAULT


def _convert(job: jobs.Job) -> jobs.Result:
    before = Stopwatch()
    with before.stage("import"):
        import litewright

        _ = litewright.convert  # the package is lazy: this is what imports
    with before.stage("model"):
        is_decoder = jobs.case_of(job).is_decoder
        converter = _decoder_converter(job) if is_decoder else _module_converter(job)
    started = time.perf_counter()
    edge = converter()
    converted = time.perf_counter()
    edge.export(job["output"])
    ended = time.perf_counter()
    stages: dict[str, float] = dict(edge.timings)
    stages.setdefault(WRITE_STAGE, ended - converted)
    return {"before": before.seconds, "stages": stages, "total": ended - started}


if __name__ == "__main__":
    jobs.run(_convert)
