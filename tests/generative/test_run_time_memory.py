"""A model with several signatures takes little more memory than its file, while it runs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litewright.compiler.runtime import Runner
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.generative.masking import MASKED
from tests.models.checkpoint import write_random_checkpoint
from tests.models.decoder_config import DecoderConfig
from tests.support.tolerances import assert_close

_ROOT = Path(__file__).parents[2]
_CONFIG = DecoderConfig(
    vocab_size=8000,
    hidden_size=1024,
    intermediate_size=4096,
    num_hidden_layers=6,
    num_attention_heads=16,
    num_key_value_heads=4,
    head_dim=64,
    cache_length=256,
)
_LENGTHS = (32, 64)
# Every page of the embedding table is read.
_RUN = """
import json, sys
import ai_edge_litert.compiled_model
import litewright
from litewright.generative.generation.generator import Generator

def resident(field):
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith(field))

before = resident("VmRSS")
generator = Generator(sys.argv[1])
for start in range(0, 7800, 192):
    generator.reset()
    generator.feed(range(start, start + 193))
    logits = generator.logits()
print(json.dumps([resident("VmHWM") - before, [float(each) for each in logits]]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_signatures_share_packed_weights(tmp_path: Path) -> None:
    checkpoint = write_random_checkpoint(tmp_path / "checkpoint", _CONFIG)
    path = tmp_path / "model.tflite"
    model = convert_checkpoint(
        checkpoint, prefill_lengths=_LENGTHS, cache_length=256, quant_config="dynamic_int8"
    )
    model.edge.export(path)
    size = path.stat().st_size
    assert size > 1e8
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=_ROOT,
        env={"PYTHONPATH": f"{_ROOT / 'src'}", "PATH": ""},
    )
    taken, logits = json.loads(done.stdout)
    assert 0.5 * size < taken < 1.4 * size, "peak resident memory, mapped pages included"
    expected = _without_sharing(path, range(7680, 7873))
    assert_close(np.array(logits, np.float32), expected, "float32 op")


def _without_sharing(path: Path, tokens: range) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Logits behind the tokens, by an engine in which each signature packs weights for itself."""
    runner = Runner(path)
    caches = {n: t.numpy() for n, t in _CONFIG.empty_caches().items()}
    made = caches
    for start, length in ((0, 64), (64, 64), (128, 64), (192, 1)):
        positions = np.arange(start, start + length, dtype=np.int32)
        mask = np.where(np.arange(256)[None] <= positions[:, None], 0, MASKED).astype(np.float32)
        inputs = {
            "tokens": np.array([tokens[start : start + length]], np.int32),
            "input_pos": positions,
            "mask": mask[None, None],
        }
        name = "decode" if length == 1 else f"prefill_{length}"
        made = runner.run({**inputs, **caches}, name)
        caches = {name: made[name] for name in caches}
    return made["logits"][0, -1]
