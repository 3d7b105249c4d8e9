"""Low-rank adapters in the layout of `peft`, merged into a checkpoint as its tensors are read."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

import numpy as np

import litewright

from .loading import Checkpoint
from .weights import Source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_TENSORS = "adapter_model.safetensors"
_PREFIX = "base_model.model."
# Factors of linear layers, then those of embeddings, which peft stores the other way round.
_FACTORS = {
    ".lora_A.weight": ("a", False),
    ".lora_B.weight": ("b", False),
    ".lora_embedding_A": ("a", True),
    ".lora_embedding_B": ("b", True),
}
# Kinds of adapters that compute something else than a sum, by the key of their configuration.
_OTHER_KINDS = (
    "use_dora",
    "lora_bias",
    "layer_replication",
    "alora_invocation_tokens",
    "megatron_config",
)


@dataclass(frozen=True, slots=True, eq=False)
class MergedSource:
    """A matrix with its adapter: W + scale * B A, in float32 (Hu et al., 2021, section 4.1).

    Attributes:
        base: W, [out, in], or [in, out] if `transposed`.
        a: [rank, in].
        b: [out, rank].
        scale: of the product.
        transposed: whether W has its inputs first.
    """

    base: Source
    a: Source
    b: Source
    scale: float
    transposed: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Of W."""
        return tuple(self.base.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        return np.dtype(np.float32)

    def read(self) -> Array:
        """Reads the three matrices and merges them."""
        a, b = self.a.read().astype(np.float32), self.b.read().astype(np.float32)
        product = b @ a
        change = product.T if self.transposed else product
        return self.base.read().astype(np.float32) + np.float32(self.scale) * change


def with_adapter(checkpoint: Checkpoint, folder: str | os.PathLike[str]) -> Checkpoint:
    """A checkpoint whose matrices have an adapter merged into them; nothing but headers is read yet.

    Args:
        checkpoint: the model that the adapter was trained on.
        folder: holds `adapter_config.json` and `adapter_model.safetensors`, as `peft` writes them.

    Raises:
        UserError: there is no such adapter, it is of another kind than LoRA, or it does not fit the model (all
            names and shapes that do not are told).
        FormatError: the file of tensors is no sound safetensors file.
    """
    root = Path(folder)
    config = _config(root)
    factors, whole = _sorted_out(litewright.open_checkpoint(root / _TENSORS))
    fits = _Fits(checkpoint)
    merged = {
        name: _merged(name, pair, config, fits)
        for name, pair in factors.items()
        if fits.factors(name, pair, transposed=bool(config.get("fan_in_fan_out")) or _embeds(pair))
    }
    replaced = {name: source for name, source in whole.items() if fits.whole(name, source)}
    if fits.problems:
        told = [f"{root}: the adapter does not fit the model of {checkpoint.folder}:"]
        raise litewright.UserError("\n  ".join([*told, *fits.problems]))
    if not merged and not replaced:
        raise litewright.UserError(f"{root}: the adapter holds no tensors")
    return dataclasses.replace(checkpoint, weights={**checkpoint.weights, **merged, **replaced})


def _config(root: Path) -> dict[str, Any]:
    for name in ("adapter_config.json", _TENSORS):
        if not (root / name).is_file():
            raise litewright.UserError(f"{root}: no adapter here: there is no {name}")
    try:
        config: Any = json.loads((root / "adapter_config.json").read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{root / 'adapter_config.json'}: no JSON: {error}") from error
    config = cast("dict[str, Any]", config if isinstance(config, dict) else {})
    if config.get("peft_type") != "LORA":
        raise litewright.UserError(f"{root}: adapter_config.json has no peft_type LORA")
    other = [key for key in _OTHER_KINDS if config.get(key)]
    if other:
        raise litewright.UserError(f"{root}: adapters with {', '.join(other)} cannot be merged")
    if not isinstance(config.get("lora_alpha"), int | float):
        raise litewright.UserError(f"{root}: adapter_config.json has no number lora_alpha")
    return config


_Pair: TypeAlias = dict[str, tuple[Source, bool]]


def _sorted_out(stored: Mapping[str, Source]) -> tuple[dict[str, _Pair], dict[str, Source]]:
    """Factors by the parameter that they belong to, and parameters that were trained as a whole."""
    factors: dict[str, _Pair] = {}
    whole: dict[str, Source] = {}
    for key, source in stored.items():
        name = key.removeprefix(_PREFIX)
        ending = next((each for each in _FACTORS if name.endswith(each)), None)
        if ending is None:
            whole[name] = source
        else:
            factor, embeds = _FACTORS[ending]
            parameter = f"{name.removesuffix(ending)}.weight"
            factors.setdefault(parameter, {})[factor] = (source, embeds)
    return factors, whole


def _embeds(pair: _Pair) -> bool:
    return any(embeds for _, embeds in pair.values())


def _merged(name: str, pair: _Pair, config: Mapping[str, Any], fits: _Fits) -> MergedSource:
    a, b = pair["a"][0], pair["b"][0]
    embeds = _embeds(pair)
    # Embeddings are [vocabulary, width]: their inputs, the tokens, come first.
    transposed = embeds or bool(config.get("fan_in_fan_out"))
    scale = _scale(name.removesuffix(".weight"), int(a.shape[0]), config)
    return MergedSource(fits.weights[name], a, b, scale, transposed)


def _scale(module: str, rank: int, config: Mapping[str, Any]) -> float:
    """alpha / rank, or alpha / sqrt(rank) for rank-stabilised adapters (Kalajdzievski, 2023)."""
    alpha: float = config["lora_alpha"]
    patterns: dict[str, float] = config.get("alpha_pattern") or {}
    for pattern, other in patterns.items():
        # As peft matches it: the end of the module's path.
        if re.match(rf"(.*\.)?({pattern})$", module):
            alpha = other
            break
    return float(alpha) / (math.sqrt(rank) if config.get("use_rslora") else rank)


class _Fits:
    """Whether tensors of an adapter have a place in a model; what has none is kept, to be told at once.

    Attributes:
        weights: of the model.
        problems: one line for each tensor that does not fit.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.weights: Mapping[str, Source] = checkpoint.weights
        self.problems: list[str] = []
        self._shared: dict[str, list[str]] = {}
        by_parameter: dict[int, list[str]] = {}
        for name, value in checkpoint.model.named_parameters(remove_duplicate=False):
            by_parameter.setdefault(id(value), []).append(name)
        for group in by_parameter.values():
            self._shared.update({name: group for name in group if len(group) > 1})

    def factors(self, name: str, pair: _Pair, *, transposed: bool) -> bool:
        """Whether both factors are there, and their product has the shape of the parameter."""
        if not self._known(name):
            return False
        if set(pair) != {"a", "b"}:
            return self._refuse(f"{name}: of its factors only lora_{next(iter(pair)).upper()}")
        a, b = tuple(pair["a"][0].shape), tuple(pair["b"][0].shape)
        shape = tuple(self.weights[name].shape)
        inner = len(a) == len(b) == 2 and a[0] == b[1] and a[0] > 0
        product = (b[0], a[1]) if inner else None
        wanted = shape[::-1] if transposed else shape
        if product == wanted:
            return True
        return self._refuse(f"{name} is {list(shape)}, its factors are A {list(a)} and B {list(b)}")

    def whole(self, name: str, source: Source) -> bool:
        """Whether a tensor can stand for the parameter."""
        if not self._known(name):
            return False
        if tuple(source.shape) == tuple(self.weights[name].shape):
            return True
        here = list(self.weights[name].shape)
        return self._refuse(f"{name} is {here}, in the adapter {list(source.shape)}")

    def _known(self, name: str) -> bool:
        if name not in self.weights:
            return self._refuse(f"{name}: the model has no such parameter")
        others = [other for other in self._shared.get(name, []) if other != name]
        if others:
            return self._refuse(f"{name}: shared with {', '.join(others)}, which must not change")
        return True

    def _refuse(self, problem: str) -> bool:
        self.problems.append(problem)
        return False
