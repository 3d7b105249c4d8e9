"""What a checkpoint folder says of itself: its `config.json`, and its tokenizer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

import litewright

from .library import AutoConfig, AutoTokenizer


def config_of(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """What `config.json` says.

    Raises:
        UserError: there is none, or it is no JSON object.
    """
    root = Path(folder)
    file = root / "config.json"
    if not file.is_file():
        raise litewright.UserError(f"{root}: no checkpoint here: there is no config.json")
    try:
        told: Any = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error
    if not isinstance(told, dict):
        raise litewright.UserError(f"{file}: no configuration: a {type(told).__name__}, no object")
    return cast("dict[str, Any]", told)


def configuration_of(folder: str | os.PathLike[str]) -> Any:
    """What transformers makes of `config.json`.

    Raises:
        UserError: there is none, or it is none that transformers knows.
    """
    config_of(folder)
    try:
        return AutoConfig.from_pretrained(Path(folder), local_files_only=True)
    except Exception as error:  # what is wrong in it makes it raise anything
        raise litewright.UserError(
            f"{folder}: transformers cannot read config.json: {reason(error)}"
        ) from error


def tokenizer_of(folder: str | os.PathLike[str]) -> Any:
    """The tokenizer, of transformers.

    Raises:
        UserError: it cannot be loaded.
    """
    root = Path(folder)
    try:
        return AutoTokenizer.from_pretrained(root, local_files_only=True)
    except Exception as error:  # a damaged file makes it raise anything
        raise litewright.UserError(
            f"{root}: transformers cannot load the tokenizer: {reason(error)}"
        ) from error


def reason(error: Exception) -> str:
    """What an error of a library says in a line, without the advice of further paragraphs."""
    return " ".join(str(error).strip().partition("\n\n")[0].split()) or type(error).__name__
