"""That a converted encoder-decoder model says what PyTorch says of the same sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..generation.seq2seq import Seq2SeqGenerator
from .at_hand import parameters_at_hand
from .crossing import PADDING, TOKENS
from .eager import eager_attention, run_eagerly
from .encoder_decoder import EncoderDecoderModel
from .proof import Outcome, Proof, outcome_of
from .reference import Progress
from .trials import Trial, Turn, trials_of
from .weights import Array

_GREEDY, _TAIL = 12, 5


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Something to read.

    Attributes:
        name: for messages.
        content: tokens [1, T], as many as there are, or features; as the model in PyTorch takes them.
    """

    name: str
    content: Array


@dataclass(frozen=True, slots=True, eq=False)
class SourceTrial(Trial):
    """One way through the signatures of a decoder, along what is written about a source.

    Attributes:
        source: is read first.
        text: is written.
    """

    source: Source
    text: tuple[int, ...]

    def run(self, generator: Any, text: Sequence[int] = ()) -> Iterator[Array]:
        """The logits [vocabulary] at each of its positions; of its own text, whatever else is given."""
        del text
        generator.encode(self.source.content)
        return Trial(self.name, self.turns).run(generator, self.text)


def prove_encoder_decoder(
    model: EncoderDecoderModel, path: Path, *, progress: Progress | None = None
) -> Proof:
    """Runs a converted model on sources and compares its logits with PyTorch's.

    Tried are: each encoder filled and half filled, after a longer source was read, with a greedy answer to each; and
    about the first source prefills filled and half filled, several chunks, and a text that fills the cache to its
    last position.

    Args:
        model: what was converted.
        path: the .tflite that was written of it.
        progress: told how far it is.

    Raises:
        UserError: the model's own code fails in PyTorch.
    """
    runner = Seq2SeqGenerator(path)
    config: Any = model.checkpoint.config
    decoder = config.get_text_config(decoder=True)
    random = np.random.default_rng(0)
    sources = list(_sources(model, int(config.vocab_size), random))
    start = start_token(config)
    outcomes: list[Outcome] = []
    with parameters_at_hand(model.checkpoint):
        for index, source in enumerate(sources):
            if progress is not None:
                progress("compare with PyTorch", index / len(sources))
            runner.encode(source.content)
            limit = min(_GREEDY, model.cache_length - 1)
            answer = list(runner.generate([start], limit=limit))
            others = random.integers(0, int(decoder.vocab_size), model.cache_length).tolist()
            text = (start, *answer, *others)[: model.cache_length]
            expected = _reference(model, source, text)
            for trial in _trials(model, source, text, len(answer), is_first=not index):
                made = np.stack(list(trial.run(runner)))
                greedy = answer if trial.turns == (Turn(1, len(answer)),) else None
                outcomes.append(outcome_of(trial, made, expected[list(trial.positions())], greedy))
    return Proof(tuple(outcomes), ())


def start_token(config: Any) -> int:
    """The token that a decoder is given first, by the configuration of a model."""
    names = ("decoder_start_token_id", "bos_token_id", "pad_token_id")
    found = (getattr(config, name, None) for name in names)
    return int(next((each for each in found if each is not None), 0))


def _sources(
    model: EncoderDecoderModel, vocabulary: int, random: np.random.Generator
) -> Iterator[Source]:
    """The longest first: what it leaves behind must not be seen with a shorter one."""
    for length, inputs in reversed(model.plan.sources.items()):
        if TOKENS not in inputs:
            (sample,) = inputs.values()
            for number in (1, 2):
                features = random.normal(size=sample.shape).astype(np.float32)
                yield Source(f"features {number}", features)
            return
        for filled, told in ((length, "filled"), ((length + 1) // 2, "half filled")):
            tokens = random.integers(0, vocabulary, (1, filled))
            yield Source(f"encoder of {length}, {told}", tokens)


def _trials(
    model: EncoderDecoderModel,
    source: Source,
    text: tuple[int, ...],
    answered: int,
    *,
    is_first: bool,
) -> list[SourceTrial]:
    greedy, cache = Turn(1, answered), model.cache_length
    steps = min(_TAIL, cache)
    end = Trial("to the end of the cache", (Turn(cache - steps + 1, steps),))
    trials = [Trial("a greedy answer", (greedy,))]
    if is_first and model.prefill_lengths:
        trials = trials_of(model.prefill_lengths, cache, [greedy], ())
    elif is_first:
        trials.append(end)
    return [SourceTrial(f"{source.name}: {each.name}", each.turns, source, text) for each in trials]


def _reference(model: EncoderDecoderModel, source: Source, text: Sequence[int]) -> Array:
    """Logits [text, vocabulary] of the model's own code in eager PyTorch, float32, without a cache."""
    content, tokens = torch.as_tensor(source.content), torch.tensor([list(text)])
    # Without masks, some models take tokens that look like padding for padding.
    seen = {"decoder_attention_mask": torch.ones_like(tokens)}
    if TOKENS in model.plan.sources[model.encoder_lengths[0]]:
        seen[PADDING] = torch.ones_like(content)
    reference = model.checkpoint.model
    with eager_attention(reference):
        made = run_eagerly(reference, content, decoder_input_ids=tokens, use_cache=False, **seen)
    return made.logits[0].numpy()
