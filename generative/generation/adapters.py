"""Low-rank adapters in the layout of `peft`: read, and laid out as the inputs of a model that takes them.

A matrix W [out, in] that is adapted computes x W^T + (x A') B', with A' = s A^T [in, rank] and B' = B^T [rank, out]
(Hu et al., 2021, section 4.1, transposed). Inputs of zeros are no adapter; one of a smaller rank is filled with zeros.
"""

from __future__ import annotations

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

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Source: TypeAlias = Any
"""A lazy tensor: `shape`, `dtype` and `read()`."""

PREFIX = "lora_"
"""How the names of such inputs begin."""

TENSORS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"

_PEFT = "base_model.model."
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
_PROJECTIONS = {
    "q": ("q_proj", "query", "q_lin"),
    "k": ("k_proj", "key", "k_lin"),
    "v": ("v_proj", "value", "v_lin"),
    "o": ("o_proj", "out_proj", "dense"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """What an adapter adds to one parameter.

    Attributes:
        a: A [rank, in].
        b: B [out, rank].
        embeds: whether the parameter is a table, whose inputs are the tokens.
        scale: of the product, s.
    """

    a: Source
    b: Source
    embeds: bool
    scale: float


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """An adapter; nothing but headers has been read.

    Attributes:
        folder: where it lies.
        factors: by the parameter that they belong to.
        whole: parameters that were trained as a whole.
        halves: parameters of which one factor is missing, with the one that is there.
        transposed: whether matrices have their inputs first.
    """

    folder: Path
    factors: Mapping[str, Factors]
    whole: Mapping[str, Source]
    halves: Mapping[str, str]
    transposed: bool

    @property
    def rank(self) -> int:
        """The largest of all its matrices."""
        return max((int(each.a.shape[0]) for each in self.factors.values()), default=0)


def open_adapter(folder: str | os.PathLike[str]) -> Adapter:
    """Opens an adapter.

    Args:
        folder: holds `adapter_config.json` and `adapter_model.safetensors`, as `peft` writes them.

    Raises:
        UserError: there is no such adapter, or it is of another kind than LoRA.
        FormatError: the file of tensors is no sound safetensors file.
    """
    root = Path(folder)
    config = _config(root)
    pairs, whole = _sorted_out(litewright.open_checkpoint(root / TENSORS))
    factors: dict[str, Factors] = {}
    for name, pair in pairs.items():
        if set(pair) == {"a", "b"}:
            a, embeds = pair["a"]
            rank = max(int(a.shape[0]), 1) if a.shape else 1
            scale = _scale(name.removesuffix(".weight"), rank, config)
            factors[name] = Factors(a, pair["b"][0], embeds, scale)
    halves = {name: next(iter(pair)) for name, pair in pairs.items() if name not in factors}
    return Adapter(root, factors, whole, halves, bool(config.get("fan_in_fan_out")))


def input_names(module: str) -> tuple[str, str]:
    """What the inputs for A' and B' of a module are called.

    The projections of attention have the names that LiteRT-LM knows; other modules have their path in the name.

    Args:
        module: the path of a linear layer, as `model.layers.3.self_attn.q_proj`.
    """
    path = module.split(".")
    numbers = [part for part in path if part.isdigit()]
    is_attention = any("attn" in part or "attention" in part for part in path[:-1])
    for letter, endings in _PROJECTIONS.items():
        if is_attention and len(numbers) == 1 and path[-1] in endings:
            stem = f"{PREFIX}atten_{letter}_{{}}_prime_weight_{numbers[0]}"
            return stem.format("a"), stem.format("b")
    stem = f"{PREFIX}{'_'.join(path)}_{{}}_prime_weight"
    return stem.format("a"), stem.format("b")


def adapter_inputs(
    adapter: Adapter, wanted: Mapping[str, tuple[int, ...]], model: str
) -> dict[str, Array]:
    """The tensors of an adapter as a model takes them, those that it has nothing for among them.

    Args:
        adapter: of the same model.
        wanted: shapes of the model's inputs for adapters, by name.
        model: its name, for messages.

    Returns:
        A float32 array for each of `wanted`.

    Raises:
        UserError: the adapter was not made for the model, or holds what the model takes no inputs for; all of it
            is told.
    """
    if not wanted:
        raise litewright.UserError(
            f"{model} takes no adapters: export it with them as inputs (--lora-as-inputs)"
        )
    made = {name: np.zeros(shape, np.float32) for name, shape in wanted.items()}
    problems = [f"{name}: trained as a whole, which is no input" for name in adapter.whole]
    problems += [
        f"{name}: of its factors only lora_{x.upper()}" for name, x in adapter.halves.items()
    ]
    for parameter, factors in adapter.factors.items():
        names = input_names(parameter.removesuffix(".weight"))
        if factors.embeds or not wanted.keys() >= set(names):
            problems.append(f"{parameter}: the model takes no factors for it")
            continue
        a, b = tuple(factors.a.shape), tuple(factors.b.shape)
        here = wanted[names[0]], wanted[names[1]]
        if (a[1], b[0]) != (here[0][0], here[1][1]) or a[0] != b[1]:
            told = f"A {list(here[0][::-1])} and B {list(here[1][::-1])}"
            problems.append(f"{parameter}: factors are A {list(a)} and B {list(b)}, not {told}")
        elif a[0] > here[0][1]:
            problems.append(f"{parameter}: rank {a[0]}, the model takes at most {here[0][1]}")
        else:
            first = factors.a.read().astype(np.float32).T * np.float32(factors.scale)
            made[names[0]][:, : a[0]] = first
            made[names[1]][: a[0]] = factors.b.read().astype(np.float32).T
    if problems:
        told = [f"{adapter.folder}: the adapter does not fit {model}:", *problems]
        raise litewright.UserError("\n  ".join(told))
    return made


def _config(root: Path) -> dict[str, Any]:
    for name in (CONFIG, TENSORS):
        if not (root / name).is_file():
            raise litewright.UserError(f"{root}: no adapter here: there is no {name}")
    try:
        config: Any = json.loads((root / CONFIG).read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{root / CONFIG}: no JSON: {error}") from error
    config = cast("dict[str, Any]", config if isinstance(config, dict) else {})
    if config.get("peft_type") != "LORA":
        raise litewright.UserError(f"{root}: {CONFIG} has no peft_type LORA")
    other = [key for key in _OTHER_KINDS if config.get(key)]
    if other:
        raise litewright.UserError(f"{root}: adapters with {', '.join(other)} are not known here")
    if not isinstance(config.get("lora_alpha"), int | float):
        raise litewright.UserError(f"{root}: {CONFIG} has no number lora_alpha")
    return config


_Pair: TypeAlias = dict[str, tuple[Source, bool]]


def _sorted_out(stored: Mapping[str, Source]) -> tuple[dict[str, _Pair], dict[str, Source]]:
    """Factors by the parameter that they belong to, and parameters that were trained as a whole."""
    factors: dict[str, _Pair] = {}
    whole: dict[str, Source] = {}
    for key, source in stored.items():
        name = key.removeprefix(_PEFT)
        ending = next((each for each in _FACTORS if name.endswith(each)), None)
        if ending is None:
            whole[name] = source
        else:
            factor, embeds = _FACTORS[ending]
            parameter = f"{name.removesuffix(ending)}.weight"
            factors.setdefault(parameter, {})[factor] = (source, embeds)
    return factors, whole


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
