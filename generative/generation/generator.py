"""Tokens from a model with prefill and decode signatures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import litewright

from ..masking import MASKED
from .adapters import PREFIX as ADAPTER
from .adapters import adapter_inputs, open_adapter
from .sampling import Chooser, Sampler

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

DECODE = "decode"
PREFILL = "prefill"


@dataclass(slots=True)
class Speed:
    """Tokens and seconds since the last reset.

    Attributes:
        prefilled: tokens of prompts, padding left out.
        prefill_seconds: time that took.
        decoded: steps of one token.
        decode_seconds: time that took.
    """

    prefilled: int = 0
    prefill_seconds: float = 0.0
    decoded: int = 0
    decode_seconds: float = 0.0

    def __str__(self) -> str:
        prefill = self.prefilled / self.prefill_seconds if self.prefill_seconds else 0.0
        decode = self.decoded / self.decode_seconds if self.decode_seconds else 0.0
        return (
            f"prefill {self.prefilled} tokens, {prefill:.1f} a second; "
            f"decode {self.decoded} tokens, {decode:.1f} a second"
        )


@dataclass(slots=True)
class _Text:
    """The conversation so far: tokens that are in the cache, and the last one, which is not yet."""

    tokens: list[int] = field(default_factory=list[int])
    cached: int = 0


class Generator:
    """A language model on LiteRT, with its caches kept and written in place.

    Attributes:
        cache_length: positions that the caches hold.
        vocabulary: how many tokens there are.
        prefill_lengths: tokens that each prefill signature takes, ascending; empty if there is none.
        speed: what was done and how long it took, since the last `reset`.
        session: the loaded model, with its state.
        hands_over: whether signatures hand tensors to each other; see `litewright.Session`.
    """

    hands_over = False

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        threads: int | None = None,
        adapter: str | os.PathLike[str] | None = None,
    ) -> None:
        """Loads a model.

        Args:
            model: a .tflite whose signatures are named and shaped as `convert_checkpoint` makes them.
            threads: of the kernels and the delegate; as `litewright.Session` has it.
            adapter: see `adapt`.

        Raises:
            UserError: the file is no language model, or the adapter is none of it.
        """
        self.session = litewright.Session(Path(model), threads=threads, handed_over=self.hands_over)
        signatures = self.session.signatures
        if DECODE not in signatures:
            raise litewright.UserError(
                f"{model}: no language model: no signature {DECODE!r}, only {', '.join(signatures)}"
            )
        if not self.hands_over and "cross_k_0" in {each.name for each in signatures[DECODE].inputs}:
            raise litewright.UserError(
                f"{model}: an encoder-decoder model, which `Seq2SeqGenerator` runs"
            )
        prefills = {
            _length_of(each): name for name, each in signatures.items() if name.startswith(PREFILL)
        }
        self._model = Path(model)
        self._adapted = {
            each.name: each.shape
            for each in signatures[DECODE].inputs
            if each.name.startswith(ADAPTER)
        }
        self._prefills = dict(sorted(prefills.items()))
        self.prefill_lengths = tuple(self._prefills)
        self.cache_length = _input_of(signatures[DECODE], "mask").shape[-1]
        self.vocabulary = _vocabulary_of(signatures[DECODE])
        self._hold(adapter)
        self._begin()

    def adapt(self, adapter: str | os.PathLike[str] | None) -> None:
        """Takes an adapter in place of the one that there was, and forgets the conversation.

        Args:
            adapter: a folder in the layout of `peft`, for a model that was exported with adapters as inputs; None is
                the model without one.

        Raises:
            UserError: there is no such adapter, it was not made for this model, or the model takes none.
            FormatError: its file is damaged.
        """
        self._hold(adapter)
        self.reset()

    def _hold(self, adapter: str | os.PathLike[str] | None) -> None:
        if adapter is not None:
            given = adapter_inputs(open_adapter(adapter), self._adapted, str(self._model))
        else:
            given = {name: np.zeros(shape, np.float32) for name, shape in self._adapted.items()}
        self.session.hold(given)

    def reset(self) -> None:
        """Forgets the conversation."""
        self.session.reset()
        self._begin()

    def _begin(self) -> None:
        self._text = _Text()
        self.speed = Speed()

    @property
    def tokens(self) -> tuple[int, ...]:
        """The conversation so far, prompts and answers."""
        return tuple(self._text.tokens)

    def feed(self, tokens: Sequence[int]) -> None:
        """Appends a prompt: all tokens but the last go through prefill, the last is the next decode's.

        Raises:
            UserError: no tokens, more than the cache has room for, or one that there is not; nothing is appended then.
        """
        if not tokens:
            raise litewright.UserError("the prompt is empty: give at least one token")
        self._check(tokens)
        total = len(self._text.tokens) + len(tokens)
        if total > self.cache_length:
            before = len(self._text.tokens)
            told = f" ({len(tokens)} behind the {before} that are there)" if before else ""
            raise litewright.UserError(
                f"{total} tokens{told} do not fit a cache of {self.cache_length} positions; "
                "export with a larger one, or shorten the prompt"
            )
        self._text.tokens += map(int, tokens)
        started = time.perf_counter()
        before = self._text.cached
        while self._text.cached < len(self._text.tokens) - 1:
            self._step()
        self.speed.prefilled += self._text.cached - before
        self.speed.prefill_seconds += time.perf_counter() - started

    def logits(self) -> Array:
        """Logits [vocabulary] of the token that comes next. The last token so far goes into the cache."""
        if self._text.cached != len(self._text.tokens) - 1:
            raise litewright.UserError("there is nothing to continue: feed a prompt first")
        started = time.perf_counter()
        made = self._run(DECODE, 1, 1)["logits"]
        self._text.cached += 1
        self.speed.decoded += 1
        self.speed.decode_seconds += time.perf_counter() - started
        return made[0, -1]

    def append(self, token: int) -> None:
        """Appends one token, without looking at it yet.

        Raises:
            UserError: the cache is full, or there is no such token.
        """
        self._check([token])
        if len(self._text.tokens) >= self.cache_length:
            raise litewright.UserError(f"the cache is full: {self.cache_length} positions")
        self._text.tokens.append(int(token))

    def generate(
        self,
        tokens: Sequence[int],
        *,
        sampler: Chooser | None = None,
        limit: int | None = None,
        stop_tokens: Sequence[int] = (),
    ) -> Iterator[int]:
        """Feeds a prompt and yields the tokens of the answer, one by one; they join the conversation.

        It ends behind a stop token, which it yields, at `limit` tokens, or when the cache is full.

        Args:
            tokens: the prompt.
            sampler: chooses tokens; greedy if not given.
            limit: how many tokens at most.
            stop_tokens: end the answer.

        Raises:
            UserError: no tokens, or more than the cache has room for.
        """
        sampler = sampler or Sampler()
        self.feed(tokens)
        made = 0
        while limit is None or made < limit:
            token = sampler.choose(self.logits(), self._text.tokens)
            is_full = len(self._text.tokens) >= self.cache_length
            if not is_full:
                self.append(token)
            made += 1
            yield token
            if is_full or token in stop_tokens:
                return

    def _check(self, tokens: Sequence[int]) -> None:
        strange = [token for token in tokens if not 0 <= token < self.vocabulary]
        if strange:
            raise litewright.UserError(
                f"there is no token {strange[0]}: the model has tokens 0 to {self.vocabulary - 1}"
            )

    def _step(self) -> None:
        """Brings the next chunk into the cache; a chunk is padded only where no signature fits it.

        Padding is written behind the chunk, where the next one overwrites it, so it must not reach the end.
        """
        text = self._text
        left = len(text.tokens) - 1 - text.cached
        room = self.cache_length - text.cached
        fitting = [length for length in self._prefills if length <= left]
        padded = [length for length in self._prefills if left <= length <= room]
        if fitting:
            count = length = fitting[-1]
        elif padded:
            count, length = left, padded[0]
        else:
            count = length = 1
        name = self._prefills.get(length, DECODE)
        self._run(name, count, length)
        text.cached += count

    def _run(self, signature: str, count: int, length: int) -> dict[str, Array]:
        """One call on the next `count` tokens, padded to `length`."""
        start = self._text.cached
        tokens = np.zeros((1, length), np.int32)
        tokens[0, :count] = self._text.tokens[start : start + count]
        positions = np.zeros(length, np.int32)
        positions[:count] = np.arange(start, start + count)
        mask = np.full((1, 1, length, self.cache_length), MASKED, np.float32)
        for row in range(count):
            mask[..., row, : start + row + 1] = 0
        inputs = {"tokens": tokens, "input_pos": positions, "mask": mask}
        return self.session.run(inputs, signature)


def _vocabulary_of(signature: Any) -> int:
    logits = [each for each in signature.outputs if each.name == "logits"]
    if not logits:
        raise litewright.UserError(
            f"signature {signature.name!r} returns no 'logits': no language model that can be run here"
        )
    return int(logits[0].shape[-1])


def _length_of(signature: Any) -> int:
    return int(_input_of(signature, "tokens").shape[-1])


def _input_of(signature: Any, name: str) -> Any:
    for each in signature.inputs:
        if each.name == name:
            return each
    raise litewright.UserError(
        f"signature {signature.name!r} has no input {name!r}: no language model that can be run here"
    )
