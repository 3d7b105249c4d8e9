"""What the passes of a decoder's conversion cost, and each of them: nothing is read and nothing is written.

Passes never ask for the values of large parameters, so lazy tensors of the right shapes stand for them.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.cases import PREFILL_LENGTH
from benchmarks.worker import job as jobs
from benchmarks.worker.models import decoder_config

_CONSTANT_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Unread:
    """A tensor that is only ever asked for its type, unless it is small enough to be a constant."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self) -> Any:
        if np.prod(self.shape) * self.dtype.itemsize > _CONSTANT_BYTES:
            raise RuntimeError("a pass has read a weight")
        return np.ones(self.shape, self.dtype)


def _pass_cost(job: jobs.Job) -> jobs.Result:
    import litewright
    from tests.models.decoder import Decoder, Prefill

    config = decoder_config(jobs.case_of(job))
    decoder = Decoder(config, device="meta")
    weights = {
        name: Unread(tuple(parameter.shape), np.dtype(np.float32))
        for name, parameter in decoder.named_parameters()
    }
    signatures = litewright.signature(
        "prefill", Prefill(decoder), (), config.sample_inputs(PREFILL_LENGTH)
    ).signature("decode", decoder, (), config.sample_inputs(1))
    started = time.perf_counter()
    edge = signatures.convert(weights=weights)
    total = time.perf_counter() - started
    records = edge.statistics.seconds().items()
    return {
        "stages": edge.timings,
        "passes": {name: seconds for name, seconds in records if not name.startswith("lower to ")},
        "rewrites": dict(edge.statistics.rewrites),
        "total": total,
    }


if __name__ == "__main__":
    jobs.run(_pass_cost)
