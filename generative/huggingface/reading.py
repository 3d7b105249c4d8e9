"""How a converted model reads a text, beside PyTorch: what quantisation has cost, in the usual measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import litewright

from ..generation.generator import Generator
from .descriptions import configuration_of, tokenizer_of
from .export import LanguageModel
from .reference import Progress, reference_logits
from .trials import Trial, Turn, log_probabilities

NEUTRAL = """\
The old library stands at the corner of the market square, between a bakery and a shop that repairs clocks. It was
built in 1887, when the town had fewer than four thousand inhabitants, and it has been enlarged twice since then. On
weekdays it opens at nine in the morning. Students come first, because the reading room is warm and quiet; later in
the day there are parents with children, and people who only want to look at a newspaper. About sixty thousand books
are kept on three floors. The oldest of them, an atlas with maps drawn by hand, lies in a glass case near the stairs.
Whoever wants to borrow a book needs a card, which costs nothing for anyone under eighteen. Last year the catalogue
was moved to a computer, so that a title can be found from home, but many visitors still prefer to walk along the
shelves. "You never know what stands beside the book you were looking for," says the librarian, who has worked here
for more than twenty years. In winter, when the river freezes and the boats stop running, the lights in the windows
are often the last ones in the square to go out.
"""
"""Read where no other text is given."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, token by token.

    Attributes:
        tokens: how many were guessed: all but the first.
        perplexity: by the converted model: e to the mean of -log p(token).
        reference_perplexity: the same by PyTorch, from the weights as the checkpoint has them.
        divergence: mean Kullback-Leibler divergence of the next token's distribution from PyTorch's, in nats.
        agreement: share of positions at which the likeliest token is PyTorch's.
    """

    tokens: int
    perplexity: float
    reference_perplexity: float
    divergence: float
    agreement: float


def tokens_of(folder: Path, text: str, length: int) -> tuple[int, ...]:
    """The first `length` tokens of a text, by the tokenizer of a checkpoint.

    Raises:
        UserError: the tokenizer cannot be loaded or is of another model, or there are fewer than two tokens.
    """
    tokens: list[int] = tokenizer_of(folder)(text).input_ids[:length]
    if len(tokens) < 2:
        raise litewright.UserError(
            f"a text of {len(tokens)} tokens says nothing: to compare on it, it must have two at least"
        )
    text_config: Any = configuration_of(folder).get_text_config(decoder=True)
    beyond = [token for token in tokens if token >= text_config.vocab_size]
    if beyond:
        raise litewright.UserError(
            f"{folder}: the tokenizer is not the model's: a text makes the token {max(beyond)}, and the model has "
            f"{text_config.vocab_size} (vocab_size in config.json)"
        )
    return tuple(tokens)


def read(
    model: LanguageModel, path: Path, tokens: Sequence[int], progress: Progress | None = None
) -> Reading:
    """Reads a text by a converted model and by PyTorch.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        tokens: of the text, no more than the caches hold.
        progress: told how far it is.

    Raises:
        UserError: the model's own code fails in PyTorch.
    """
    trial = Trial("a text", (Turn(1, len(tokens) - 1),))
    reference = reference_logits(model.checkpoint, tokens, list(trial.positions()), progress)
    chances: list[float] = []
    reference_chances: list[float] = []
    divergences: list[float] = []
    same = 0
    for position, made in enumerate(trial.run(Generator(path), tokens)):
        if progress is not None:
            progress("read a text", position / len(reference))
        p, q = log_probabilities(reference[position]), log_probabilities(made)
        token = tokens[position + 1]
        chances.append(float(q[token]))
        reference_chances.append(float(p[token]))
        divergences.append(float((np.exp(p) * (p - q)).sum()))
        same += int(made.argmax() == reference[position].argmax())
    count = len(chances)
    perplexity, reference_perplexity = (
        float(np.exp(-np.mean(each))) for each in (chances, reference_chances)
    )
    divergence = float(np.mean(divergences))
    return Reading(count, perplexity, reference_perplexity, divergence, same / count)
