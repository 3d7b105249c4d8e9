"""Text in, text out: a generator with its tokenizer."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

import litewright

from ..bundle.container import Kind
from ..bundle.reading import Bundle, open_bundle
from .generator import Generator, Speed
from .sampling import Sampler
from .tokens import (
    SentencePieces,
    number_of,
    numbers_of,
    pieces_of,
    read_tokenizer,
    tokenizer_file,
)


class TextGenerator:
    """A language model that reads and writes text.

    Attributes:
        generator: the model.
        tokenizer: of the package `tokenizers`, or a SentencePiece model.
        start_token: written in front of a conversation; None if there is none.
        stop_tokens: any of them ends an answer.
    """

    def __init__(
        self,
        model: str | os.PathLike[str],
        *,
        tokenizer: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        adapter: str | os.PathLike[str] | None = None,
    ) -> None:
        """Loads a model.

        Args:
            model: a bundle, or a .tflite whose signatures are as `convert_checkpoint` makes them.
            tokenizer: a `tokenizer.json` or the folder that holds one, or a SentencePiece model; a bundle has its
                own.
            threads: of the kernels and the delegate; as `litewright.Session` has it.
            adapter: a folder in the layout of `peft`; see `Generator.adapt`.

        Raises:
            UserError: there is no tokenizer that can be read here, or the file is no language model.
            FormatError: a bundle is damaged.
        """
        path = Path(model)
        self.start_token: int | None = None
        self.stop_tokens: tuple[int, ...] = ()
        given = tokenizer_file(tokenizer) if tokenizer is not None else None
        if path.suffix == ".tflite":
            if given is None:
                raise litewright.UserError(
                    f"{path} has no tokenizer: name its tokenizer.json, or give a bundle"
                )
            self.tokenizer = _tokenizer_in(given)
        else:
            bundle = open_bundle(path)
            self.tokenizer = _tokenizer_in(given) if given is not None else _tokenizer_of(bundle)
            metadata = bundle.metadata()
            self.start_token = self._number(metadata.start_token)
            stops = [self._number(each) for each in metadata.stop_tokens]
            self.stop_tokens = tuple(each for each in stops if each is not None)
            path = self._extracted(bundle)
        self.generator = Generator(path, threads=threads, adapter=adapter)

    @property
    def speed(self) -> Speed:
        """What was done and how long it took."""
        return self.generator.speed

    def generate(
        self,
        prompt: str,
        *,
        sampler: Sampler | None = None,
        limit: int | None = None,
        stop: Sequence[str] = (),
    ) -> Iterator[str]:
        """Continues a text, piece by piece as it comes.

        Args:
            prompt: joins the conversation as it is: nothing is put around it.
            sampler: chooses tokens; greedy if not given.
            limit: how many tokens at most.
            stop: texts that end the answer, and are left out of it.

        Raises:
            UserError: the prompt is empty, or longer than the cache has room for, or a text of `stop` is empty.
        """
        tokens = numbers_of(self.tokenizer, prompt)
        if self.start_token is not None and not self.generator.tokens:
            tokens = [self.start_token, *tokens]
        made = self.generator.generate(
            tokens, sampler=sampler, limit=limit, stop_tokens=self.stop_tokens
        )
        return until(pieces_of(self.tokenizer, made), stop)

    def _number(self, union: Any) -> int | None:
        """The number of a token that a bundle tells by its number or its text."""
        if union.token_str:
            return number_of(self.tokenizer, union.token_str)
        return next(iter(union.token_ids.ids), None)

    def _extracted(self, bundle: Bundle) -> Path:
        """The model of a bundle as a file, for as long as this object lives."""
        folder = tempfile.TemporaryDirectory(prefix="litewright-")
        weakref.finalize(self, folder.cleanup)
        return bundle.extract_model(Path(folder.name))


def until(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """The pieces of a text up to the first of the texts that end it; what might begin one is held back.

    Raises:
        UserError: one of the texts that end it is empty.
    """
    if "" in stop:
        raise litewright.UserError("an empty stop text would end every answer before it begins")
    return _until(pieces, stop)


def _until(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    held = ""
    for piece in pieces:
        held += piece
        found = [held.index(text) for text in stop if text in held]
        if found:
            if min(found):
                yield held[: min(found)]
            return
        keep = max((_overlap(held, text) for text in stop), default=0)
        ready, held = held[: len(held) - keep], held[len(held) - keep :]
        if ready:
            yield ready
    if held:
        yield held


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of a text begin `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def _tokenizer_in(file: Path) -> Tokenizer | SentencePieces:
    if file.suffix == ".model":
        return SentencePieces(file.read_bytes(), file)
    return read_tokenizer(file.read_text(encoding="utf-8"), file)


def _tokenizer_of(bundle: Bundle) -> Tokenizer | SentencePieces:
    """A bundle's own."""
    part, pieces = bundle.part(Kind.TOKENIZER), bundle.part(Kind.SENTENCEPIECE)
    if part is not None:
        return read_tokenizer(part.content().decode("utf-8"), bundle.path)
    if pieces is not None:
        return SentencePieces(pieces.content(), bundle.path)
    raise litewright.UserError(f"{bundle.path} holds no tokenizer: name a tokenizer.json")
