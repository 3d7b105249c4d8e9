"""What capture costs with nothing of a compiler: `torch.export` and its decompositions.

Both signatures of a decoder, on fake tensors, so that no weight is touched.
"""

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from benchmarks.cases import PREFILL_LENGTH
from benchmarks.worker import job as jobs
from benchmarks.worker.models import decoder_config
from benchmarks.worker.stopwatch import Stopwatch


def _export_cost(job: jobs.Job) -> jobs.Result:
    from tests.models.decoder import Decoder, Prefill

    config = decoder_config(jobs.case_of(job))
    stopwatch = Stopwatch()
    with FakeTensorMode(allow_non_fake_inputs=True):
        decoder = Decoder(config)
        signatures = ((Prefill(decoder), PREFILL_LENGTH), (decoder, 1))
        for module, length in signatures:
            inputs = config.sample_inputs(length)
            with stopwatch.stage("export"):
                program: Any = torch.export.export(module, (), inputs, strict=False)
            with stopwatch.stage("decompositions"):
                program.run_decompositions()
    return {"seconds": stopwatch.seconds}


if __name__ == "__main__":
    jobs.run(_export_cost)
