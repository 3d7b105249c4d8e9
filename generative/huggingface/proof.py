"""That a converted model says what PyTorch says: measured, before anything is handed out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

import litewright

from ..generation.generator import Generator
from .export import LanguageModel
from .reference import reference_logits

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-3
"""How far float32 logits may be off, relative to the largest: sums in another order, layer upon layer, come to
1e-5 in models of two dozen layers. What is broken is off by 1e-1 and more."""

_GREEDY, _TAIL = 12, 4


@dataclass(frozen=True, slots=True)
class Trial:
    """One way through the signatures.

    Attributes:
        name: what is tried.
        prompt: how many tokens of the text go in at once.
        steps: how many follow one by one.
    """

    name: str
    prompt: int
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        trial: which.
        error: largest difference of logits, relative to the largest magnitude of the reference.
        divergence: mean Kullback-Leibler divergence of the next token's distribution from the reference's, in
            nats.
        agreement: share of positions at which the likeliest token is the reference's.
    """

    trial: Trial
    error: float
    divergence: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried and found.

    Attributes:
        outcomes: one for each trial.
        perplexity: of the text, by the converted model, over the positions of the last trial.
        reference_perplexity: the same by PyTorch.
    """

    outcomes: tuple[Outcome, ...]
    perplexity: float
    reference_perplexity: float

    @property
    def error(self) -> float:
        """The largest of all trials."""
        return max(each.error for each in self.outcomes)


def prove(model: LanguageModel, path: Path, text: tuple[int, ...] = ()) -> Proof:
    """Runs a converted model on a text and compares its logits with PyTorch's.

    Tried are: each prefill filled and half filled, several chunks, a greedy answer, and a text that fills the
    cache to its last position.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        text: tokens to run it on, as many as the caches hold; random ones where there are fewer.
    """
    generator = Generator(path)
    vocabulary = int(model.checkpoint.config.get_text_config(decoder=True).vocab_size)
    tokens = _text(text, vocabulary, model.cache_length)
    # Room for one token of an answer, even where the prefill is as long as the cache.
    begun = list(tokens[: min(model.prefill_lengths[0], max(model.cache_length - 1, 1))])
    answer = list(generator.generate(begun, limit=min(_GREEDY, model.cache_length - len(begun))))
    whole = [*begun, *answer, *tokens[len(begun) + len(answer) :]]
    trials = _trials(model, len(begun), len(answer))
    positions = sorted({p for trial in trials for p in _positions(trial)})
    logits = reference_logits(model.checkpoint, whole, positions)
    reference = dict(zip(positions, logits, strict=True))
    made = {trial: _run(generator, whole, trial) for trial in trials}
    outcomes = [
        _outcome(trial, each, np.stack([reference[p] for p in _positions(trial)]))
        for trial, each in made.items()
    ]
    last = trials[-1]
    targets = [whole[p + 1] for p in _positions(last)[:-1]]
    expected = np.stack([reference[p] for p in _positions(last)])
    return Proof(
        tuple(outcomes), _perplexity(made[last][:-1], targets), _perplexity(expected[:-1], targets)
    )


def check(proof: Proof) -> None:
    """Accepts a float32 model that says what PyTorch says.

    Raises:
        UserError: a trial is off by more than rounding; all are listed.
    """
    if proof.error <= TOLERANCE:
        return
    told = [f"  {each.trial.name}: error {each.error:.1e}" for each in proof.outcomes]
    raise litewright.UserError(
        "\n".join(
            [
                f"the converted model does not say what PyTorch says (allowed: {TOLERANCE:.0e}):",
                *told,
            ]
        )
    )


def _trials(model: LanguageModel, begun: int, answered: int) -> list[Trial]:
    cache = model.cache_length
    trials: list[Trial] = []
    for length in model.prefill_lengths:
        trials.append(Trial(f"prefill of {length}, filled", min(length + 1, cache)))
        trials.append(Trial(f"prefill of {length}, half filled", length // 2 + 1))
    chunks = sum(model.prefill_lengths) + model.prefill_lengths[0] // 2 + 1
    trials.append(Trial("several chunks", min(chunks, cache)))
    if answered:
        trials.append(Trial("a greedy answer", begun, answered))
    steps = min(_TAIL + 1, cache)
    trials.append(Trial("to the end of the cache", cache - steps + 1, steps))
    return trials


def _positions(trial: Trial) -> range:
    """Positions whose logits a trial yields."""
    return range(trial.prompt - 1, trial.prompt - 1 + trial.steps)


def _run(generator: Generator, text: list[int], trial: Trial) -> Array:
    """[steps, vocabulary]."""
    generator.reset()
    generator.feed(text[: trial.prompt])
    made = [generator.logits()]
    for token in text[trial.prompt : trial.prompt + trial.steps - 1]:
        generator.append(token)
        made.append(generator.logits())
    return np.stack(made)


def _outcome(trial: Trial, made: Array, expected: Array) -> Outcome:
    error = float(np.abs(made - expected).max() / np.abs(expected).max())
    p, q = _log_probabilities(expected), _log_probabilities(made)
    divergence = float((np.exp(p) * (p - q)).sum(-1).mean())
    agreement = float((made.argmax(-1) == expected.argmax(-1)).mean())
    return Outcome(trial, error if np.isfinite(error) else float("inf"), divergence, agreement)


def _perplexity(logits: Array, targets: list[int]) -> float:
    if not targets:
        return float("nan")
    chances = _log_probabilities(logits)
    return float(
        np.exp(-np.mean([row[token] for row, token in zip(chances, targets, strict=True)]))
    )


def _log_probabilities(logits: Array) -> Array:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _text(text: tuple[int, ...], vocabulary: int, length: int) -> tuple[int, ...]:
    random = np.random.default_rng(0).integers(0, vocabulary, length)
    return (*text, *random[len(text) :].tolist())[:length]
