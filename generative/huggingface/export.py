"""A checkpoint to a model with prefill and decode signatures."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import litewright

from .adapter_inputs import AdaptedStep, AdapterInputs, Slot, adapted, samples_of, slots_for
from .calibration import step_samples, token_samples
from .descriptions import configuration_of
from .hooks import hooked
from .lengths import check_positions, checked_lengths, ring_length
from .loading import Checkpoint, open_checkpoint
from .lora import with_adapter
from .steps import Step, cache_shapes, sample_inputs

DECODE = "decode"
PREFILL = "prefill_{}"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a checkpoint is to become.

    Attributes:
        checkpoint: its model and weights.
        cache_length: positions that the caches hold.
        prefill_lengths: tokens that each prefill takes, ascending.
        prefill_logits: whether prefill returns logits too.
        ring_length: positions that layers with a sliding window hold, which begin anew at their end; 0 if these
            layers are as all others.
    """

    checkpoint: Checkpoint
    cache_length: int
    prefill_lengths: tuple[int, ...]
    prefill_logits: bool = False
    ring_length: int = 0
    slots: tuple[Slot, ...] = ()

    @contextlib.contextmanager
    def signatures(self) -> Generator[Any]:
        """A converter with `decode` and each `prefill_T`, to be used while it is entered."""
        model = self.checkpoint.model
        lengths, ring = (self.cache_length, self.ring_length), self.ring_length
        kind = AdaptedStep if self.slots else Step
        adapters = samples_of(self.slots)
        with hooked(model, self.cache_length), adapted(model, self.slots):
            step = kind(model, with_logits=True, ring_length=ring)
            inputs = {**sample_inputs(model, 1, *lengths), **adapters}
            converter = litewright.signature(DECODE, step, (), inputs)
            prefill = kind(model, with_logits=self.prefill_logits, ring_length=ring)
            for length in self.prefill_lengths:
                inputs = {**sample_inputs(model, length, *lengths), **adapters}
                converter = converter.signature(PREFILL.format(length), prefill, (), inputs)
            yield converter

    def calibration_data(self, texts: Iterable[Sequence[int]]) -> dict[str, Any]:
        """Samples of the longest prefill, and of decoding; to be called while `signatures` is entered."""
        model, ring, length = self.checkpoint.model, self.ring_length, self.prefill_lengths[-1]
        adapters, kept = samples_of(self.slots), list(texts)
        many = {**sample_inputs(model, length, self.cache_length, ring), **adapters}
        one = {**sample_inputs(model, 1, self.cache_length, ring), **adapters}
        return {PREFILL.format(length): token_samples(many, kept), DECODE: step_samples(one, kept)}


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """A converted language model.

    Attributes:
        plan: what it was made of, and how.
        edge: the model; one signature `prefill_T` for each length, and `decode`.
    """

    plan: Plan
    edge: litewright.EdgeModel

    @property
    def checkpoint(self) -> Checkpoint:
        """What it was made of."""
        return self.plan.checkpoint

    @property
    def cache_length(self) -> int:
        """Positions that the caches hold, and with them tokens of a conversation."""
        return self.plan.cache_length

    @property
    def prefill_lengths(self) -> tuple[int, ...]:
        """Tokens that each prefill takes, ascending."""
        return self.plan.prefill_lengths

    @property
    def rings(self) -> tuple[int, ...]:
        """Positions of caches that begin anew at their end, ascending."""
        return (self.plan.ring_length,) if self.plan.ring_length else ()


def convert_checkpoint(
    folder: str | os.PathLike[str],
    *,
    prefill_lengths: Sequence[int] = (128,),
    cache_length: int = 1280,
    prefill_logits: bool = False,
    ring: bool = False,
    lora: str | os.PathLike[str] | None = None,
    lora_inputs: AdapterInputs | str | os.PathLike[str] | None = None,
    calibration_tokens: Iterable[Sequence[int]] | None = None,
    **options: Any,
) -> LanguageModel:
    """Converts a causal language model in Hugging Face layout, from the code that transformers has for it.

    Signatures take `tokens` int32 [1, T], `input_pos` int32 [T], consecutive, `mask` float32
    [1, 1, T, S], added to the scores (0 where a key is visible, about -2.4e38 where it is not), and
    `kv_cache_k_i` [1, KV, S, H] and `kv_cache_v_i` [1, KV, H, S] of each layer; they return the caches under
    the same names, and `decode` `logits` float32 [1, 1, vocabulary]. LiteRT-LM calls them so.

    Args:
        folder: holds `config.json` and safetensors files; only one tensor at a time is in memory.
        prefill_lengths: a prefill signature for each.
        cache_length: S, positions that the caches hold.
        prefill_logits: whether prefill returns logits [1, T, vocabulary] too.
        ring: whether layers with a sliding window hold no more than it and a prefill, S' positions in place of S:
            position p lies at p mod S'.
        lora: a folder with an adapter in the layout of `peft`, to be merged into the weights.
        lora_inputs: matrices that take adapters as inputs of all signatures, A' [in, rank] and B' [rank, out] (see
            `litewright.generative.generation.adapters`); zeros are the model itself. A folder with an adapter
            stands for the matrices and the rank that it has.
        calibration_tokens: texts as tokens, for recipes that look at values.
        options: those of `litewright.convert`: quant_config, target, passes, dump_ir, observers, progress.

    Raises:
        UserError: the checkpoint, the adapter or the lengths cannot be used.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
    """
    lengths = checked_lengths(prefill_lengths, cache_length)
    checkpoint = open_checkpoint(folder)
    _tell_what_is_left_out(checkpoint)
    check_positions(checkpoint.model, cache_length)
    if lora is not None:
        checkpoint = with_adapter(checkpoint, lora)
    slots = _ring_length(checkpoint, lengths, cache_length) if ring else 0
    adapters = slots_for(checkpoint, lora_inputs) if lora_inputs is not None else ()
    plan = Plan(checkpoint, cache_length, lengths, prefill_logits, slots, adapters)
    with plan.signatures() as converter:
        if calibration_tokens is not None:
            options["calibration_data"] = plan.calibration_data(calibration_tokens)
        edge = converter.convert(weights=checkpoint.weights, **options)
    return LanguageModel(plan, edge)


def _tell_what_is_left_out(checkpoint: Checkpoint) -> None:
    """Warns of a model that also sees or hears, of which only text is captured."""
    # Of some (Llama 4), transformers builds a model that has the configuration of text alone.
    config = configuration_of(checkpoint.folder)
    senses = [
        name.removesuffix("_config")
        for name in sorted(config.sub_configs)
        if name in {"vision_config", "audio_config"} and getattr(config, name, None)
    ]
    if senses:
        warnings.warn(
            f"{config.model_type} is exported for text alone, without its {' and '.join(senses)}",
            stacklevel=3,
        )


def _ring_length(checkpoint: Checkpoint, lengths: tuple[int, ...], cache_length: int) -> int:
    with hooked(checkpoint.model, cache_length):
        windows = [each.window for each in cache_shapes(checkpoint.model).values()]
    return ring_length(windows, lengths[-1], cache_length)
