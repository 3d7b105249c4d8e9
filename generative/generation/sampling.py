"""Which token comes next, by its logits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

import litewright

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class Chooser(Protocol):
    """Says which token comes next."""

    def choose(self, logits: Array, text: Sequence[int], /) -> int:
        """The token behind a text, by its logits [vocabulary]."""
        ...


@dataclass(slots=True)
class Sampler:
    """Chooses tokens. The defaults are greedy: the largest logit.

    Attributes:
        temperature: logits are divided by it; 0 is greedy.
        top_k: only that many of the largest logits may be chosen; 0 is all.
        top_p: only the likeliest tokens that together have this probability may be chosen (nucleus sampling,
            Holtzman et al. 2020).
        repetition_penalty: logits of tokens that are in the text are divided by it where positive, multiplied
            where negative (CTRL, Keskar et al. 2019).
        seed: equal seeds choose equal tokens.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    _random: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            UserError: one is out of its range.
        """
        checks = (
            ("temperature", self.temperature >= 0, "0 or more"),
            ("top_k", self.top_k >= 0, "0 or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("repetition_penalty", self.repetition_penalty > 0, "above 0"),
            ("seed", self.seed >= 0, "0 or more"),
        )
        for name, fine, wanted in checks:
            if not fine:
                raise litewright.UserError(f"{name} must be {wanted}, not {getattr(self, name)}")
        self._random = np.random.default_rng(self.seed)

    def choose(self, logits: Array, text: Collection[int]) -> int:
        """The next token.

        Args:
            logits: [vocabulary], float.
            text: the tokens so far, prompt and all.
        """
        scores = logits.astype(np.float64)
        if self.repetition_penalty != 1:
            seen = np.unique(np.fromiter(text, np.int64))
            scores[seen] = np.where(
                scores[seen] > 0,
                scores[seen] / self.repetition_penalty,
                scores[seen] * self.repetition_penalty,
            )
        if self.temperature == 0:
            return int(scores.argmax())
        scores /= self.temperature
        if 0 < self.top_k < scores.size:
            smallest = np.partition(scores, -self.top_k)[-self.top_k]
            scores[scores < smallest] = -np.inf
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        if self.top_p < 1:
            chances = _nucleus(chances, self.top_p)
        return int(self._random.choice(chances.size, p=chances))


def _nucleus(chances: Array, share: float) -> Array:
    """The likeliest tokens until they have `share`, the one that reaches it included."""
    order = np.argsort(-chances, kind="stable")
    before = np.cumsum(chances[order]) - chances[order]
    kept = np.zeros_like(chances)
    chosen = order[before < share]
    kept[chosen] = chances[chosen]
    return kept / kept.sum()
