"""What kind of model a checkpoint folder holds, from its descriptions alone."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Any

from .descriptions import config_of
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
    DIFFUSION = "diffusion pipeline"


def kind_of(folder: str | os.PathLike[str]) -> Kind:
    """The kind of model in a folder of Hugging Face layout.

    A folder with a `model_index.json` is a pipeline of diffusers, one of sentence-transformers is an encoder, whatever
    the architecture. Else the architecture of `config.json` decides; where that is a model without a head, what
    transformers builds for text of the same `model_type`.

    Raises:
        UserError: there is no `config.json`, or it is no JSON object.
    """
    root = Path(folder)
    if (root / "model_index.json").is_file():
        return Kind.DIFFUSION
    if (root / MODULES).is_file():
        return Kind.ENCODER
    told = config_of(root)
    heads: Any = told.get("architectures") or [""]
    name, model_type = str(heads[0]), str(told.get("model_type", ""))
    if name.endswith(_ENCODER_HEADS):
        return Kind.ENCODER
    if name.endswith(_CAUSAL_HEADS):
        return Kind.CAUSAL
    # transformers writes it where it is true, also where that is the default.
    if told.get("is_encoder_decoder"):
        return Kind.ENCODER_DECODER
    # Those that also see or hear write text as a decoder does.
    if model_type in architectures("MULTIMODAL_LM"):
        return Kind.CAUSAL
    is_causal = model_type in architectures("CAUSAL_LM")
    is_masked = model_type in architectures("MASKED_LM")
    if is_causal and not (is_masked and not told.get("is_decoder")):
        return Kind.CAUSAL
    return Kind.ENCODER if is_masked or model_type in architectures("") else Kind.CAUSAL
