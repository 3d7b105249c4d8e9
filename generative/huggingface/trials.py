"""What is tried when a converted model is compared with PyTorch, and what a runner answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..generation.generator import Generator

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_TAIL = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt and the answer to it.

    Attributes:
        prompt: how many tokens go in at once.
        steps: how many logits are asked for; a token follows after each but the last.
    """

    prompt: int
    steps: int = 1


@dataclass(frozen=True, slots=True)
class Trial:
    """One way through the signatures, along a text.

    Attributes:
        name: what is tried.
        turns: one after another, in one conversation.
    """

    name: str
    turns: tuple[Turn, ...]

    def positions(self) -> Iterator[int]:
        """Positions of the text whose logits it yields, in order."""
        end = 0
        for turn in self.turns:
            end += turn.prompt
            yield from range(end - 1, end - 1 + turn.steps)
            end += turn.steps - 1

    def run(self, generator: Generator, text: Sequence[int]) -> Iterator[Array]:
        """The logits [vocabulary] at each of its positions."""
        generator.reset()
        end = 0
        for turn in self.turns:
            generator.feed(text[end : end + turn.prompt])
            end += turn.prompt
            yield generator.logits()
            for token in text[end : end + turn.steps - 1]:
                generator.append(token)
                yield generator.logits()
            end += turn.steps - 1


def trials_of(
    prefill_lengths: Sequence[int],
    cache_length: int,
    conversation: Sequence[Turn],
    rings: Sequence[int],
) -> list[Trial]:
    """All that is tried, as far as it fits the cache.

    Args:
        prefill_lengths: ascending.
        cache_length: positions of a text.
        conversation: prompts and greedy answers.
        rings: positions of the caches that begin anew at their end.
    """
    trials: list[Trial] = []
    for length in prefill_lengths:
        trials.append(_prompt(f"prefill of {length}, filled", length + 1))
        trials.append(_prompt(f"prefill of {length}, half filled", length // 2 + 1))
    chunks = sum(prefill_lengths) + prefill_lengths[0] // 2 + 1
    trials.append(_prompt("several chunks", chunks))
    if conversation:
        trials.append(Trial("a greedy answer", (conversation[0],)))
    if len(conversation) > 1:
        trials.append(Trial(f"{len(conversation)} turns", tuple(conversation)))
    for ring in rings:
        trials += _around(ring, prefill_lengths)
    steps = min(_TAIL + 1, cache_length)
    trials.append(Trial("to the end of the cache", (Turn(cache_length - steps + 1, steps),)))
    return [each for each in trials if max(each.positions()) < cache_length]


def _prompt(name: str, length: int) -> Trial:
    return Trial(name, (Turn(length),))


def _around(ring: int, prefill_lengths: Sequence[int]) -> Iterator[Trial]:
    """Over the end of a ring: step by step, by filled chunks, and by padded ones, whose padding must do no harm.

    Only the shortest prefill is ever padded, where less is left than it takes.
    """
    yield Trial(f"over the end of a ring of {ring}", (Turn(ring - _TAIL // 2, _TAIL + 1),))
    for length in prefill_lengths:
        name = f"prefill of {length} over the end of a ring of {ring}"
        yield Trial(name, (Turn(max(ring - (length + 1) // 2, 1)), Turn(length + 1, 2)))
    shortest = prefill_lengths[0]
    part = shortest // 2
    if part:
        name = f"prefill of {shortest}, padded, %s the end of a ring of {ring}"
        across = Turn(max(ring - (part + 1) // 2, 1))
        yield Trial(name % "over", (across, Turn(part + 1, 2)))
        yield Trial(name % "up to", (Turn(ring - part), Turn(part + 1, 2)))


def log_probabilities(logits: Array) -> Array:
    """Of each token, from logits [..., vocabulary]; float64."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
