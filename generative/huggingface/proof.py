"""That a converted model says what PyTorch says: measured, before anything is handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..generation.generator import Generator
from .export import LanguageModel
from .reading import Reading
from .reference import Progress, reference_logits
from .trials import Trial, Turn, log_probabilities, trials_of

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-3
"""How far float32 logits may be off, relative to the largest: sums in another order, layer upon layer, come to
1e-5 in models of two dozen layers. What is broken is off by 1e-1 and more."""

_GREEDY = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial.

    Attributes:
        trial: which.
        error: largest difference of logits, relative to the largest magnitude of the reference; infinite where
            a logit is no finite number.
        divergence: mean Kullback-Leibler divergence of the next token's distribution from the reference's, in
            nats.
        agreement: share of positions at which the likeliest token is the reference's.
        first_wrong: position of the first token behind which logits are off by more than `TOLERANCE`, or a greedy
            answer goes on with a token that is not the reference's likeliest; None if there is none.
    """

    trial: Trial
    error: float
    divergence: float
    agreement: float
    first_wrong: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was tried and found.

    Attributes:
        outcomes: one for each trial.
        text: the tokens that the trials ran on: prompts, greedy answers, others.
        reading: of a text in words; None if there was no reason for it.
    """

    outcomes: tuple[Outcome, ...]
    text: tuple[int, ...]
    reading: Reading | None = None

    @property
    def error(self) -> float:
        """The largest of all trials."""
        return max(each.error for each in self.outcomes)

    @property
    def wrong(self) -> tuple[Outcome, ...]:
        """The trials that are off by more than rounding."""
        return tuple(each for each in self.outcomes if each.first_wrong is not None)


def prove(model: LanguageModel, path: Path, *, progress: Progress | None = None) -> Proof:
    """Runs a converted model on a text and compares its logits with PyTorch's.

    Tried are: each prefill filled and half filled, several chunks, a greedy answer, several turns, a text that
    fills the cache to its last position, and the ends of caches that begin anew there.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        progress: told how far it is.

    Raises:
        UserError: the model's own code fails in PyTorch.
    """
    generator = Generator(path)
    vocabulary = int(model.checkpoint.config.get_text_config(decoder=True).vocab_size)
    random = np.random.default_rng(0).integers(0, vocabulary, model.cache_length).tolist()
    text, conversation = _conversation(generator, model, random)
    trials = trials_of(model.prefill_lengths, model.cache_length, conversation, model.rings)
    positions = sorted({p for trial in trials for p in trial.positions()})
    logits = reference_logits(model.checkpoint, text, positions, progress)
    reference = dict(zip(positions, logits, strict=True))
    outcomes: list[Outcome] = []
    for index, trial in enumerate(trials):
        if progress is not None:
            progress("compare with PyTorch", index / len(trials))
        expected = np.stack([reference[p] for p in trial.positions()])
        made = np.stack(list(trial.run(generator, text)))
        is_greedy = trial.turns == tuple(conversation[: len(trial.turns)])
        answer = [text[p + 1] for p in trial.positions()] if is_greedy else None
        outcomes.append(outcome_of(trial, made, expected, answer))
    return Proof(tuple(outcomes), tuple(text))


def told(proof: Proof) -> str:
    """What was found where the model does not say what PyTorch says: all trials, and the first wrong position."""
    lines = [f"the converted model does not say what PyTorch says (allowed: {TOLERANCE:.0e}):"]
    for each in proof.outcomes:
        lines.append(f"  {each.trial.name}: error {each.error:.1e}")
        if each.first_wrong is not None:
            lines[-1] += f", first at position {each.first_wrong}"
    return "\n".join(lines)


def _conversation(
    generator: Generator, model: LanguageModel, tokens: Sequence[int]
) -> tuple[list[int], list[Turn]]:
    """A text as long as the cache, and the prompts and greedy answers that it begins with.

    The second prompt is as long as half a prefill: its chunk begins where an answer ended, and is padded.
    """
    generator.reset()
    text: list[int] = []
    turns: list[Turn] = []
    first = model.prefill_lengths[0]
    for length in (first, first // 2 + 1):
        # The last token of an answer is the first that the next prompt's chunk sees.
        prompt = list(tokens[len(text) :][:length])
        room = model.cache_length - len(text) - len(prompt)
        if room < 1 and len(prompt) > 1:
            prompt, room = prompt[: room - 1], 1
        if room < 1 or not prompt:
            break
        answer = list(generator.generate(prompt, limit=min(_GREEDY, room)))
        begun = len(prompt) + (1 if turns else 0)
        text += [*prompt, *answer]
        turns.append(Turn(begun, len(answer)))
    return [*text, *tokens[len(text) :]], turns


def outcome_of(
    trial: Trial, made: Array, expected: Array, answer: Sequence[int] | None = None
) -> Outcome:
    """Compares logits [positions of the trial, vocabulary].

    Args:
        trial: which.
        made: by the converted model.
        expected: by PyTorch.
        answer: the tokens that were written behind these positions, if they are the likeliest ones.
    """
    with np.errstate(
        invalid="ignore", divide="ignore"
    ):  # what is no number is told as an infinite error
        return _compared(trial, made, expected, answer)


def _compared(trial: Trial, made: Array, expected: Array, answer: Sequence[int] | None) -> Outcome:
    peak = float(np.abs(expected).max())
    # Where PyTorch's logits are no numbers, or all zero, nothing is shown by what is near to them.
    finite = np.isfinite(made).all(-1) & (0.0 < peak < np.inf)
    errors = np.where(finite, np.abs(made - expected).max(-1) / peak, np.inf)
    wrong = errors > TOLERANCE
    if answer is not None:
        # As much as logits may be off, so much may a token that was written be behind the likeliest.
        behind = expected.max(-1) - expected[np.arange(len(answer)), answer]
        wrong |= behind > 2 * TOLERANCE * peak
    p, q = log_probabilities(expected), log_probabilities(made)
    divergence = float((np.exp(p) * (p - q)).sum(-1).mean())
    agreement = float((made.argmax(-1) == expected.argmax(-1)).mean())
    first = list(trial.positions())[int(wrong.argmax())] if wrong.any() else None
    return Outcome(trial, float(errors.max()), divergence, agreement, first)
