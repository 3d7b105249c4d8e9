"""The engine of LiteRT-LM runs our bundles, and writes what PyTorch and our own runner write."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import litewright
from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.bundling import export_checkpoint

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "tests" / "data" / "docs-llama"
_LIBRARY: Any = transformers
_CACHE = 96
_PROMPTS = ("Return a new array of", "Parameters\n----------\na : array_like\n    Input", "x")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "docs.litertlm"
    exported = export_checkpoint(_FOLDER, path, prefill_lengths=(4, 16), cache_length=_CACHE)
    assert exported.proof is not None
    assert exported.proof.error < 1e-5
    return path


def _by_torch(prompt: str) -> str:
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(_FOLDER)
    model = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    tokens = tokenizer(prompt, return_tensors="pt")
    made = model.generate(
        **tokens, max_new_tokens=_CACHE - tokens.input_ids.shape[1], do_sample=False
    )
    return tokenizer.decode(made[0, tokens.input_ids.shape[1] :], skip_special_tokens=True)


def test_the_engine_writes_what_torch_writes(bundle: Path) -> None:
    command = [sys.executable, "-m", "tests.generative.engine_worker", str(bundle), *_PROMPTS]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    for prompt, answer in zip(_PROMPTS, answers, strict=True):
        expected = _by_torch(prompt)
        # The engine stops a token before the cache is full.
        assert len(answer) > 50
        assert expected.startswith(answer)


@pytest.mark.parametrize("prompt", _PROMPTS)
def test_our_own_runner_writes_what_torch_writes(bundle: Path, prompt: str) -> None:
    text = "".join(TextGenerator(bundle).generate(prompt, limit=40))
    assert len(text) > 50
    assert _by_torch(prompt).startswith(text)


def test_a_text_that_ends_the_answer_is_left_out(bundle: Path) -> None:
    text = "".join(TextGenerator(bundle).generate(_PROMPTS[0], limit=40, stop=["\n---", "array_l"]))
    whole = _by_torch(_PROMPTS[0])
    assert text == whole[: min(whole.index("\n---"), whole.index("array_l"))]


def test_an_empty_text_cannot_end_the_answer(bundle: Path) -> None:
    with pytest.raises(litewright.UserError, match="empty stop text"):
        TextGenerator(bundle).generate(_PROMPTS[0], stop=["\n", ""])


def test_litert_lm_runs_the_bundle_on_the_command_line(bundle: Path) -> None:
    executable = Path(sys.executable).with_name("litert-lm")
    command = [str(executable), "run", str(bundle), "--prompt", _PROMPTS[0], "--no-template"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert _by_torch(_PROMPTS[0])[:40] in done.stdout


def test_padding_that_runs_over_the_end_of_the_cache_is_refused_by_the_engine_alone(
    bundle: Path,
) -> None:
    """The engine pads the end of a prompt to a prefill; ours goes on in single steps where that does not fit."""
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(_FOLDER)
    answer = 9
    first = _PROMPTS[0]
    begun = len(tokenizer(first).input_ids) + answer
    # Five prefills of 16, then two tokens, for which there is a prefill of 4.
    second = next(
        text
        for text in (" and the" * count + " x" * more for count in range(30, 60) for more in (0, 1))
        if len(tokenizer(text, add_special_tokens=False).input_ids) == 82
    )
    assert begun - 1 + 80 + 2 < _CACHE < begun - 1 + 80 + 4

    worker = [sys.executable, "-m", "tests.generative.engine_worker", "--turns", str(answer)]
    command = [*worker, str(bundle), first, second]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "exceeds available state entries" in done.stderr

    ours = TextGenerator(bundle)
    assert len(list(ours.generate(first, limit=answer))) > 0
    (token,) = ours.generator.generate(
        tokenizer(second, add_special_tokens=False).input_ids, limit=1
    )
    text = torch.tensor([[*ours.generator.tokens[:_CACHE]]])
    model = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    with torch.no_grad():
        assert token == int(model(text).logits[0, -1].argmax())
