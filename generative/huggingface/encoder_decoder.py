"""An encoder-decoder checkpoint to a model with encode, prefill and decode signatures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import litewright

from .crossing import PADDING, TOKENS, CrossStep, Encode, shapes_of, step_inputs
from .export import DECODE, PREFILL
from .hooks import hooked
from .lengths import checked_lengths
from .library import AutoFeatureExtractor, AutoModelForSeq2SeqLM, AutoModelForSpeechSeq2Seq
from .loading import Checkpoint, open_checkpoint
from .lora import with_adapter
from .relative_positions import buckets_from_tables

ENCODE = "encode_{}"

_ENCODER_LENGTH, _CACHE_LENGTH = 128, 512


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a checkpoint is to become.

    Attributes:
        checkpoint: its model and weights.
        sources: sample inputs of the encoder, by tokens or frames, ascending.
        cache_length: positions that the decoder's caches hold.
        prefill_lengths: tokens that each prefill takes, ascending.
    """

    checkpoint: Checkpoint
    sources: dict[int, dict[str, Tensor]]
    cache_length: int
    prefill_lengths: tuple[int, ...]

    @contextlib.contextmanager
    def signatures(self) -> Generator[Any]:
        """A converter with `decode`, each `encode_T` and each `prefill_T`, to be used while it is entered."""
        model, cache = self.checkpoint.model, self.cache_length
        longest = max(self.sources)
        has_mask = PADDING in self.sources[longest]
        with (
            hooked(model, max(cache, longest)),
            buckets_from_tables(model, cache, tuple(self.sources)),
        ):
            shapes = shapes_of(model, self.sources[longest])
            decode = CrossStep(model, with_logits=True)
            inputs = step_inputs(shapes, 1, cache, has_mask=has_mask)
            converter = litewright.signature(DECODE, decode, (), inputs)
            encode, prefill = Encode(model, shapes), CrossStep(model, with_logits=False)
            for length, inputs in self.sources.items():
                converter = converter.signature(ENCODE.format(length), encode, (), inputs)
            for length in self.prefill_lengths:
                inputs = step_inputs(shapes, length, cache, has_mask=has_mask)
                converter = converter.signature(PREFILL.format(length), prefill, (), inputs)
            yield converter


@dataclass(frozen=True, slots=True, eq=False)
class EncoderDecoderModel:
    """A converted encoder-decoder model.

    Attributes:
        plan: what it was made of, and how.
        edge: the model; one signature `encode_T` for each length, `decode`, and prefills if there are any.
    """

    plan: Plan
    edge: litewright.EdgeModel

    @property
    def checkpoint(self) -> Checkpoint:
        """What it was made of."""
        return self.plan.checkpoint

    @property
    def encoder_lengths(self) -> tuple[int, ...]:
        """Tokens, or frames of features, that each encoder signature takes, ascending."""
        return tuple(self.plan.sources)

    @property
    def cache_length(self) -> int:
        """Positions that the decoder's caches hold."""
        return self.plan.cache_length

    @property
    def prefill_lengths(self) -> tuple[int, ...]:
        """Tokens that each prefill takes, ascending; empty if the decoder takes prompts one by one."""
        return self.plan.prefill_lengths


def convert_encoder_decoder(
    folder: str | os.PathLike[str],
    *,
    encoder_lengths: Sequence[int] | None = None,
    cache_length: int | None = None,
    prefill_lengths: Sequence[int] = (),
    lora: str | os.PathLike[str] | None = None,
    **options: Any,
) -> EncoderDecoderModel:
    """Converts an encoder-decoder model in Hugging Face layout, from the code that transformers has for it.

    `encode_T` takes `input_ids` and `attention_mask`, int32 [1, T], or the features that the folder's feature
    extractor makes (`input_features`, float32). It returns what cross-attention sees, `cross_k_i` [1, KV, E, H] and
    `cross_v_i` [1, KV, H, E] of each decoder layer and `cross_mask` [1, 1, 1, E], padded to the longest encoder.
    `decode` and `prefill_T` take these as they are, beside `tokens` int32 [1, T], `input_pos` int32 [T],
    consecutive, `mask` float32 [1, 1, T, S], and `kv_cache_k_i` and `kv_cache_v_i`, which they return; `decode`
    returns `logits` float32 [1, 1, vocabulary]. Features have no `cross_mask`: all of them are seen.

    Args:
        folder: holds `config.json` and safetensors files; only one tensor at a time is in memory.
        encoder_lengths: an encoder signature for each; without, one of 128 tokens, or of as many as the model has
            positions if that is less. Features have one length, the extractor's.
        cache_length: S, positions that the decoder's caches hold; without, 512, or as many as the decoder has if
            that is less.
        prefill_lengths: a prefill signature for each, for models whose decoder is given more than a few tokens.
        lora: a folder with an adapter in the layout of `peft`, to be merged into the weights.
        options: those of `litewright.convert`: quant_config, target, passes, dump_ir, observers, progress.

    Raises:
        UserError: the checkpoint, the adapter or the lengths cannot be used.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
    """
    root = Path(folder)
    checkpoint = open_checkpoint(root, (AutoModelForSeq2SeqLM, AutoModelForSpeechSeq2Seq))
    if lora is not None:
        checkpoint = with_adapter(checkpoint, lora)
    model: Any = checkpoint.model
    sources = _sources(model, root, encoder_lengths)
    longest = max(sources)
    if sources[longest].keys() == {TOKENS, PADDING}:
        _check_positions(longest, model.get_encoder(), "encoder length")
    if cache_length is None:
        cache_length = min(_CACHE_LENGTH, _positions(model.get_decoder())[0])
    _check_positions(cache_length, model.get_decoder(), "cache length")
    plan = Plan(checkpoint, sources, cache_length, _prefills(prefill_lengths, cache_length))
    with plan.signatures() as converter:
        edge = converter.convert(weights=checkpoint.weights, **options)
    return EncoderDecoderModel(plan, edge)


def _sources(model: Any, root: Path, lengths: Sequence[int] | None) -> dict[int, dict[str, Tensor]]:
    """Sample inputs of the encoder by length, ascending."""
    if model.main_input_name != TOKENS:
        features = _features(model.main_input_name, root)
        frames = features.shape[-1]
        if lengths is not None and set(lengths) != {frames}:
            raise litewright.UserError(
                f"the encoder takes the {frames} frames that its feature extractor makes, and no other length: "
                f"{', '.join(map(str, lengths))}"
            )
        return {frames: {model.main_input_name: features}}
    longest = min(_ENCODER_LENGTH, _positions(model.get_encoder())[0])
    ascending = sorted({longest} if lengths is None else set(lengths))
    if not ascending or ascending[0] < 1:
        raise litewright.UserError(
            f"encoder lengths must be positive, and at least one: {tuple(lengths or ())}"
        )
    return {
        length: {
            TOKENS: torch.zeros(1, length, dtype=torch.int32),
            PADDING: torch.ones(1, length, dtype=torch.int32),
        }
        for length in ascending
    }


def _features(name: str, root: Path) -> Tensor:
    """What the folder's feature extractor makes of a second of silence."""
    try:
        extractor = AutoFeatureExtractor.from_pretrained(root, local_files_only=True)
        silence = torch.zeros(extractor.sampling_rate).numpy()
        made = extractor(silence, sampling_rate=extractor.sampling_rate, return_tensors="pt")
        return made[name].to(torch.float32)
    except (ValueError, KeyError, OSError, ImportError, AttributeError) as error:
        raise litewright.UserError(
            f"{root}: the model reads {name}, and its feature extractor (preprocessor_config.json) is needed to "
            f"know their shape: {error}"
        ) from error


def _positions(stack: nn.Module) -> tuple[int, str]:
    """How many positions an encoder or decoder has learned, and in which module; no bound if it has no table."""
    called: Any = stack
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    for name, module in modules:
        last = name.rsplit(".", 1)[-1]
        if isinstance(module, nn.Embedding) and "position" in last:
            # BART's tables begin with rows that are nobody's.
            return module.num_embeddings - int(getattr(module, "offset", 0)), last
    return torch.iinfo(torch.int32).max, ""


def _check_positions(length: int, stack: nn.Module, what: str) -> None:
    rows, name = _positions(stack)
    if not 0 < length <= rows:
        bound = (
            f" and at most the {rows} positions of {type(stack).__name__}.{name}" if name else ""
        )
        raise litewright.UserError(f"the {what} of {length} must be at least 1{bound}")


def _prefills(lengths: Sequence[int], cache_length: int) -> tuple[int, ...]:
    return checked_lengths(lengths, cache_length) if lengths else ()
