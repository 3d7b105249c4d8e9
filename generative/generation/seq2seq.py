"""Tokens from a model with encode and decode signatures."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

import litewright

from .generator import DECODE, Generator

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

ENCODE = "encode_"
_TOKENS, _PADDING = "input_ids", "attention_mask"


class Seq2SeqGenerator(Generator):
    """An encoder-decoder model on LiteRT.

    What cross-attention sees of the encoder stays where the encoder writes it, and the decoder reads it there. A
    conversation is what the decoder writes about one source.

    Attributes:
        encoder_lengths: tokens, or frames of features, that each encoder signature takes, ascending.
        features: name of the features that the encoder takes; None if it takes tokens.
    """

    hands_over = True

    def __init__(self, model: str | os.PathLike[str], *, threads: int | None = None) -> None:
        """Loads a model.

        Args:
            model: a .tflite whose signatures are named and shaped as `convert_encoder_decoder` makes them.
            threads: of the kernels and the delegate; as `litewright.Session` has it.

        Raises:
            UserError: the file is no encoder-decoder model.
        """
        super().__init__(model, threads=threads)
        encoders = {
            each.inputs[0].shape[-1]: each
            for name, each in self.session.signatures.items()
            if name.startswith(ENCODE)
        }
        if not encoders:
            raise litewright.UserError(f"{model}: no encoder-decoder model: no signature {ENCODE}…")
        self._encoders = dict(sorted(encoders.items()))
        self.encoder_lengths = tuple(self._encoders)
        names = {each.name for each in next(iter(encoders.values())).inputs}
        self.features = None if _TOKENS in names else next(iter(names))
        self._has_source = False

    def encode(self, source: Sequence[int] | Array) -> None:
        """Takes a source, and forgets what was written about another.

        Args:
            source: tokens, which go through the shortest encoder that they fit, or features, as the feature
                extractor of transformers makes them.

        Raises:
            UserError: no tokens, more than the longest encoder takes, or features of another shape.
        """
        inputs = self._tokens(source) if self.features is None else self._features(source)
        length = next(iter(inputs.values())).shape[-1]
        self.session.run(inputs, self._encoders[length].name)
        self._has_source = True
        self.reset()

    def reset(self) -> None:
        """Forgets what was written about the source, which stays."""
        self._begin()

    def feed(self, tokens: Sequence[int]) -> None:
        """Appends tokens to what the decoder has written; the first is the model's start token.

        Raises:
            UserError: there is no source, no tokens, or more than the cache has room for.
        """
        if not self._has_source:
            raise litewright.UserError("there is nothing to write about: encode a source first")
        super().feed(tokens)

    def _tokens(self, source: Sequence[int] | Array) -> Mapping[str, Array]:
        tokens = np.asarray(source, np.int32).reshape(-1)
        if not tokens.size:
            raise litewright.UserError("the source is empty: give at least one token")
        fitting = [length for length in self._encoders if length >= tokens.size]
        if not fitting:
            raise litewright.UserError(
                f"{tokens.size} tokens do not fit an encoder of {self.encoder_lengths[-1]}; export with a longer "
                "one, or shorten the source"
            )
        ids = np.zeros((1, fitting[0]), np.int32)
        ids[0, : tokens.size] = tokens
        return {
            _TOKENS: ids,
            _PADDING: (np.arange(fitting[0]) < tokens.size).astype(np.int32)[None],
        }

    def _features(self, source: Sequence[int] | Array) -> Mapping[str, Array]:
        assert self.features is not None, "asked only if there are any"
        features = np.asarray(source, np.float32)
        wanted = self._encoders[self.encoder_lengths[0]].inputs[0].shape
        if features.shape not in (wanted, wanted[1:]):
            raise litewright.UserError(
                f"{self.features} must be {list(wanted)}, not {list(features.shape)}: the model's feature extractor "
                "pads and cuts"
            )
        return {self.features: features.reshape(wanted)}


def is_encoder_decoder(signatures: Collection[str]) -> bool:
    """Whether a model with signatures of these names is one."""
    return DECODE in signatures and any(each.startswith(ENCODE) for each in signatures)
