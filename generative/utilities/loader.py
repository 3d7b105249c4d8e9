"""Checkpoints of others under the names of re-authored models."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

import litewright

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Source: TypeAlias = Any
"""A lazy tensor: `shape`, `dtype` and `read()`."""

_TOLD = 8
_BLOCK = "transformer_blocks.{}."
# Where our layers keep what a template names.
_PLACES = {
    "embedding": "tok_embedding",
    "final_norm": "final_norm",
    "lm_head": "lm_head",
    "pre_attn_norm": f"{_BLOCK}pre_atten_norm",
    "post_attn_norm": f"{_BLOCK}post_atten_norm",
    "pre_ff_norm": f"{_BLOCK}pre_ff_norm",
    "post_ff_norm": f"{_BLOCK}post_ff_norm",
    "attn_query_proj": f"{_BLOCK}atten_func.q_projection",
    "attn_key_proj": f"{_BLOCK}atten_func.k_projection",
    "attn_value_proj": f"{_BLOCK}atten_func.v_projection",
    "attn_output_proj": f"{_BLOCK}atten_func.output_projection",
    "attn_query_norm": f"{_BLOCK}atten_func.query_norm",
    "attn_key_norm": f"{_BLOCK}atten_func.key_norm",
    "ff_up_proj": f"{_BLOCK}ff.w1",
    "ff_down_proj": f"{_BLOCK}ff.w2",
    "ff_gate_proj": f"{_BLOCK}ff.w3",
    "ff_router": f"{_BLOCK}ff.router",
}
_QKV = ("attn_query_proj", "attn_key_proj", "attn_value_proj")
_KINDS = ("weight", "bias")


@dataclass(frozen=True, slots=True, eq=False)
class PartSource:
    """Rows of a tensor: one of several projections that a checkpoint keeps as one.

    Attributes:
        whole: what they are rows of.
        begin: the first.
        end: the one behind the last.
    """

    whole: Source = field(repr=False)
    begin: int
    end: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return (self.end - self.begin, *self.whole.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its element type."""
        return self.whole.dtype

    def read(self) -> Array:
        """Its values."""
        return self.whole.read()[self.begin : self.end]


class ModelLoader:
    """Finds the tensors of a checkpoint for a model made of `litewright.generative.layers`.

    The model keeps its parts under these names: `tok_embedding`, `transformer_blocks`, `final_norm`,
    `lm_head`.
    """

    @dataclass(frozen=True, slots=True)
    class TensorNames:
        """Names of a checkpoint's modules; `{}` is the number of the layer. What is absent is None.

        In the names of a mixture's networks (`ff_up_proj`, ...) a second `{}` is the number of the expert.
        `attn_fused_qkv_proj` is one projection to queries, keys and values, one behind the other.
        """

        attn_query_proj: str | None = None
        attn_key_proj: str | None = None
        attn_value_proj: str | None = None
        attn_fused_qkv_proj: str | None = None
        attn_output_proj: str | None = None
        attn_query_norm: str | None = None
        attn_key_norm: str | None = None
        ff_up_proj: str | None = None
        ff_down_proj: str | None = None
        ff_gate_proj: str | None = None
        ff_router: str | None = None
        pre_attn_norm: str | None = None
        post_attn_norm: str | None = None
        pre_ff_norm: str | None = None
        post_ff_norm: str | None = None
        embedding: str | None = None
        final_norm: str | None = None
        lm_head: str | None = None

    def __init__(self, file_name: str | os.PathLike[str], names: TensorNames) -> None:
        """Opens a checkpoint.

        Args:
            file_name: a folder in Hugging Face layout or a .safetensors file.
            names: what its modules are called.

        Raises:
            UserError: there is no checkpoint, or a shard is missing.
            FormatError: a file is no sound safetensors file.
        """
        self._path = os.fspath(file_name)
        self._names = names
        self._stored: Mapping[str, Source] = litewright.open_checkpoint(self._path)

    def weights(self, model: nn.Module, *, strict: bool = True) -> dict[str, Source]:
        """Lazy tensors by the names of the model's parameters, for `convert(weights=...)`.

        Args:
            model: its parameters may be on the meta device.
            strict: whether tensors of the checkpoint that the model has no use for are an error.

        Raises:
            UserError: tensors are missing, unused, or of another shape; all of them are named.
        """
        wanted: dict[str, Tensor] = dict(model.named_parameters(remove_duplicate=False))
        found: dict[str, Source] = {}
        used: set[str] = set()
        for theirs, ours in self._pairs(wanted):
            if theirs in self._stored and ours in wanted:
                found[ours] = self._stored[theirs]
                used.add(theirs)
        self._split(wanted, found, used)
        _share(wanted, found)
        unused = sorted(set(self._stored) - used) if strict else []
        self._check(wanted, found, unused)
        return found

    def load(self, model: nn.Module, *, strict: bool = True) -> None:
        """Reads the tensors into the parameters of a model; see `weights` for the errors."""
        parameters: dict[str, nn.Parameter] = dict(model.named_parameters(remove_duplicate=False))
        with torch.no_grad():
            for name, source in self.weights(model, strict=strict).items():
                parameters[name].copy_(torch.as_tensor(source.read().astype(np.float32)))

    def _pairs(self, wanted: Mapping[str, Tensor]) -> list[tuple[str, str]]:
        """Names of the checkpoint with those of the model, for all layers that the model has."""
        pairs: list[tuple[str, str]] = []
        for each in fields(self._names):
            template: str | None = getattr(self._names, each.name)
            if template is None or each.name not in _PLACES:
                continue
            for theirs, ours in _numbered(template, _PLACES[each.name], wanted):
                pairs += [(f"{theirs}.{kind}", f"{ours}.{kind}") for kind in _KINDS]
        return pairs

    def _split(
        self, wanted: Mapping[str, Tensor], found: dict[str, Source], used: set[str]
    ) -> None:
        template = self._names.attn_fused_qkv_proj
        for number in range(_layers(wanted)) if template is not None else ():
            for kind in _KINDS:
                theirs = f"{template.format(number)}.{kind}" if template is not None else ""
                ours = [f"{_PLACES[each].format(number)}.{kind}" for each in _QKV]
                if theirs not in self._stored or any(name not in wanted for name in ours):
                    continue
                used.add(theirs)
                begin = 0
                for name in ours:
                    end = begin + wanted[name].shape[0]
                    found[name] = PartSource(self._stored[theirs], begin, end)
                    begin = end

    def _check(
        self, wanted: Mapping[str, Tensor], found: Mapping[str, Source], unused: list[str]
    ) -> None:
        problems = [f"{name} is missing" for name in wanted if name not in found]
        problems += [
            f"{name} is {list(found[name].shape)}, not {list(tensor.shape)}"
            for name, tensor in wanted.items()
            if name in found and tuple(found[name].shape) != tuple(tensor.shape)
        ]
        problems += [f"{name} of the checkpoint is unused" for name in unused]
        if problems:
            more = [f"and {len(problems) - _TOLD} more"] if len(problems) > _TOLD else []
            told = "\n  ".join([*problems[:_TOLD], *more])
            raise litewright.UserError(
                f"{self._path}: the checkpoint does not fit the model by these names:\n  {told}"
            )


def _share(wanted: Mapping[str, Tensor], found: dict[str, Source]) -> None:
    """Gives parameters that the model shares the tensor that one of their names has found."""
    by_tensor = {id(wanted[name]): source for name, source in found.items()}
    for name, tensor in wanted.items():
        if id(tensor) in by_tensor:
            found.setdefault(name, by_tensor[id(tensor)])


def _numbered(template: str, place: str, wanted: Mapping[str, Tensor]) -> Iterator[tuple[str, str]]:
    """A template and its place for each layer, and for each expert where the template has two numbers."""
    for layer in range(_layers(wanted)) if "{}" in place else (0,):
        if template.count("{}") < 2:
            yield template.format(layer), place.format(layer)
            continue
        before, _, part = place.format(layer).rpartition(".")
        prefix = f"{before}.experts."
        experts = {
            int(each[len(prefix) :].split(".")[0]) for each in wanted if each.startswith(prefix)
        }
        yield from (
            (template.format(layer, expert), f"{prefix}{expert}.{part}")
            for expert in sorted(experts)
        )


def _layers(wanted: Mapping[str, Tensor]) -> int:
    """How many blocks there are."""
    prefix = _BLOCK.partition("{}")[0]
    numbers = [int(name.split(".")[1]) for name in wanted if name.startswith(prefix)]
    return max(numbers, default=-1) + 1
