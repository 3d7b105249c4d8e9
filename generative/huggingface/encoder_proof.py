"""That a converted encoder says what PyTorch says: measured on texts of its own tokens, or of the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

import litewright

from .at_hand import parameters_at_hand
from .eager import run_eagerly
from .encoder import ENCODE, EncoderModel, padded

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-3
"""How far float32 results may be off, relative to the largest number of the reference."""

_ADVICE = (
    "Leave passes of your own out; if that does not help, this is a defect of litewright, and --no-proof (in Python "
    "proof=False) writes the file all the same"
)

_TOGETHER = 8
"""Texts that PyTorch takes at once."""

_SMALLEST = 1e-30
"""What a product of lengths is at least, so that two vectors of zeros are no division by zero."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one text.

    Attributes:
        length: tokens of the signature.
        filled: how many of them are shown.
        error: the largest difference, relative to the largest magnitude of the reference.
        cosine: between results and reference: the smallest of all vectors, one for the text or for each token.
    """

    length: int
    filled: int
    error: float
    cosine: float


def prove_encoder(
    encoder: EncoderModel, texts: Sequence[Sequence[int]] = (), *, path: Path | None = None
) -> tuple[Outcome, ...]:
    """Runs every signature on texts beside PyTorch.

    PyTorch runs the model's own code, with one module's parameters in memory at a time.

    Args:
        encoder: what was converted.
        texts: tokens; without, random ones that fill a signature and half of it.
        path: the file, if it is written already.

    Raises:
        UserError: the model's own code fails in PyTorch.
    """
    run = encoder.edge if path is None else _Session(path)
    random = np.random.default_rng(0)
    outcomes: list[Outcome] = []
    with parameters_at_hand(encoder.checkpoint):
        for length in encoder.lengths:
            given = list(texts) or _random_texts(encoder, length, random)
            together = max(_TOGETHER // encoder.batch, 1) * encoder.batch
            for at in range(0, len(given), together):
                outcomes += _compared(encoder, run, length, given[at : at + together], random)
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
            "\n".join(
                [f"results are off from PyTorch's (allowed: {TOLERANCE:.0e}):", *told, _ADVICE]
            )
        )


class _Session:
    """A written file, called as the model is that it was written of."""

    def __init__(self, path: Path) -> None:
        self._session = litewright.Session(path)

    def __call__(self, *, signature_name: str, **inputs: Array) -> Any:
        made = self._session.run(inputs, signature_name)
        return next(iter(made.values())) if len(made) == 1 else made


def _random_texts(
    encoder: EncoderModel, length: int, random: np.random.Generator
) -> list[list[int]]:
    """One that fills the signature and one that fills half of it, of each row of a batch."""
    vocabulary = int(encoder.config.vocab_size)
    lengths = sorted({length, (length + 1) // 2}) * encoder.batch
    return [random.integers(0, vocabulary, filled).tolist() for filled in lengths]


def _compared(
    encoder: EncoderModel,
    run: Callable[..., Any],
    length: int,
    texts: Sequence[Sequence[int]],
    random: np.random.Generator,
) -> list[Outcome]:
    """Texts that PyTorch takes at once, so that parameters are read once for all of them."""
    filled = [min(len(text), length) for text in texts]
    begins = [int(random.integers(0, max(count, 1))) for count in filled]
    # Filled up to whole batches with texts from the beginning.
    rows = [row % len(texts) for row in range(-(-len(texts) // encoder.batch) * encoder.batch)]
    made = padded(
        [texts[row] for row in rows],
        length,
        padding=getattr(encoder.config, "pad_token_id", None) or 0,
        begins=[begins[row] for row in rows],
    )
    inputs = {name: made[name] for name in encoder.inputs}
    tensors = {name: torch.as_tensor(each) for name, each in inputs.items()}
    expected: dict[str, Any] = run_eagerly(encoder.checkpoint.model, **tensors)
    actual = _run(encoder, run, length, inputs)
    outputs = encoder.task.outputs
    outcomes: list[Outcome] = []
    for row, count in enumerate(filled):
        # Results token by token are compared where there are tokens.
        end = count if encoder.task.by_token else None
        pairs = [(actual[name][row][:end], expected[name][row].numpy()[:end]) for name in outputs]
        error = max(_error(a, e) for a, e in pairs)
        outcomes.append(Outcome(length, count, error, min(_cosine(a, e) for a, e in pairs)))
    return outcomes


def _run(
    encoder: EncoderModel, run: Callable[..., Any], length: int, inputs: dict[str, Array]
) -> dict[str, Array]:
    """Results of all rows, a batch at a time."""
    outputs = encoder.task.outputs
    found: dict[str, list[Array]] = {name: [] for name in outputs}
    for at in range(0, len(next(iter(inputs.values()))), encoder.batch):
        part = {name: each[at : at + encoder.batch] for name, each in inputs.items()}
        made: Any = run(signature_name=ENCODE.format(length), **part)
        for name in outputs:
            found[name].append(np.asarray(made if len(outputs) == 1 else made[name]))
    return {name: np.concatenate(each) for name, each in found.items()}


def _error(actual: Array, expected: Array) -> float:
    error = float(np.abs(actual - expected).max() / np.abs(expected).max())
    return error if np.isfinite(error) else float("inf")


def _cosine(actual: Array, expected: Array) -> float:
    lengths = np.linalg.norm(actual, axis=-1) * np.linalg.norm(expected, axis=-1)
    cosines = (actual * expected).sum(-1) / np.maximum(lengths, _SMALLEST)
    return float(cosines.min()) if np.isfinite(cosines).all() else float("nan")
