"""Text of the small trained model, and what the generator refuses."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import litewright
from litewright.generative.generation.generator import Generator
from litewright.generative.generation.sampling import Sampler
from litewright.generative.huggingface.export import convert_checkpoint

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"
_LIBRARY: Any = transformers
_CACHE = 96


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generator") / "docs.tflite"
    convert_checkpoint(_FOLDER, prefill_lengths=(8, 32), cache_length=_CACHE).edge.export(path)
    return path


@pytest.fixture(scope="module")
def prompt() -> list[int]:
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(_FOLDER)
    return tokenizer("<s>Return a new array of", add_special_tokens=False).input_ids


def _greedy(prompt: list[int], count: int) -> list[int]:
    reference = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    text = torch.tensor([prompt])
    with torch.no_grad():
        for _ in range(count):
            chosen = reference(text).logits[:, -1:].argmax(-1)
            text = torch.cat([text, chosen], -1)
    return text[0, len(prompt) :].tolist()


@pytest.mark.parametrize("times", [1, 3, 10])
def test_greedy_text_equals_torch(model: Path, prompt: list[int], times: int) -> None:
    generator = Generator(model)
    assert list(generator.generate(prompt * times, limit=16)) == _greedy(prompt * times, 16)


def test_several_turns_continue_one_conversation(model: Path, prompt: list[int]) -> None:
    generator = Generator(model)
    first = list(generator.generate(prompt, limit=5))
    second = list(generator.generate(prompt, limit=9))
    assert second == _greedy([*prompt, *first, *prompt], 9)


def test_the_cache_is_used_to_its_end(model: Path, prompt: list[int]) -> None:
    generator = Generator(model)
    answer = list(generator.generate(prompt))
    assert len(prompt) + len(answer) == _CACHE + 1
    assert answer == _greedy(prompt, len(answer))


def test_reset_forgets_everything(model: Path, prompt: list[int]) -> None:
    generator = Generator(model)
    before = list(generator.generate(prompt, limit=4))
    generator.reset()
    assert list(generator.generate(prompt, limit=4)) == before


def test_an_answer_ends_behind_a_stop_token(model: Path, prompt: list[int]) -> None:
    free = list(Generator(model).generate(prompt, limit=12))
    stop = free[5]
    stopped = list(Generator(model).generate(prompt, limit=12, stop_tokens=[stop]))
    assert stopped == free[: free.index(stop) + 1]


def test_equal_seeds_choose_equal_tokens(model: Path, prompt: list[int]) -> None:
    def text(seed: int) -> list[int]:
        sampler = Sampler(temperature=1.5, top_k=50, top_p=0.95, seed=seed)
        return list(Generator(model).generate(prompt, sampler=sampler, limit=16))

    assert text(3) == text(3) != text(4)


def test_a_prompt_without_tokens_is_refused(model: Path) -> None:
    with pytest.raises(litewright.UserError, match="at least one token"):
        Generator(model).feed([])


def test_a_prompt_longer_than_the_cache_is_refused(model: Path, prompt: list[int]) -> None:
    generator = Generator(model)
    with pytest.raises(litewright.UserError, match=f"do not fit a cache of {_CACHE}"):
        generator.feed(prompt * _CACHE)
    assert list(generator.generate(prompt, limit=4)) == _greedy(prompt, 4)


def test_a_prefill_longer_than_the_cache_is_refused() -> None:
    with pytest.raises(litewright.UserError, match="a prefill of 64 tokens does not fit"):
        convert_checkpoint(_FOLDER, prefill_lengths=(8, 64), cache_length=32)
