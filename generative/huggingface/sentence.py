"""Folders of sentence-transformers: which transformer, how its states are pooled, and what comes behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

import litewright

from .pooling import POOLINGS, Dense, Norm, Normalize, Pool, Pooling
from .weights import ArraySource, Source

MODULES = "modules.json"

_BINARY = "pytorch_model.bin"
_EMBEDDING = "sentence_embedding"
# Names of older releases, one switch each.
_SWITCHES: dict[str, Pooling] = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A sentence encoder as its folder describes it.

    Attributes:
        transformer: the folder of the checkpoint.
        pool: how states of tokens become a vector.
        stages: what the vector goes through then, in order; parameters on the meta device.
        weights: values of their parameters, as `0.linear.weight`.
    """

    transformer: Path
    pool: Pool
    stages: tuple[nn.Module, ...]
    weights: Mapping[str, Source] = field(default_factory=dict[str, Source])


def layout_of(root: Path) -> Layout:
    """Reads `modules.json` and the folders that it names.

    Without it the states are pooled as `1_Pooling/config.json` says, or to their mean, and scaled to length 1.

    Raises:
        UserError: a module is of another kind than Transformer, Pooling, Dense, LayerNorm, Normalize and Dropout,
            or is set to something that is not known here; all of them are named.
        FormatError: a file of tensors is damaged.
    """
    if not (root / MODULES).is_file():
        file = root / "1_Pooling" / "config.json"
        pool = Pool(*_poolings(file)) if file.is_file() else Pool("mean")
        return Layout(root, pool, (Normalize(),))
    told = _objects(root / MODULES)
    entries = [(_kind(each), root / str(each.get("path", ""))) for each in told]
    # Dropout does nothing outside training.
    unknown = [kind for kind, _ in entries if kind not in ("Transformer", "Pooling", *_STAGES)]
    if unknown:
        raise litewright.UserError(
            f"{root / MODULES}: modules of kind {', '.join(unknown)} are not known here; "
            f"Transformer, Pooling, {', '.join(_STAGES)} are"
        )
    kinds = [kind for kind, _ in entries]
    if kinds[:2] != ["Transformer", "Pooling"] or len(set(kinds[:2]) & set(kinds[2:])):
        raise litewright.UserError(
            f"{root / MODULES}: expected one Transformer, then one Pooling, then others; "
            f"found {', '.join(kinds) or 'nothing'}"
        )
    made = [_STAGES[kind](folder) for kind, folder in entries[2:]]
    stages = [each for each in made if each is not None]
    weights = {
        f"{index}.{name}": source
        for index, (_, tensors) in enumerate(stages)
        for name, source in tensors.items()
    }
    (_, transformer), (_, pooling) = entries[:2]
    pool = Pool(*_poolings(pooling / "config.json"))
    return Layout(transformer, pool, tuple(stage for stage, _ in stages), weights)


_Stage = tuple[nn.Module, dict[str, Source]]


def _dense(folder: Path) -> _Stage:
    config = _config(folder)
    sizes = _number(folder, "in_features"), _number(folder, "out_features")
    _check_places(folder, config)
    with torch.device("meta"):
        linear = nn.Linear(*sizes, bias=bool(config.get("bias", True)))
        residual: nn.Module | None = None
        if config.get("use_residual"):
            same = sizes[0] == sizes[1]
            residual = nn.Identity() if same else nn.Linear(*sizes, bias=False)
    module = Dense(linear, _activation(folder, config.get("activation_function")), residual)
    return module, _tensors(folder, module)


def _layer_norm(folder: Path) -> _Stage:
    with torch.device("meta"):
        module = Norm(_number(folder, "dimension"))
    return module, _tensors(folder, module)


def _normalize(folder: Path) -> _Stage:
    if (folder / "config.json").is_file():
        _check_places(folder, _config(folder))
    return Normalize(), {}


def _nothing(_: Path) -> None:
    return None


_STAGES: dict[str, Callable[[Path], _Stage | None]] = {
    "Dense": _dense,
    "LayerNorm": _layer_norm,
    "Normalize": _normalize,
    "Dropout": _nothing,
}


def _kind(entry: Any) -> str:
    return str(entry.get("type", "")).rpartition(".")[2]


def _check_places(folder: Path, config: Mapping[str, Any]) -> None:
    """What goes in and out is the vector, not the states of tokens."""
    for key in ("module_input_name", "module_output_name"):
        place = config.get(key) or _EMBEDDING
        if place != _EMBEDDING:
            raise litewright.UserError(
                f"{folder / 'config.json'}: {key} is {place!r}; only {_EMBEDDING!r} is known here"
            )


def _activation(folder: Path, name: str | None) -> nn.Module:
    """What `torch.nn.modules.activation.Tanh` and its like name."""
    if name is None:
        return nn.Tanh()
    kind: Any = getattr(nn, name.rpartition(".")[2], None)
    is_module = isinstance(kind, type) and issubclass(kind, nn.Module)
    if not name.startswith("torch.nn.") or not is_module:
        raise litewright.UserError(
            f"{folder / 'config.json'}: activation_function {name!r} is no module of torch.nn"
        )
    return kind()


def _tensors(folder: Path, module: nn.Module) -> dict[str, Source]:
    """The tensors of a folder, which must be those of a module."""
    binary = folder / _BINARY
    stored: Mapping[str, Source]
    if binary.is_file() and not (folder / "model.safetensors").is_file():
        stored = _binary(binary)
    else:
        stored = litewright.open_checkpoint(folder)
    wanted = {name: tuple(each.shape) for name, each in module.named_parameters()}
    found = {name: tuple(each.shape) for name, each in stored.items()}
    if found != wanted:
        raise litewright.UserError(
            f"{folder}: config.json asks for tensors {_told(wanted)}, the file holds {_told(found)}"
        )
    return dict(stored)


def _told(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in sorted(shapes.items()))


def _binary(file: Path) -> dict[str, Source]:
    """Tensors of one small layer; nothing else in the file is run."""
    try:
        loaded: Any = torch.load(file, map_location="cpu", weights_only=True)
        return {
            str(name): ArraySource(each.detach().float().numpy()) for name, each in loaded.items()
        }
    except Exception as error:  # unpicklers raise whatever comes to them
        raise litewright.FormatError(f"{file}: no sound file of tensors: {error}") from error


def _poolings(file: Path) -> tuple[Pooling, ...]:
    told = _config(file.parent)
    if told.get("include_prompt") is False:
        raise litewright.UserError(
            f"{file}: include_prompt is false: prompts cannot be left out of the pooling"
        )
    if "pooling_mode" in told:
        given: Any = told["pooling_mode"]
        chosen: list[Any] = [given] if isinstance(given, str) else list(given)
    else:
        switches = [
            name for name in told if name.startswith("pooling_mode_") and told[name] is True
        ]
        chosen = [_SWITCHES.get(name, name) for name in switches] or ["mean"]
    unknown = [str(each) for each in chosen if each not in POOLINGS]
    if unknown:
        raise litewright.UserError(
            f"{file}: tokens cannot be pooled by {', '.join(unknown)}, only by {', '.join(POOLINGS)}"
        )
    # sentence-transformers has this order, whatever that of the file.
    is_switched = "pooling_mode" not in told
    return tuple(each for each in POOLINGS if each in chosen) if is_switched else tuple(chosen)


def _config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    if not file.is_file():
        raise litewright.UserError(f"{folder}: there is no config.json, which {MODULES} asks for")
    told = _json(file)
    if not isinstance(told, dict):
        raise litewright.UserError(f"{file}: expected a JSON object")
    return cast("dict[str, Any]", told)


def _number(folder: Path, key: str) -> int:
    number: object = _config(folder).get(key)
    if not isinstance(number, int) or number < 1:
        raise litewright.UserError(
            f"{folder / 'config.json'}: {key} must be a positive number, not {number!r}"
        )
    return number


def _objects(file: Path) -> list[dict[str, Any]]:
    told = _json(file)
    entries: list[Any] = cast("list[Any]", told) if isinstance(told, list) else [None]
    if not all(isinstance(each, dict) for each in entries):
        raise litewright.UserError(f"{file}: expected a list of JSON objects")
    return entries


def _json(file: Path) -> object:
    try:
        return json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise litewright.UserError(f"{file}: no JSON: {error}") from error
