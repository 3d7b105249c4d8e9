"""Tokenizers, found and read: those of the package `tokenizers`, and SentencePiece models."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

import litewright

_INCOMPLETE = "\N{REPLACEMENT CHARACTER}"


class SentencePieces:
    """A SentencePiece model."""

    def __init__(self, data: bytes, origin: Path) -> None:
        """Reads a model.

        Args:
            data: the file.
            origin: where it comes from, for messages.

        Raises:
            UserError: the package `sentencepiece` is not there.
            FormatError: it is no such model.
        """
        try:
            from sentencepiece import SentencePieceProcessor
        except ModuleNotFoundError as error:
            raise litewright.UserError(
                f"{origin} holds a SentencePiece model: pip install 'litewright[lm]'"
            ) from error
        try:
            self._processor: Any = SentencePieceProcessor(model_proto=data)
        except RuntimeError as error:
            raise litewright.FormatError(f"{origin}: no SentencePiece model ({error})") from error

    def encode(self, text: str) -> list[int]:
        """Numbers of tokens, without special ones."""
        return self._processor.encode(text)

    def number(self, text: str) -> int | None:
        """That of the token with this text; None if there is none."""
        number: int = self._processor.piece_to_id(text)
        return number if self._processor.id_to_piece(number) == text else None

    def pieces(self, tokens: Iterator[int]) -> Iterator[str]:
        """See `pieces_of`."""
        seen: list[int] = []
        told = 0
        for token in tokens:
            # What a model may say beyond its tokenizer's numbers has no text.
            seen += [token] if token < self._processor.get_piece_size() else []
            text: str = self._processor.decode(seen)
            if not text.endswith(_INCOMPLETE) and len(text) > told:
                yield text[told:]
                told = len(text)


def numbers_of(tokenizer: Tokenizer | SentencePieces, text: str) -> list[int]:
    """Numbers of a text's tokens, without special ones around it."""
    if isinstance(tokenizer, SentencePieces):
        return tokenizer.encode(text)
    return tokenizer.encode(text, add_special_tokens=False).ids


def number_of(tokenizer: Tokenizer | SentencePieces, text: str) -> int | None:
    """The number of the token with this text; None if there is none."""
    if isinstance(tokenizer, SentencePieces):
        return tokenizer.number(text)
    return tokenizer.token_to_id(text)


def pieces_of(tokenizer: Tokenizer | SentencePieces, tokens: Iterator[int]) -> Iterator[str]:
    """The text of tokens, piece by piece: special ones are left out, and characters are whole."""
    if isinstance(tokenizer, SentencePieces):
        yield from tokenizer.pieces(tokens)
        return
    stream = DecodeStream(skip_special_tokens=True)
    for token in tokens:
        # Nothing, as long as a character is incomplete.
        piece = stream.step(tokenizer, token)
        if piece:
            yield piece


def tokenizer_file(given: str | os.PathLike[str]) -> Path:
    """A `tokenizer.json`, or that of a folder.

    Raises:
        UserError: there is none.
    """
    path = Path(given)
    file = path / "tokenizer.json" if path.is_dir() else path
    if not file.is_file():
        raise litewright.UserError(f"{file}: there is no such tokenizer")
    return file


def read_tokenizer(text: str, origin: Path) -> Tokenizer:
    """The tokenizer that a `tokenizer.json` describes.

    Args:
        text: of the file.
        origin: where it comes from, for messages.

    Raises:
        FormatError: it describes none.
    """
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # the package raises nothing more exact
        raise litewright.FormatError(f"{origin}: no sound tokenizer.json ({error})") from error


def cut_to(tokenizer: Tokenizer, length: int) -> None:
    """Texts that are longer are cut, what stands at the end of each kept; none is padded."""
    tokenizer.no_padding()
    told: Any = tokenizer
    told.enable_truncation(length)
