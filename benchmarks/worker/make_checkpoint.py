"""Writes a checkpoint with random weights, in a process of its own: children inherit the peak of their parent."""

from pathlib import Path

from benchmarks.worker import job as jobs
from tests.models.checkpoint import write_random_checkpoint
from tests.models.decoder_config import DecoderConfig


def _make(job: jobs.Job) -> jobs.Result:
    folder = Path(job["checkpoint"])
    sizes = DecoderConfig(**job["config"])
    write_random_checkpoint(folder, sizes, shard_bytes=job["shard_bytes"])
    (folder / "complete").touch()
    return {}


if __name__ == "__main__":
    jobs.run(_make)
