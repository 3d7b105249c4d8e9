"""What kind of model a checkpoint folder holds, from its descriptions alone."""

from __future__ import annotations

import json
import os
from enum import Enum
from pathlib import Path
from typing import Any, cast

import litewright

from .library import architectures
from .sentence import MODULES
from .tasks import TASKS

_ENCODER_HEADS = (*(each.head for each in TASKS if each.head), "EncoderModel", "TextModel")
_CAUSAL_HEADS = ("ForCausalLM", "LMHeadModel")


class Kind(Enum):
    """What is exported in a way of its own.

    Attributes:
        value: its name, for messages.
    """

    CAUSAL = "causal language model"
    ENCODER_DECODER = "encoder-decoder"
    ENCODER = "encoder"


def kind_of(folder: str | os.PathLike[str]) -> Kind:
    """The kind of model in a folder of Hugging Face layout.

    A folder of sentence-transformers is an encoder, whatever the architecture. Else the architecture of `config.json`
    decides; where that is a model without a head, what transformers builds for text of the same `model_type`.

    Raises:
        UserError: there is no `config.json`, or it is none.
    """
    root = Path(folder)
    if (root / MODULES).is_file():
        return Kind.ENCODER
    told = _config(root)
    heads: Any = told.get("architectures") or [""]
    name, model_type = str(heads[0]), str(told.get("model_type", ""))
    if name.endswith(_ENCODER_HEADS):
        return Kind.ENCODER
    if name.endswith(_CAUSAL_HEADS):
        return Kind.CAUSAL
    # transformers writes it where it is true, also where that is the default.
    if told.get("is_encoder_decoder"):
        return Kind.ENCODER_DECODER
    is_causal = model_type in architectures("CAUSAL_LM")
    is_masked = model_type in architectures("MASKED_LM")
    if is_causal and not (is_masked and not told.get("is_decoder")):
        return Kind.CAUSAL
    return Kind.ENCODER if is_masked or model_type in architectures("") else Kind.CAUSAL


def _config(root: Path) -> dict[str, Any]:
    file = root / "config.json"
    if not file.is_file():
        raise litewright.UserError(f"{root}: no checkpoint here: there is no config.json")
    try:
        told: Any = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}
