"""Sentence encoders of transformers: pooling inside the graph, a signature for each length."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

import litewright

from .library import AutoModel

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Pooling: TypeAlias = Literal["mean", "cls"]

ENCODE = "encode_{}"
TOLERANCE = 1e-3
"""How far float32 embeddings may be off, relative to the largest number of the reference."""

_MODES: dict[str, Pooling] = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
}


class Encoder(nn.Module):
    """Token states of an encoder, pooled to one vector for each text.

    Attributes:
        model: of transformers.
        pooling: the mean of the states where the mask is 1, or the state of the first token.
        normalised: whether vectors are scaled to length 1.
    """

    def __init__(self, model: nn.Module, pooling: Pooling, *, normalised: bool) -> None:
        super().__init__()
        self.model = model
        self.pooling = pooling
        self.normalised = normalised

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> dict[str, Tensor]:
        """Both int32 [batch, length] -> float32 [batch, width]."""
        states = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        if self.pooling == "cls":
            pooled = states[:, 0]
        else:
            weights = attention_mask.to(states.dtype)[..., None]
            pooled = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return {"embedding": functional.normalize(pooled, dim=1) if self.normalised else pooled}


@dataclass(frozen=True, slots=True, eq=False)
class SentenceEncoder:
    """A converted encoder.

    Attributes:
        edge: the model; one signature `encode_T` for each length.
        module: what was converted.
        lengths: tokens that the signatures take, ascending.
    """

    edge: litewright.EdgeModel
    module: Encoder
    lengths: tuple[int, ...]


def convert_encoder(
    folder: str | os.PathLike[str],
    *,
    lengths: Sequence[int] = (128,),
    pooling: Pooling | None = None,
    normalised: bool | None = None,
    **options: Any,
) -> SentenceEncoder:
    """Converts an encoder in Hugging Face layout, with its pooling; its weights are all in memory meanwhile.

    Signatures take `input_ids` and `attention_mask`, int32 [1, T], and return `embedding` float32 [1, width].
    They share one set of weights.

    Args:
        folder: holds `config.json` and safetensors files, and may be one of sentence-transformers.
        lengths: a signature for each.
        pooling: without, what `1_Pooling/config.json` says, or the mean if there is none.
        normalised: without, whether `modules.json` has a module that normalises; if there is none, True.
        options: those of `litewright.convert`: quant_config, target, passes, dump_ir, observers, progress.

    Raises:
        UserError: the folder, the lengths or the pooling cannot be used.
        ExportError: torch.export refused the model.
        UnsupportedError: the model holds ops that cannot be lowered.
    """
    root = Path(folder)
    if not (root / "config.json").is_file():
        raise litewright.UserError(f"{root}: no checkpoint here: there is no config.json")
    module = Encoder(
        _model(root),
        pooling or _pooling(root),
        normalised=_normalised(root) if normalised is None else normalised,
    ).eval()
    ascending = _lengths(lengths, module)
    converter: Any = litewright
    for length in ascending:
        inputs = {
            "input_ids": torch.zeros(1, length, dtype=torch.int32),
            "attention_mask": torch.ones(1, length, dtype=torch.int32),
        }
        converter = converter.signature(ENCODE.format(length), module, (), inputs)
    return SentenceEncoder(converter.convert(**options), module, ascending)


def check_encoder(encoder: SentenceEncoder) -> float:
    """Runs every signature, filled and half filled, beside PyTorch.

    Args:
        encoder: what was converted, in float32.

    Returns:
        The largest error, relative to the largest magnitude of PyTorch's embedding.

    Raises:
        UserError: it is more than `TOLERANCE`.
    """
    random = np.random.default_rng(0)
    called: Any = encoder.module.model
    errors: list[float] = []
    for length in encoder.lengths:
        for filled in {length, (length + 1) // 2}:
            ids = random.integers(0, called.config.vocab_size, (1, length)).astype(np.int32)
            mask = (np.arange(length) < filled).astype(np.int32)[None]
            with torch.no_grad():
                made = encoder.module(torch.as_tensor(ids), torch.as_tensor(mask))
            expected = made["embedding"].numpy()
            actual = _run(encoder.edge, ENCODE.format(length), ids, mask)
            errors.append(float(np.abs(actual - expected).max() / np.abs(expected).max()))
    worst = max(errors) if np.isfinite(errors).all() else float("inf")
    if worst > TOLERANCE:
        raise litewright.UserError(
            f"embeddings are off by {worst:.1e} from PyTorch's (allowed: {TOLERANCE:.0e})"
        )
    return worst


def _run(edge: litewright.EdgeModel, signature: str, ids: Array, mask: Array) -> Array:
    return np.asarray(edge(input_ids=ids, attention_mask=mask, signature_name=signature))


def _model(root: Path) -> nn.Module:
    try:
        model = AutoModel.from_pretrained(root, local_files_only=True, dtype=torch.float32)
    except (ValueError, KeyError, OSError, ImportError) as error:
        raise litewright.UserError(f"{root}: transformers cannot load it: {error}") from error
    return model.eval().requires_grad_(False)


def _pooling(root: Path) -> Pooling:
    file = root / "1_Pooling" / "config.json"
    if not file.is_file():
        return "mean"
    told: Any = _json(file)
    chosen = [name for name in told if name.startswith("pooling_mode_") and told[name] is True]
    if len(chosen) == 1 and chosen[0] in _MODES:
        return _MODES[chosen[0]]
    raise litewright.UserError(
        f"{file}: only the mean of tokens or the first can be pooled, not {', '.join(chosen) or told}"
    )


def _normalised(root: Path) -> bool:
    file = root / "modules.json"
    if not file.is_file():
        return True
    return any(str(each.get("type", "")).endswith(".Normalize") for each in _json(file))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error


def _lengths(lengths: Sequence[int], module: Encoder) -> tuple[int, ...]:
    ascending = tuple(sorted(set(lengths)))
    if not ascending or ascending[0] < 1:
        raise litewright.UserError(f"lengths must be positive, and at least one: {lengths}")
    called: Any = module.model
    positions = getattr(called.config, "max_position_embeddings", None)
    if positions is not None and ascending[-1] > positions:
        raise litewright.UserError(
            f"{ascending[-1]} tokens are more than the {positions} positions of the model"
        )
    return ascending
