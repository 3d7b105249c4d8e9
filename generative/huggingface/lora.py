"""Low-rank adapters in the layout of `peft`, merged into a checkpoint as its tensors are read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

import litewright

from ..generation.adapters import Factors, open_adapter
from .loading import Checkpoint
from .weights import Source

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class MergedSource:
    """A matrix with its adapter: W + scale * B A, in float32 (Hu et al., 2021, section 4.1).

    Attributes:
        base: W, [out, in], or [in, out] if `transposed`.
        factors: A and B.
        transposed: whether W has its inputs first.
    """

    base: Source
    factors: Factors
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
        a = self.factors.a.read().astype(np.float32)
        product = self.factors.b.read().astype(np.float32) @ a
        change = product.T if self.transposed else product
        return self.base.read().astype(np.float32) + np.float32(self.factors.scale) * change


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
    adapter = open_adapter(folder)
    fits = _Fits(checkpoint)
    for name, factor in adapter.halves.items():
        fits.half(name, factor)
    merged = {
        # Embeddings are [vocabulary, width]: their inputs, the tokens, come first.
        name: MergedSource(fits.weights[name], each, each.embeds or adapter.transposed)
        for name, each in adapter.factors.items()
        if fits.factors(name, each, transposed=each.embeds or adapter.transposed)
    }
    replaced = {name: source for name, source in adapter.whole.items() if fits.whole(name, source)}
    if fits.problems:
        told = [f"{adapter.folder}: the adapter does not fit the model of {checkpoint.folder}:"]
        raise litewright.UserError("\n  ".join([*told, *fits.problems]))
    if not merged and not replaced:
        raise litewright.UserError(f"{adapter.folder}: the adapter holds no tensors")
    return dataclasses.replace(checkpoint, weights={**checkpoint.weights, **merged, **replaced})


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

    def half(self, name: str, factor: str) -> None:
        """A factor without the other."""
        if self._known(name):
            self._refuse(f"{name}: of its factors only lora_{factor.upper()}")

    def factors(self, name: str, pair: Factors, *, transposed: bool) -> bool:
        """Whether the product of the factors has the shape of the parameter."""
        if not self._known(name):
            return False
        a, b = tuple(pair.a.shape), tuple(pair.b.shape)
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
