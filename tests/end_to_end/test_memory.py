"""TinyLlama-1.1B shapes from a checkpoint to a file, in the memory of a laptop."""

import subprocess
import sys
from pathlib import Path

import pytest

from litewright.compiler.runtime import Runner
from tests.models.checkpoint import write_random_checkpoint
from tests.models.decoder_config import DecoderConfig

GIGABYTE = 1_000_000_000
ROOT = Path(__file__).parents[2]
CONVERT = """
import resource, sys
import litewright
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig

folder, path = sys.argv[1:]
config = DecoderConfig.tinyllama()
decoder = Decoder(config, device="meta")
(
    litewright.signature("prefill", Prefill(decoder), (), config.sample_inputs(128))
    .signature("decode", decoder, (), config.sample_inputs(1))
    .convert(weights=folder)
    .export(path)
)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_a_billion_parameters_in_two_gigabytes(tmp_path: Path) -> None:
    config = DecoderConfig.tinyllama()
    checkpoint = write_random_checkpoint(tmp_path / "checkpoint", config)
    path = tmp_path / "decoder.tflite"
    command = [sys.executable, "-c", CONVERT, str(checkpoint), str(path)]
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
    )
    assert int(done.stdout) <= 2 * GIGABYTE, "peak resident memory, mapped file pages included"
    assert path.stat().st_size > 4.3 * GIGABYTE
    inputs = {n: t.numpy() for n, t in config.sample_inputs(1).items()}
    logits = Runner(path, delegate=False).run(inputs, "decode")["logits"]
    assert logits.shape == (1, 1, config.vocab_size)
    assert logits.std() > 0
