"""Text from a model that reads a source: translation, summaries, transcription."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import litewright

from .generator import Speed
from .rules import RuledSampler, rules_of
from .sampling import Chooser, Sampler
from .seq2seq import Seq2SeqGenerator
from .text import until
from .tokens import pieces_of, read_tokenizer, tokenizer_file

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Seq2SeqTextGenerator:
    """An encoder-decoder that writes text about texts, or about features.

    Attributes:
        generator: the model.
        tokenizer: of the package `tokenizers`.
        rules: what the checkpoint asks of answers.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        folder: str | os.PathLike[str],
        *,
        threads: int | None = None,
    ) -> None:
        """Loads a model.

        Args:
            model: a .tflite whose signatures are as `convert_encoder_decoder` makes them.
            folder: that of the checkpoint, or what is left of it: `tokenizer.json`, and `generation_config.json` or
                `config.json`, which say how answers begin and end.
            threads: of the kernels and the delegate; as `litewright.Session` has it.

        Raises:
            UserError: the folder lacks a file, or the model is no encoder-decoder.
            FormatError: `tokenizer.json` describes no tokenizer.
        """
        file = tokenizer_file(folder)
        self.tokenizer = read_tokenizer(file.read_text(encoding="utf-8"), file)
        self.rules = rules_of(Path(folder) if Path(folder).is_dir() else file.parent)
        self.generator = Seq2SeqGenerator(model, threads=threads)

    @property
    def speed(self) -> Speed:
        """What was done and how long it took, about the last source."""
        return self.generator.speed

    def generate(
        self,
        source: str | Array,
        *,
        begin: str = "",
        sampler: Chooser | None = None,
        limit: int | None = None,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Writes about a source, piece by piece as it comes.

        Args:
            source: a text, or what the feature extractor of transformers makes of a sound.
            begin: what the answer begins with, as `fr_XX` or `<|en|><|transcribe|><|notimestamps|>`; special tokens
                by their names. It is no part of what is handed out. Without, Whisper is asked for a transcription in
                the likeliest language, without times.
            sampler: chooses among the tokens that the rules allow; greedy if not given.
            limit: how many tokens at most.
            stop: texts that end the answer, and are left out of it.

        Raises:
            UserError: the source is empty, longer than the encoder, or of the wrong kind; or `begin` is longer than
                the cache.
        """
        self.generator.encode(self._tokens(source))
        prompt = [self.rules.start, *self._begun(begin)]
        rules = replace(self.rules, begun=len(prompt))
        if self.rules.longest:
            left = max(self.rules.longest - len(prompt), 0)
            limit = left if limit is None else min(limit, left)
        made = self.generator.generate(
            prompt,
            sampler=RuledSampler(sampler or Sampler(), rules),
            limit=limit,
            stop_tokens=self.rules.stop_tokens,
        )
        return until(pieces_of(self.tokenizer, made), stop)

    def _begun(self, begin: str) -> list[int]:
        """What the decoder is given behind the start token."""
        if begin or self.rules.speech is None:
            return self.tokenizer.encode(begin, add_special_tokens=False).ids
        self.generator.feed([self.rules.start])
        told = self.rules.speech.beginning(self.generator.logits())
        self.generator.reset()
        return told

    def _tokens(self, source: str | Array) -> Sequence[int] | Array:
        features = self.generator.features
        if isinstance(source, str) == (features is None):
            return self.tokenizer.encode(source).ids if isinstance(source, str) else source
        wanted = "text" if features is None else f"features ({features})"
        raise litewright.UserError(
            f"the model reads {wanted}, and was given {type(source).__name__}"
        )
