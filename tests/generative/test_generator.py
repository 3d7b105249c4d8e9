"""Text of the small trained model, and what the generator refuses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import litewright
from litewright.generative.generation.generator import Generator
from litewright.generative.generation.sampling import Sampler
from litewright.generative.huggingface.export import convert_checkpoint
from tests.support.tolerances import TOLERANCES, relative_error

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


def _logits(text: list[int]) -> np.ndarray[Any, np.dtype[Any]]:
    reference = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    with torch.no_grad():
        return reference(torch.tensor([text])).logits[0, -1].numpy()


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


@pytest.mark.parametrize("token", [4096, -1])
def test_tokens_that_there_are_not_are_refused_and_change_nothing(
    model: Path, prompt: list[int], token: int
) -> None:
    generator = Generator(model)
    generator.feed(prompt)
    for refused in (lambda: generator.feed([5, token]), lambda: generator.append(token)):
        with pytest.raises(litewright.UserError, match=f"there is no token {token}: .* 0 to 4095"):
            refused()
    assert generator.tokens == tuple(prompt)
    assert int(generator.logits().argmax()) == _greedy(prompt, 1)[0]


@pytest.mark.parametrize("length", [*range(_CACHE - 9, _CACHE + 1), 63, 64, 65])
def test_a_prompt_may_end_anywhere_up_to_the_end_of_the_cache(
    model: Path, prompt: list[int], length: int
) -> None:
    text = (prompt * _CACHE)[:length]
    generator = Generator(model)
    generator.feed(text)
    assert relative_error(generator.logits(), _logits(text)) <= TOLERANCES["float32 model"]


def test_a_turn_may_end_anywhere_up_to_the_end_of_the_cache(model: Path, prompt: list[int]) -> None:
    text = (prompt * _CACHE)[:_CACHE]
    for first in (1, 59, 80, 89):
        generator = Generator(model)
        generator.feed(text[:first])
        generator.logits()
        generator.feed(text[first:])
        assert relative_error(generator.logits(), _logits(text)) <= TOLERANCES["float32 model"]


def test_a_full_cache_takes_no_more_and_says_so(model: Path, prompt: list[int]) -> None:
    generator = Generator(model)
    text = (prompt * _CACHE)[:_CACHE]
    generator.feed(text)
    with pytest.raises(litewright.UserError, match=f"the cache is full: {_CACHE} positions"):
        generator.append(prompt[0])
    message = rf"{_CACHE + 2} tokens \(2 behind the {_CACHE} that are there\) do not fit"
    with pytest.raises(litewright.UserError, match=message):
        next(generator.generate(prompt[:2]))
    assert int(generator.logits().argmax()) == _greedy(text, 1)[0]
    with pytest.raises(litewright.UserError, match="nothing to continue"):
        generator.logits()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.5),
        ("temperature", float("nan")),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.5),
        ("repetition_penalty", 0.0),
        ("seed", -1),
    ],
)
def test_a_sampler_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(litewright.UserError, match=f"{name} must be"):
        Sampler(**{name: value})
