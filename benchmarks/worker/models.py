"""The torch modules of the cases, equal in every process: seeds are fixed, files are the same."""

import dataclasses
import json
from pathlib import Path

import torch
from torch import nn

from benchmarks.cases import CACHE_LENGTH, Case
from tests.models import encoder, resnet
from tests.models.decoder_config import DecoderConfig


def decoder_config(case: Case) -> DecoderConfig:
    """The sizes of a case that is a decoder."""
    if case.model == "tinyllama":
        return DecoderConfig.tinyllama(layers=case.size, cache_length=CACHE_LENGTH)
    return DecoderConfig.tiny(layers=case.size, cache_length=CACHE_LENGTH)


def decoder_config_of(checkpoint: Path, cache_length: int) -> DecoderConfig:
    """The sizes of a checkpoint of Llama's architecture."""
    found = json.loads((checkpoint / "config.json").read_text())
    names = {each.name for each in dataclasses.fields(DecoderConfig)}
    sizes = {name: value for name, value in found.items() if name in names}
    return DecoderConfig(**{**sizes, "cache_length": cache_length})


def build_module(case: Case, encoder_folder: Path | None) -> nn.Module:
    """The module of a case that is not a decoder.

    `encoder_folder` is where the pretrained encoder's files are; only this environment has the
    package, so the peer's is told.
    """
    torch.default_generator.manual_seed(0)
    match case.model:
        case "sentence-encoder":
            return encoder.sentence_encoder(encoder_folder)
        case "resnet18":
            return resnet.randomise_batch_norms(resnet.resnet18())
        case "bert-base":
            return encoder.bert_base()
        case other:
            raise ValueError(f"{other!r} is not built as one module")
