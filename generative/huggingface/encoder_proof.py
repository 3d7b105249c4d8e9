"""That a converted encoder says what PyTorch says: measured on texts of its own tokens, or of the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch

import litewright

from .encoder import ATTENTION_MASK, ENCODE, INPUT_IDS, TOKEN_TYPE_IDS, EncoderModel
from .reference import parameters_at_hand

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-3
"""How far float32 results may be off, relative to the largest number of the reference."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one text.

    Attributes:
        length: tokens of the signature.
        filled: how many of them are shown.
        error: the largest difference, relative to the largest magnitude of the reference.
        cosine: between results and reference, of a vector of either: the smallest of all tokens and results.
    """

    length: int
    filled: int
    error: float
    cosine: float


def prove_encoder(
    encoder: EncoderModel, texts: Sequence[Sequence[int]] = (), *, seed: int = 0
) -> tuple[Outcome, ...]:
    """Runs every signature, filled and half filled, beside PyTorch.

    PyTorch runs the model's own code, with one module's parameters in memory at a time.

    Args:
        encoder: what was converted.
        texts: tokens to run it on, as many as fit; random ones if there are none.
        seed: of the random ones.
    """
    outcomes: list[Outcome] = []
    with parameters_at_hand(encoder.checkpoint):
        for length in encoder.lengths:
            for inputs, filled in _samples(encoder, length, texts, seed):
                expected = _reference(encoder, inputs)
                actual = _run(encoder, length, inputs)
                # Results token by token are compared where there are tokens.
                end = filled if encoder.task.by_token else None
                both = zip(actual, expected, strict=True)
                pairs = [(a[:, :end], e[:, :end]) for a, e in both]
                error = max(_error(a, e) for a, e in pairs)
                cosine = min(_cosine(a, e) for a, e in pairs)
                outcomes.append(Outcome(length, filled, error, cosine))
    return tuple(outcomes)


def check_encoder(outcomes: Sequence[Outcome]) -> None:
    """Accepts a float32 encoder that says what PyTorch says.

    Raises:
        UserError: a result is off by more than `TOLERANCE`.
    """
    worst = max(each.error for each in outcomes)
    if worst > TOLERANCE:
        told = [
            f"  {each.filled} of {each.length} tokens: error {each.error:.1e}" for each in outcomes
        ]
        raise litewright.UserError(
            "\n".join([f"results are off from PyTorch's (allowed: {TOLERANCE:.0e}):", *told])
        )


def _samples(
    encoder: EncoderModel, length: int, texts: Sequence[Sequence[int]], seed: int
) -> list[tuple[dict[str, Array], int]]:
    random = np.random.default_rng(seed)
    vocabulary = int(encoder.checkpoint.config.vocab_size)
    wanted = [list(text[:length]) for text in texts] or [
        random.integers(0, vocabulary, filled).tolist()
        for filled in sorted({length, (length + 1) // 2})
    ]
    return [(inputs_of(encoder, length, text, random), len(text)) for text in wanted]


def inputs_of(
    encoder: EncoderModel,
    length: int,
    tokens: Sequence[int],
    random: np.random.Generator | None = None,
) -> dict[str, Array]:
    """A text as a signature takes it, int32 [1, length] each, padded at the end.

    Args:
        encoder: which takes it.
        length: of the signature.
        tokens: as many as that, or fewer.
        random: chooses where the second text of a pair begins; without, there is one text.
    """
    padding = getattr(encoder.checkpoint.config, "pad_token_id", None) or 0
    ids = np.full((1, length), padding, np.int32)
    ids[0, : len(tokens)] = tokens
    shown = (np.arange(length) < len(tokens)).astype(np.int32)[None]
    inputs = {INPUT_IDS: ids, ATTENTION_MASK: shown}
    if TOKEN_TYPE_IDS in encoder.inputs:
        begin = length if random is None else int(random.integers(0, max(len(tokens), 1)))
        inputs[TOKEN_TYPE_IDS] = (np.arange(length) >= begin).astype(np.int32)[None] * shown
    return inputs


def _reference(encoder: EncoderModel, inputs: dict[str, Array]) -> list[Array]:
    with torch.no_grad():
        made = encoder.checkpoint.model(
            **{name: torch.as_tensor(each) for name, each in inputs.items()}
        )
    return [made[name].numpy() for name in encoder.task.outputs]


def _run(encoder: EncoderModel, length: int, inputs: dict[str, Array]) -> list[Array]:
    made: Any = encoder.edge(signature_name=ENCODE.format(length), **inputs)
    outputs = encoder.task.outputs
    return [np.asarray(made)] if len(outputs) == 1 else [np.asarray(made[name]) for name in outputs]


def _error(actual: Array, expected: Array) -> float:
    error = float(np.abs(actual - expected).max() / np.abs(expected).max())
    return error if np.isfinite(error) else float("inf")


def _cosine(actual: Array, expected: Array) -> float:
    lengths = np.linalg.norm(actual, axis=-1) * np.linalg.norm(expected, axis=-1)
    cosines = (actual * expected).sum(-1) / np.maximum(lengths, 1e-30)
    return float(cosines.min()) if np.isfinite(cosines).all() else float("nan")
