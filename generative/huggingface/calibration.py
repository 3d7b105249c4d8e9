"""Calibration data of a language model: tokens as the inputs of its signatures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

import litewright

from ..masking import MASKED
from .steps import with_empty_caches

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

STEPS = 128
"""Tokens on which decoding is calibrated: what it adds to prefill are the last layer and the logits."""


def token_samples(
    inputs: Mapping[str, Tensor], texts: Iterable[Sequence[int]]
) -> Iterator[dict[str, Array]]:
    """Texts as inputs of a prefill signature over empty caches, each cut into parts of its length.

    What is left at the end of a text is used where it is all of it, padded as in a conversation.

    Args:
        inputs: samples of the signature: `tokens` [1, T], `input_pos` [T], `mask` [1, 1, T, S], caches.
        texts: tokens.

    Raises:
        UserError: a text is no sequence of numbers.
    """
    empty = {name: each.numpy() for name, each in with_empty_caches(inputs).items()}
    length = empty["tokens"].shape[1]
    for text in texts:
        tokens = _tokens(text)
        for start in range(0, max(len(tokens) - length + 1, min(len(tokens), 1)), length):
            part = tokens[start : start + length]
            yield {**empty, **_step(part, empty["mask"].shape)}


def step_samples(
    inputs: Mapping[str, Tensor], texts: Iterable[Sequence[int]], limit: int = STEPS
) -> Iterator[dict[str, Array]]:
    """Texts as inputs of `decode`, token by token; caches are those that the step before has left.

    Args:
        inputs: samples of the signature, as for `token_samples`.
        texts: tokens.
        limit: of steps, all texts together.

    Raises:
        UserError: a text is no sequence of numbers.
    """
    empty = {name: each.numpy() for name, each in with_empty_caches(inputs).items()}
    kept = {name: value for name, value in empty.items() if "cache" not in name}
    shape = empty["mask"].shape
    for text in texts:
        tokens = _tokens(text)[: min(limit, shape[-1])]
        limit -= len(tokens)
        for position, token in enumerate(tokens):
            mask = np.full(shape, MASKED, np.float32)
            mask[..., : position + 1] = 0
            yield {
                **(kept if position else empty),
                "tokens": np.array([[token]], np.int32),
                "input_pos": np.array([position], np.int32),
                "mask": mask,
            }


def _tokens(text: Sequence[int]) -> Array:
    tokens = np.asarray(text)
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
        raise litewright.UserError(
            f"calibration_tokens are sequences of token numbers, not {type(text).__name__}"
        )
    return tokens.astype(np.int32)


def _step(tokens: Array, shape: tuple[int, ...]) -> dict[str, Array]:
    """Tokens at the first positions; what is padded sees nothing and is at position 0."""
    length, count = shape[-2], len(tokens)
    padded, positions = np.zeros((1, length), np.int32), np.zeros(length, np.int32)
    padded[0, :count], positions[:count] = tokens, np.arange(count)
    mask = np.full(shape, MASKED, np.float32)
    for row in range(count):
        mask[..., row, : row + 1] = 0
    return {"tokens": padded, "input_pos": positions, "mask": mask}
