"""The engine of LiteRT-LM on bundles of several architectures and tokenizers: it writes what PyTorch writes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.bundling import export_checkpoint
from tests.generative.architectures import build
from tests.generative.small_tokenizers import write_sentencepiece, write_tokenizer

_ROOT = Path(__file__).parents[2]
_LIBRARY: Any = transformers
_CACHE = 40
_PROMPTS = ("the cat sat on a mat", "x", "another one.")
_SPREAD = 15.0
_CASES = [
    ("qwen3", "byte level"),
    *(
        pytest.param(name, kind, marks=pytest.mark.slow)
        for name, kind in (
            ("llama", "metaspace"),
            ("gemma3", "unigram"),
            ("gemma4", "unigram"),
            ("gpt_neox", "byte level"),
            ("gemma2", "unigram"),
            ("qwen2", "byte level"),
            ("phi3", "metaspace"),
            ("smollm3", "byte level"),
            ("gpt2", "byte level"),
            ("mistral", "metaspace"),
            ("stablelm", "byte level"),
            ("opt", "unigram"),
        )
    ),
]


def checkpoint(folder: Path, name: str) -> Any:
    """A model in a folder; its layers change embeddings so much that it does not say one thing all the time."""
    model = build(name)
    embedding = model.get_input_embeddings().weight
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1 and parameter is not embedding:
                parameter.mul_(_SPREAD)
    model.save_pretrained(folder)
    return model


def by_engine(bundle: Path, prompts: tuple[str, ...]) -> list[str]:
    """The answers of LiteRT-LM, from a process of its own."""
    command = [sys.executable, "-m", "tests.generative.engine_worker", str(bundle), *prompts]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_torch(model: Any, tokenizer: Any, prompt: str, *, skip_special: bool) -> str:
    """Greedy text up to the end of the cache."""
    tokens = tokenizer(prompt, return_tensors="pt").input_ids
    with torch.no_grad():
        made = model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=_CACHE - tokens.shape[1],
            do_sample=False,
            eos_token_id=2,
            pad_token_id=0,
        )
    return tokenizer.decode(made[0, tokens.shape[1] :], skip_special_tokens=skip_special)


@pytest.mark.parametrize(("name", "kind"), _CASES)
def test_the_engine_writes_what_torch_writes(name: str, kind: str, tmp_path: Path) -> None:
    model = checkpoint(tmp_path, name)
    write_tokenizer(tmp_path, kind)
    bundle = tmp_path / "model.litertlm"
    export_checkpoint(tmp_path, bundle, prefill_lengths=(4, 16), cache_length=_CACHE)
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(tmp_path)
    answers = by_engine(bundle, _PROMPTS)
    assert len(set("".join(answers))) > 8, "answers that could tell"
    for prompt, answer in zip(_PROMPTS, answers, strict=True):
        # The engine writes special tokens too, and stops a token before the cache is full.
        expected = by_torch(model, tokenizer, prompt, skip_special=False)
        assert expected.startswith(answer)
        ours = "".join(TextGenerator(bundle).generate(prompt))
        assert ours.startswith(by_torch(model, tokenizer, prompt, skip_special=True))


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".litertlm", ".task"])
def test_the_engine_reads_sentencepiece_models(suffix: str, tmp_path: Path) -> None:
    model = checkpoint(tmp_path, "llama")
    write_sentencepiece(tmp_path)
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(tmp_path)
    if suffix == ".task":
        # A folder may hold both kinds; this kind of bundle takes one of them.
        (tmp_path / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str())
    bundle = tmp_path / f"model{suffix}"
    export_checkpoint(tmp_path, bundle, prefill_lengths=(4, 16), cache_length=_CACHE)
    for prompt, answer in zip(_PROMPTS, by_engine(bundle, _PROMPTS), strict=True):
        assert len(answer) > 10
        assert by_torch(model, tokenizer, prompt, skip_special=False).startswith(answer)
        assert "".join(TextGenerator(bundle).generate(prompt)).startswith(answer)
