"""Encoders of transformers: sentence embeddings, or the logits of a head; a signature for each length."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

import litewright

from .library import auto_class
from .loading import Checkpoint, model_without_values, with_values
from .pooling import Normalize, Pool, Pooling
from .sentence import layout_of
from .tasks import EMBED, EMBEDDING, Task, task_of
from .weights import Source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

ENCODE = "encode_{}"
INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS = "input_ids", "attention_mask", "token_type_ids"

_RANDOM_TEXTS = 8


class Encoder(nn.Module):
    """Token states of an encoder, pooled to one vector for each text.

    Attributes:
        model: of transformers.
        pool: makes one vector of the states of all tokens.
        stages: what that goes through then, in order.
        config: of the model.
    """

    def __init__(self, model: nn.Module, pool: Pool, stages: Sequence[nn.Module]) -> None:
        super().__init__()
        called: Any = model
        self.model = model
        self.pool = pool
        self.stages = nn.ModuleList(stages)
        self.config: Any = called.config

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """Both int32 [batch, length] -> `embedding` float32 [batch, width]."""
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = self.pool(states, attention_mask)
        for stage in self.stages:
            pooled = stage(pooled)
        return {EMBEDDING: pooled}


class Head(nn.Module):
    """An encoder with the head that it was trained with.

    Attributes:
        model: of transformers.
        outputs: names of what it returns.
        config: of the model.
    """

    def __init__(self, model: nn.Module, outputs: tuple[str, ...]) -> None:
        super().__init__()
        called: Any = model
        self.model = model
        self.outputs = outputs
        self.config: Any = called.config

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> dict[str, Tensor]:
        """All int32 [batch, length] -> float32 [batch, labels], or [batch, length, ...] of token by token."""
        inputs = {INPUT_IDS: input_ids, ATTENTION_MASK: attention_mask}
        if token_type_ids is not None:
            inputs[TOKEN_TYPE_IDS] = token_type_ids
        made = self.model(**inputs)
        return {name: made[name] for name in self.outputs}


@dataclass(frozen=True, slots=True, eq=False)
class EncoderModel:
    """A converted encoder.

    Attributes:
        edge: the model; one signature `encode_T` for each length.
        checkpoint: what was converted: its model is an `Encoder` or a `Head`.
        task: what it is for.
        lengths: tokens that the signatures take, ascending.
        batch: texts that they take at once.
        inputs: names of what they take.
    """

    edge: litewright.EdgeModel
    checkpoint: Checkpoint
    task: Task
    lengths: tuple[int, ...]
    batch: int
    inputs: tuple[str, ...]

    @property
    def config(self) -> Any:
        """The configuration of the model, of transformers."""
        return self.checkpoint.config


def convert_encoder(
    folder: str | os.PathLike[str],
    *,
    lengths: Sequence[int] = (128,),
    batch: int = 1,
    task: str | None = None,
    pooling: Pooling | None = None,
    normalised: bool | None = None,
    texts: Sequence[Sequence[int]] = (),
    **options: Any,
) -> EncoderModel:
    """Converts an encoder in Hugging Face layout; only one tensor at a time is in memory.

    Signatures `encode_T` take `input_ids` and `attention_mask`, int32 [B, T], and `token_type_ids` where a head takes
    pairs of texts and the model knows two kinds of tokens. They share one set of weights, and return

    * `embedding` float32 [B, width], pooled in the graph, of sentence encoders and models without a head;
    * `logits` float32 [B, T, vocabulary] for `fill-mask`, [B, T, labels] for `token-classification` and [B, labels]
      for `text-classification`;
    * `start_logits` and `end_logits` float32 [B, T] for `question-answering`.

    Args:
        folder: holds `config.json` and safetensors files, and may be one of sentence-transformers.
        lengths: a signature for each.
        batch: B, texts that go in at once.
        task: one of the names above, or `feature-extraction`; without, what `modules.json` or the architecture says.
        pooling: without, what the folder says, or the mean if it says nothing.
        normalised: whether embeddings are scaled to length 1; without, what the folder says, or True if it says
            nothing.
        texts: tokens, which recipes that want data are calibrated with; the longest signature is run on them. Without,
            recipes that only equalise channels see random ones, in which the same channels are large.
        options: those of `litewright.convert`: quant_config, target, passes, dump_ir, observers, progress.

    Raises:
        UserError: the folder, the lengths, the task or the pooling cannot be used.
        FormatError: a file of tensors is damaged.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
    """
    root = Path(folder)
    chosen = task_of(root, task)
    if chosen is EMBED:
        checkpoint = _embedding(root, pooling, normalised=normalised)
    elif pooling is not None or normalised is not None:
        raise litewright.UserError(
            f"{root}: nothing is pooled for {chosen.name}: leave pooling and normalised out, or name the task "
            f"{EMBED.name}"
        )
    else:
        opened = with_values(model_without_values(root, (auto_class(chosen.model),)), root)
        checkpoint = _wrapped(opened, Head(opened.model, chosen.outputs))
    if batch < 1:
        raise litewright.UserError(f"a batch of {batch} texts: at least one must go in")
    ascending = _lengths(lengths, checkpoint)
    inputs = _inputs(checkpoint, chosen)
    converter: Any = litewright
    for length in ascending:
        samples = {name: torch.ones(batch, length, dtype=torch.int32) for name in inputs}
        converter = converter.signature(ENCODE.format(length), checkpoint.model, (), samples)
    quant_config = options.get("quant_config")
    if quant_config is not None:
        texts = texts or _random_texts(quant_config, checkpoint.config.vocab_size, ascending[-1])
    if quant_config is not None and texts:
        made = _calibration(checkpoint, inputs, texts, (batch, ascending[-1]))
        options["calibration_data"] = {ENCODE.format(ascending[-1]): made}
    edge = converter.convert(weights=checkpoint.weights, **options)
    return EncoderModel(edge, checkpoint, chosen, ascending, batch, inputs)


def padded(
    texts: Sequence[Sequence[int]],
    length: int,
    *,
    padding: int = 0,
    begins: Sequence[int] | None = None,
) -> dict[str, Array]:
    """Texts as a signature takes them: arrays by name, int32 [len(texts), length] each, padded at the end.

    Args:
        texts: tokens; what is longer is cut.
        length: of the signature.
        padding: the number of the token that pads.
        begins: where the second text of each pair begins; without, none has one.
    """
    ids = np.full((len(texts), length), padding, np.int32)
    counts = np.array([min(len(text), length) for text in texts])
    for row, text in enumerate(texts):
        ids[row, : counts[row]] = text[:length]
    places = np.arange(length)[None]
    shown = (places < counts[:, None]).astype(np.int32)
    starts = np.array(begins if begins is not None else [length] * len(texts))
    kinds = (places >= starts[:, None]).astype(np.int32) * shown
    return {INPUT_IDS: ids, ATTENTION_MASK: shown, TOKEN_TYPE_IDS: kinds}


def _random_texts(quant_config: Any, vocabulary: int, length: int) -> list[list[int]]:
    """Texts that fill a signature, for a recipe that they will do for; none for others."""
    if not litewright.quantize.recipe_of(quant_config).is_content_with_noise:
        return []
    random = np.random.default_rng(0)
    return random.integers(0, vocabulary, (_RANDOM_TEXTS, length)).tolist()


def _calibration(
    checkpoint: Checkpoint,
    inputs: tuple[str, ...],
    texts: Sequence[Sequence[int]],
    shape: tuple[int, int],
) -> list[dict[str, Array]]:
    """Samples of a signature that takes `shape`; the last is filled up with texts from the beginning."""
    batch, length = shape
    padding = getattr(checkpoint.config, "pad_token_id", None) or 0
    samples: list[dict[str, Array]] = []
    for at in range(0, len(texts), batch):
        chosen = [texts[(at + row) % len(texts)] for row in range(batch)]
        made = padded(chosen, length, padding=padding)
        samples.append({name: made[name] for name in inputs})
    return samples


def _embedding(root: Path, pooling: Pooling | None, *, normalised: bool | None) -> Checkpoint:
    layout = layout_of(root)
    stages = [*layout.stages]
    if normalised is not None:
        while stages and isinstance(stages[-1], Normalize):
            stages.pop()
        stages += [Normalize()] if normalised else []
    opened = _without_head(layout.transformer)
    pool = layout.pool if pooling is None else Pool(pooling)
    module = Encoder(opened.model, pool, stages)
    return _wrapped(
        opened, module, {f"stages.{name}": each for name, each in layout.weights.items()}
    )


def _without_head(root: Path) -> Checkpoint:
    """The model whose states of tokens are pooled."""
    # Of models that have an encoder and a decoder, this is the encoder.
    kinds = auto_class("AutoModelForTextEncoding"), auto_class("AutoModel")
    model: Any = model_without_values(root, kinds)
    # What heads make of the first token: many checkpoints have no values for it, and no embedding is made of it.
    if getattr(model, "pooler", None) is not None:
        model.pooler = None
    # Models of text alone, which embed by their last token, would return the caches too.
    model.config.use_cache = False
    return with_values(model, root)


def _wrapped(
    opened: Checkpoint, module: nn.Module, others: Mapping[str, Source] | None = None
) -> Checkpoint:
    weights = {f"model.{name}": source for name, source in opened.weights.items()}
    module.eval().requires_grad_(False)
    return Checkpoint(opened.folder, module, {**weights, **(others or {})})


def _inputs(checkpoint: Checkpoint, task: Task) -> tuple[str, ...]:
    kinds = getattr(checkpoint.config, "type_vocab_size", 0) or 0
    both = INPUT_IDS, ATTENTION_MASK
    return (*both, TOKEN_TYPE_IDS) if task.takes_pairs and kinds > 1 else both


def _lengths(lengths: Sequence[int], checkpoint: Checkpoint) -> tuple[int, ...]:
    ascending = tuple(sorted(set(lengths)))
    if not ascending or ascending[0] < 1:
        told = ", ".join(map(str, lengths)) or "none"
        raise litewright.UserError(f"lengths must be positive, and at least one; given: {told}")
    positions = getattr(checkpoint.config, "max_position_embeddings", None)
    if positions is None:
        return ascending
    # RoBERTa and its like number positions from behind that of padding.
    table = _position_table(checkpoint.model)
    known = positions if table is None else positions - 1 - table
    if ascending[-1] > known:
        raise litewright.UserError(
            f"{ascending[-1]} tokens are more than the {known} positions of the model: give shorter lengths"
        )
    return ascending


def _position_table(model: nn.Module) -> int | None:
    """The number of padding in a table of positions that has one."""
    called: Any = model
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    for name, module in modules:
        if isinstance(module, nn.Embedding) and name.endswith("position_embeddings"):
            return module.padding_idx
    return None
