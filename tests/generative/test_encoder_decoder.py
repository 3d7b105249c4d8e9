"""Encoder-decoder models from checkpoints on disk: what they say on LiteRT is what they say in PyTorch."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
import transformers

import litewright
from litewright.generative.generation.generator import Generator
from litewright.generative.generation.seq2seq import Seq2SeqGenerator
from litewright.generative.huggingface.encoder_decoder import convert_encoder_decoder
from tests.generative.encoder_decoders import (
    CONFIGS,
    POSITIONS,
    VOCABULARY,
    extractor,
    is_speech,
    save,
)
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES, relative_error

_CACHE = 24
_ENCODERS = (8, 12)
# A chunk of four and a padded one, then steps to the end of the cache.
_PROMPT = 4 + 2 + 1


Exported: TypeAlias = Callable[[str], tuple[Any, Path]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A model of PyTorch by name, and the file that was made of it."""

    @functools.cache
    def export(name: str) -> tuple[Any, Path]:
        root = tmp_path_factory.mktemp("exported")
        model = save(name, root / "checkpoint")
        lengths = None if is_speech(name) else _ENCODERS
        converted = convert_encoder_decoder(
            root / "checkpoint", encoder_lengths=lengths, cache_length=_CACHE, prefill_lengths=(4,)
        )
        converted.edge.export(root / "model.tflite")
        return model, root / "model.tflite"

    return export


def _sources(name: str) -> list[Any]:
    """Texts that fill an encoder and texts that do not, the shortest last; or two sounds."""
    generator = torch.Generator().manual_seed(3)
    if not is_speech(name):
        lengths = (12, 9, 8, 5, 1)
        return [torch.randint(3, VOCABULARY, (1, n), generator=generator) for n in lengths]
    waves = [np.sin(np.arange(12000) * pitch) for pitch in (0.05, 0.2)]
    return [
        extractor()(wave, sampling_rate=16000, return_tensors="pt").input_features for wave in waves
    ]


def _logits(model: Any, source: Any, tokens: torch.Tensor) -> Any:
    with torch.no_grad():
        return model(source, decoder_input_ids=tokens).logits[0, _PROMPT - 1 :].numpy()


@pytest.mark.parametrize("name", slow_but(("flan-t5", "whisper"), CONFIGS))
def test_logits_of_every_step_equal_torch(name: str, exported: Exported) -> None:
    model, path = exported(name)
    runner = Seq2SeqGenerator(path)
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(3, VOCABULARY, (1, _CACHE), generator=generator)
    text = tokens[0].tolist()
    answers: list[Any] = []
    for source in _sources(name):
        expected = _logits(model, source, tokens)
        runner.encode(source.numpy())
        runner.feed(text[:_PROMPT])
        actual = [runner.logits()]
        for token in text[_PROMPT:]:
            runner.append(token)
            actual.append(runner.logits())
        assert relative_error(np.stack(actual), expected) <= TOLERANCES["float32 model"]
        answers.append(expected)
    # The test could not fail if nothing came of the sources.
    assert relative_error(answers[0], answers[1]) > 100 * TOLERANCES["float32 model"]


@pytest.mark.parametrize("name", slow_but(("flan-t5", "whisper"), ("flan-t5", "bart", "whisper")))
def test_greedy_answers_equal_torch(name: str, exported: Exported) -> None:
    model, path = exported(name)
    runner = Seq2SeqGenerator(path)
    start = model.config.decoder_start_token_id
    for source in _sources(name):
        text = torch.tensor([[start]])
        with torch.no_grad():
            for _ in range(_CACHE):
                chosen = model(source, decoder_input_ids=text).logits[:, -1:].argmax(-1)
                text = torch.cat([text, chosen], -1)
        runner.encode(source.numpy())
        assert list(runner.generate([start])) == text[0, 1:].tolist()


def test_positions_and_lengths_that_are_not_there_are_refused(tmp_path: Path) -> None:
    save("bart", tmp_path)

    with pytest.raises(litewright.UserError, match=f"at most the {POSITIONS} positions of Bart"):
        convert_encoder_decoder(tmp_path, encoder_lengths=(8, POSITIONS + 1))
    with pytest.raises(litewright.UserError, match=f"cache length of {POSITIONS + 1} must be"):
        convert_encoder_decoder(tmp_path, cache_length=POSITIONS + 1)
    with pytest.raises(litewright.UserError, match="cache length of 0 must be at least 1"):
        convert_encoder_decoder(tmp_path, cache_length=0)
    with pytest.raises(litewright.UserError, match="encoder lengths must be positive"):
        convert_encoder_decoder(tmp_path, encoder_lengths=(0, 8))
    with pytest.raises(litewright.UserError, match="encoder lengths must be positive"):
        convert_encoder_decoder(tmp_path, encoder_lengths=())
    with pytest.raises(litewright.UserError, match="does not fit a cache of 16 positions"):
        convert_encoder_decoder(tmp_path, cache_length=16, prefill_lengths=(17,))


def test_code_that_asks_for_numbers_is_refused(tmp_path: Path) -> None:
    library: Any = transformers
    config = library.LEDConfig(
        vocab_size=VOCABULARY,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        attention_window=4,
        max_encoder_position_embeddings=POSITIONS,
        max_decoder_position_embeddings=POSITIONS,
    )
    library.LEDForConditionalGeneration(config).save_pretrained(tmp_path)

    place = r"at \S+ \(LED\w+, /\S+/modeling_led\.py:"
    with pytest.raises(
        litewright.UserError, match=rf"LEDFor\w+ cannot be run without numbers, {place}"
    ):
        convert_encoder_decoder(tmp_path, encoder_lengths=(8,), cache_length=16)


def test_features_have_one_length(tmp_path: Path) -> None:
    save("whisper", tmp_path)

    with pytest.raises(litewright.UserError, match="takes the 100 frames"):
        convert_encoder_decoder(tmp_path, encoder_lengths=(50,))
    (tmp_path / "preprocessor_config.json").unlink()
    with pytest.raises(litewright.UserError, match="its feature extractor"):
        convert_encoder_decoder(tmp_path)


def test_a_decoder_without_a_source_is_refused(exported: Exported) -> None:
    runner = Seq2SeqGenerator(exported("flan-t5")[1])

    with pytest.raises(litewright.UserError, match="encode a source first"):
        runner.feed([0])


def test_a_source_stays_until_another_comes(exported: Exported) -> None:
    runner = Seq2SeqGenerator(exported("flan-t5")[1])

    runner.encode([5, 6, 7])
    first = list(runner.generate([0], limit=6))
    runner.reset()
    assert list(runner.generate([0], limit=6)) == first
    runner.encode([80, 9])
    assert runner.tokens == ()
    assert list(runner.generate([0], limit=6)) != first


def test_sources_of_other_lengths_are_refused(exported: Exported) -> None:
    runner = Seq2SeqGenerator(exported("flan-t5")[1])

    with pytest.raises(litewright.UserError, match="the source is empty"):
        runner.encode([])
    with pytest.raises(litewright.UserError, match="13 tokens do not fit an encoder of 12"):
        runner.encode(range(13))


def test_features_of_another_shape_are_refused(exported: Exported) -> None:
    runner = Seq2SeqGenerator(exported("whisper")[1])

    assert runner.features == "input_features"
    assert runner.encoder_lengths == (100,)
    with pytest.raises(litewright.UserError, match=r"must be \[1, 8, 100\], not \[8, 99\]"):
        runner.encode(np.zeros((8, 99), np.float32))


def test_a_runner_of_another_kind_is_refused(exported: Exported) -> None:
    with pytest.raises(litewright.UserError, match="an encoder-decoder model"):
        Generator(exported("flan-t5")[1])
