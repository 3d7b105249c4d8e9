"""Each architecture from a checkpoint on disk: what it says on LiteRT is what it says in PyTorch."""

from pathlib import Path

import numpy as np
import pytest
import torch

from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface.export import convert_checkpoint
from tests.generative.architectures import CONFIGS, VOCABULARY, build
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES, relative_error

_CACHE = 32
_PREFILLS = (4, 8)
# Chunks of eight and four and a padded one, then steps past the sliding windows.
_PROMPT, _ANSWER = 8 + 4 + 3 + 1, 8


_ALWAYS = ("llama tied", "llama4", "gemma4", "gpt2")


@pytest.mark.parametrize("name", slow_but(_ALWAYS, CONFIGS))
def test_logits_of_every_step_equal_torch(name: str, tmp_path: Path) -> None:
    model = build(name)
    model.save_pretrained(tmp_path / "checkpoint")
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(3, VOCABULARY, (1, _PROMPT + _ANSWER), generator=generator)
    with torch.no_grad():
        expected = model(tokens).logits[0, _PROMPT - 1 :].numpy()

    converted = convert_checkpoint(
        tmp_path / "checkpoint", prefill_lengths=_PREFILLS, cache_length=_CACHE
    )
    converted.edge.export(tmp_path / "model.tflite")
    runner = Generator(tmp_path / "model.tflite")
    text = tokens[0].tolist()
    runner.feed(text[:_PROMPT])
    actual = [runner.logits()]
    for token in text[_PROMPT:]:
        runner.append(token)
        actual.append(runner.logits())

    assert runner.prefill_lengths == _PREFILLS
    assert relative_error(np.stack(actual), expected) <= TOLERANCES["float32 model"]
