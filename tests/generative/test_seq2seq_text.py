"""Text of encoder-decoders: the answers of PyTorch's own `generate`, with all that a checkpoint asks of them."""

import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from click.testing import CliRunner
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

import litewright
from litewright.generative.generation.rules import RuledSampler, rules_of
from litewright.generative.generation.sampling import Sampler
from litewright.generative.generation.seq2seq import Seq2SeqGenerator
from litewright.generative.generation.seq2seq_text import Seq2SeqTextGenerator
from litewright.generative.huggingface.encoder_decoder import convert_encoder_decoder
from litewright.generative.huggingface.sounds import features_of
from litewright.tools.main import main
from tests.generative.encoder_decoders import VOCABULARY, extractor, is_speech, save
from tests.support.slow import slow_but

_LIBRARY: Any = transformers
_CACHE = 24
# Tokens that the small model writes, so that each rule changes what it writes.
_RULES: dict[str, dict[str, Any]] = {
    "none": {},
    "first": {"forced_bos_token_id": 9, "begin_suppress_tokens": list(range(50, VOCABULARY))},
    "last": {"forced_eos_token_id": 2, "max_length": 7},
    "shortest": {"min_length": 12, "eos_token_id": [2, *range(20, VOCABULARY)]},
    "longest": {"max_length": 6},
    "suppressed": {"suppress_tokens": list(range(3, 60)), "begin_suppress_tokens": [70, 80]},
    "no repetition": {"no_repeat_ngram_size": 2},
    "bad": {"bad_words_ids": [[token] for token in range(3, 80)] + [[88, 88], [95, 90], [2]]},
}


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    return _exported("flan-t5", tmp_path_factory.mktemp("t5"))


def _exported(name: str, folder: Path) -> tuple[Any, Path]:
    """The model in PyTorch, and its checkpoint folder with a tokenizer and `model.tflite`."""
    model = save(name, folder)
    # What a test asks for, and nothing that the architecture asks for by itself.
    model.generation_config = _LIBRARY.GenerationConfig()
    lengths = None if is_speech(name) else (16,)
    converted = convert_encoder_decoder(folder, encoder_lengths=lengths, cache_length=_CACHE)
    converted.edge.export(folder / "model.tflite")
    _tokenizer().save(str(folder / "tokenizer.json"))
    return model, folder


def _tokenizer() -> Tokenizer:
    """A word for each token; a source ends with `</s>`."""
    special = ["<pad>", "<s>", "</s>"]
    words = special + [f"w{index}" for index in range(3, VOCABULARY)]
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 2)]
    )
    return tokenizer


def _greedy(model: Any, source: Any, start: list[int], **rules: Any) -> list[int]:
    """What PyTorch's `generate` writes behind `start`."""
    known = {"decoder_start_token_id": start[0], "eos_token_id": 2, "pad_token_id": 0}
    given = {**known, "max_length": _CACHE + 1, **rules}
    # Its own cache has as many layers as the encoder.
    config = _LIBRARY.GenerationConfig(num_beams=1, do_sample=False, use_cache=False, **given)
    made = _LIBRARY.GenerationMixin.generate(
        model, source, generation_config=config, decoder_input_ids=torch.tensor([start])
    )
    return made[0, len(start) :].tolist()


@pytest.mark.parametrize("name", _RULES)
def test_rules_choose_as_torch_does(name: str, t5: tuple[Any, Path], tmp_path: Path) -> None:
    model, folder = t5
    given = {"eos_token_id": 2, "decoder_start_token_id": 0, **_RULES[name]}
    _LIBRARY.GenerationConfig(**given).save_pretrained(tmp_path)
    rules = rules_of(tmp_path)
    runner = Seq2SeqGenerator(folder / "model.tflite")
    answers: list[Any] = []
    for source in ([5, 60, 71, 8], [33, 4], [90, 91, 92, 93, 3, 17]):
        expected = _greedy(model, torch.tensor([source]), [rules.start], **_RULES[name])
        runner.encode(source)
        limit = rules.longest - 1 if rules.longest else None
        sampler = RuledSampler(Sampler(), rules)
        actual = runner.generate(
            [rules.start], sampler=sampler, limit=limit, stop_tokens=rules.stop_tokens
        )
        assert list(actual) == expected
        answers.append((source, expected))
    if name != "none":
        free = [_greedy(model, torch.tensor([source]), [rules.start]) for source, _ in answers]
        assert free != [expected for _, expected in answers], "the rule changes nothing"


def test_text_is_read_and_written(t5: tuple[Any, Path]) -> None:
    model, folder = t5
    generator = Seq2SeqTextGenerator(folder / "model.tflite", folder)
    source = "w5 w60 w71 w8"
    tokens = torch.tensor([[5, 60, 71, 8, 2]])

    answer = "".join(generator.generate(source, limit=9))
    begun = "".join(generator.generate(source, begin="w9 </s> w7", limit=9))

    expected = _greedy(model, tokens, [0])[:9]
    assert answer == _words(expected)
    assert begun == _words(_greedy(model, tokens, [0, 9, 2, 7])[:9]) != answer
    stop = f"w{expected[3]}"
    assert "".join(generator.generate(source, limit=9, stop=[stop])) == answer[: answer.index(stop)]


def _words(tokens: list[int]) -> str:
    """As the tokenizer writes them: special ones are left out."""
    return "".join(f"w{token}" for token in tokens if token > 2)


def test_the_command_writes_what_the_generator_writes(t5: tuple[Any, Path]) -> None:
    _, folder = t5
    generator = Seq2SeqTextGenerator(folder / "model.tflite", folder)
    arguments = [str(folder / "model.tflite"), "--tokenizer", str(folder), "--prompt", "w5 w60 w8"]

    done = CliRunner().invoke(
        main, ["generate", *arguments, "--tokens", "9", "--begin", "w9"], catch_exceptions=False
    )

    expected = "".join(generator.generate("w5 w60 w8", begin="w9", limit=9))
    assert done.stdout == f"{expected}\n"
    assert "decode 9 tokens" in done.stderr
    for given, told in (
        ([*arguments, "--audio", "a.wav"], "give a --prompt, or"),
        ([*arguments[:1], "--prompt", "w5"], "wants the folder of its checkpoint"),
    ):
        refused = CliRunner().invoke(main, ["generate", *given])
        assert refused.exit_code == 2
        assert told in refused.stderr


@pytest.mark.slow
def test_sounds_are_read_as_their_features(tmp_path: Path) -> None:
    model, folder = _exported("whisper", tmp_path)
    generator = Seq2SeqTextGenerator(folder / "model.tflite", folder)
    samples = (np.sin(np.arange(9000) * 0.1) / 2).astype(np.float32)
    features = extractor()(samples, sampling_rate=16000, return_tensors="pt").input_features

    answer = "".join(generator.generate(features.numpy(), begin="w7 w8", limit=9))

    assert answer == _words(_greedy(model, features, [1, 7, 8])[:9])
    _write(tmp_path / "sound.wav", samples)
    arguments = ["generate", str(folder / "model.tflite"), "--tokenizer", str(folder), "--audio"]
    options = ["--begin", "w7 w8", "--tokens", "9"]
    done = CliRunner().invoke(main, [*arguments, str(tmp_path / "sound.wav"), *options])
    assert done.stdout == f"{answer}\n"
    with pytest.raises(litewright.UserError, match=r"reads features \(input_features\), and was"):
        generator.generate("w5")


@pytest.mark.parametrize(
    "languages", slow_but(({},), ({}, {"<|en|>": 20, "<|de|>": 21, "<|fr|>": 22}))
)
def test_whisper_is_asked_for_text_in_the_likeliest_language(
    languages: dict[str, int], tmp_path: Path
) -> None:
    model, folder = _exported("whisper", tmp_path)
    known = {"decoder_start_token_id": 1, "eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0}
    tasks = {"task_to_id": {"translate": 31, "transcribe": 30}, "lang_to_id": languages}
    model.generation_config = _LIBRARY.GenerationConfig(
        **known,
        **(tasks if languages else {}),
        max_length=_CACHE,
        is_multilingual=bool(languages),
        no_timestamps_token_id=32,
        suppress_tokens=[],
        begin_suppress_tokens=[25, 61],
    )
    model.generation_config.save_pretrained(folder)
    samples = (np.sin(np.arange(9000) * 0.1) / 2).astype(np.float32)
    features = extractor()(samples, sampling_rate=16000, return_tensors="pt").input_features

    answer = "".join(
        Seq2SeqTextGenerator(folder / "model.tflite", folder).generate(features.numpy())
    )

    asked = {"task": "transcribe"} if languages else {}
    expected = _words(model.generate(features, **asked)[0].tolist())
    assert answer
    assert expected.startswith(answer)
    assert len(answer) > len(expected) / 2


def _write(path: Path, samples: Any, rate: int = 16000) -> None:
    """Two channels of 16 bits, whose mean is the samples."""
    channels = np.stack([samples / 2, samples * 3 / 2], -1)
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, rate, len(samples), "NONE", "not compressed"))
        file.writeframes((channels * 32767).astype("<i2").tobytes())


def test_sounds_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    samples = np.sin(np.arange(800) * 0.1) / 2
    _write(tmp_path / "slow.wav", samples, 8000)
    (tmp_path / "text.wav").write_text("no sound")

    with pytest.raises(litewright.UserError, match="no feature extractor of sounds here: give"):
        features_of(tmp_path, tmp_path / "slow.wav")
    extractor().save_pretrained(tmp_path)
    with pytest.raises(
        litewright.UserError, match="8000 samples a second of 16 bits; wanted are 16000"
    ):
        features_of(tmp_path, tmp_path / "slow.wav")
    with pytest.raises(litewright.UserError, match=r"no \.wav file of plain .* -ar 16000 "):
        features_of(tmp_path, tmp_path / "text.wav")
    (tmp_path / "empty.wav").touch()
    with pytest.raises(litewright.UserError, match=r"empty\.wav: .* \(it ends early\)"):
        features_of(tmp_path, tmp_path / "empty.wav")
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "ViTImageProcessor"}'
    )
    with pytest.raises(litewright.UserError, match="no feature extractor of sounds here"):
        features_of(tmp_path, tmp_path / "slow.wav")


def test_sources_of_the_wrong_kind_are_refused(t5: tuple[Any, Path]) -> None:
    generator = Seq2SeqTextGenerator(t5[1] / "model.tflite", t5[1])

    with pytest.raises(litewright.UserError, match="the model reads text, and was given ndarray"):
        generator.generate(np.zeros((1, 8, 100), np.float32))
    with pytest.raises(litewright.UserError, match="17 tokens do not fit an encoder of 16"):
        generator.generate("w5 " * 16)


def test_folders_without_what_is_needed_are_refused(t5: tuple[Any, Path], tmp_path: Path) -> None:
    with pytest.raises(litewright.UserError, match="there is no such tokenizer"):
        Seq2SeqTextGenerator(t5[1] / "model.tflite", tmp_path)
    _tokenizer().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(litewright.UserError, match="which token a decoder begins with"):
        Seq2SeqTextGenerator(t5[1] / "model.tflite", tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(litewright.UserError, match="no JSON"):
        Seq2SeqTextGenerator(t5[1] / "model.tflite", tmp_path)
