"""What a checkpoint asks of an answer beside what a sampler chooses: how it begins and ends, what must not come."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

import litewright

from .sampling import Chooser

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Speech:
    """What Whisper's decoder is told before it writes (Radford et al. 2022, section 2.3).

    Attributes:
        languages: tokens of languages, of which the likeliest is chosen; empty if the model knows one.
        task: the token that asks for a transcription; None if the model knows nothing else.
        without_times: the token that asks for text without times.
    """

    languages: tuple[int, ...]
    task: int | None
    without_times: int

    def beginning(self, logits: Array) -> list[int]:
        """What follows the start token, by the logits [vocabulary] of the token behind it."""
        if not self.languages:
            return [self.without_times]
        language = max(self.languages, key=lambda token: logits[token])
        task = [] if self.task is None else [self.task]
        return [language, *task, self.without_times]


@dataclass(frozen=True, slots=True)
class Rules:
    """Of the answers of an encoder-decoder, as `generation_config.json` says.

    A length counts all that the decoder has: the start token, then what was written.

    Attributes:
        start: the token that the decoder is given first.
        stop_tokens: any of them ends an answer.
        forced_first: the only tokens that may come behind the start token; empty if all may.
        forced_last: the only tokens that may come at `longest` - 1; empty if all may.
        shortest: no stop token comes before there are so many tokens.
        longest: as many tokens as there may be; 0 if the cache decides.
        suppressed: tokens that never come.
        suppressed_first: tokens that do not come first.
        bad: sequences that do not come.
        no_repeat: no sequence of so many tokens comes twice; 0 if all may.
        speech: what the decoder is told of a sound; None if it is told nothing.
        begun: how many tokens the decoder has before it writes; the rules of what comes first count from there.
    """

    start: int
    stop_tokens: tuple[int, ...] = ()
    forced_first: tuple[int, ...] = ()
    forced_last: tuple[int, ...] = ()
    shortest: int = 0
    longest: int = 0
    suppressed: tuple[int, ...] = ()
    suppressed_first: tuple[int, ...] = ()
    bad: tuple[tuple[int, ...], ...] = ()
    no_repeat: int = 0
    speech: Speech | None = None
    begun: int = 1

    def applied(self, logits: Array, text: Sequence[int]) -> Array:
        """Logits [vocabulary] of the token behind `text`, with -inf for those that must not come."""
        length = len(text)
        forced = self.forced_first if length == 1 else ()
        if self.forced_last and length == self.longest - 1:
            forced = self.forced_last
        if forced:
            only = np.full_like(logits, -np.inf)
            only[list(forced)] = 0
            return only
        banned = [*self.suppressed, *self._repeated(text)]
        banned += [bad[-1] for bad in self.bad if tuple(text[length - len(bad) + 1 :]) == bad[:-1]]
        if length < self.shortest:
            banned += self.stop_tokens
        # A first token that is forced comes before the one that is chosen first.
        if length == (2 if self.forced_first and self.begun == 1 else self.begun):
            banned += self.suppressed_first
        scores = logits.copy()
        scores[[each for each in banned if each < len(scores)]] = -np.inf
        return scores

    def _repeated(self, text: Sequence[int]) -> list[int]:
        """What would end a sequence of `no_repeat` tokens that the text has already."""
        size = self.no_repeat
        if not size or len(text) < size:
            return []
        end = tuple(text[len(text) - size + 1 :])
        places = range(len(text) - size + 1)
        return [text[at + size - 1] for at in places if tuple(text[at : at + size - 1]) == end]


@dataclass(frozen=True, slots=True)
class RuledSampler:
    """A sampler that is given what the rules allow.

    Attributes:
        sampler: chooses.
        rules: come first.
    """

    sampler: Chooser
    rules: Rules

    def choose(self, logits: Array, text: Sequence[int]) -> int:
        """The next token."""
        return self.sampler.choose(self.rules.applied(logits, text), text)


def rules_of(folder: str | os.PathLike[str]) -> Rules:
    """What a checkpoint folder says: `generation_config.json`, and `config.json` where that is silent.

    Raises:
        UserError: nothing says which token a decoder begins with, or a file is no JSON.
    """
    root = Path(folder)
    told = {**_read(root / "config.json"), **_read(root / "generation_config.json")}
    start = _first(told, "decoder_start_token_id", "bos_token_id")
    if start is None:
        raise litewright.UserError(
            f"{root}: nothing says which token a decoder begins with: give decoder_start_token_id in "
            "generation_config.json"
        )
    ends = _numbers(told.get("eos_token_id"))
    return Rules(
        start=int(start),
        stop_tokens=ends,
        forced_first=_numbers(told.get("forced_bos_token_id")),
        forced_last=_numbers(told.get("forced_eos_token_id")),
        shortest=int(told.get("min_length") or 0),
        longest=int(told.get("max_length") or 0),
        suppressed=_numbers(told.get("suppress_tokens")),
        suppressed_first=_numbers(told.get("begin_suppress_tokens")),
        bad=tuple(
            _numbers(each) for each in told.get("bad_words_ids") or () if tuple(each) != ends
        ),
        no_repeat=int(told.get("no_repeat_ngram_size") or 0),
        speech=_speech(told),
    )


def _speech(told: Mapping[str, Any]) -> Speech | None:
    without_times = told.get("no_timestamps_token_id")
    if without_times is None:
        return None
    languages = tuple(dict(told.get("lang_to_id", {})).values())
    return Speech(languages, dict(told.get("task_to_id", {})).get("transcribe"), int(without_times))


def _numbers(given: int | Sequence[int] | None) -> tuple[int, ...]:
    several = [given] if isinstance(given, int) else given or ()
    # Some lists hold -1, which is no token.
    return tuple(int(each) for each in several if each >= 0)


def _first(told: Mapping[str, Any], *names: str) -> Any:
    return next((told[name] for name in names if told.get(name) is not None), None)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{path}: no JSON ({error})") from error
    read = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    return {name: value for name, value in read.items() if value is not None}
