"""Tokenizers of the package `tokenizers`, found and read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

import litewright


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
