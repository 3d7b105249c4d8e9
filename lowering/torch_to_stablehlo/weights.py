"""The tensors that a graph holds: weight arguments, or constants where they are small.

Signatures share a tensor that they both hold, under the name that it has in the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.fx import Held, Holding
from litewright.compiler.weights import Cast, Expression, Leaf, TensorSource, WeightStore
from litewright.compiler.weights.affine import AffineSource
from litewright.compiler.weights.integers import IntegerSource
from litewright.compiler.weights.torch_source import TorchSource, numpy_dtype

from .elements import has_element

SMALL = 64 * 1024
"""Tensors of fewer bytes are constants."""


@dataclass(frozen=True, slots=True, eq=False)
class PairsSource:
    """Complex numbers as pairs of real ones. Compared by identity, as all sources are.

    Attributes:
        numbers: the complex numbers, or real ones that are to be complex.
        dtype: of the parts.
    """

    numbers: TensorSource
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions: those of the numbers and a last one of 2."""
        return (*self.numbers.shape, 2)

    def read(self) -> np.ndarray[Any, Any]:
        """The real and imaginary parts."""
        array = self.numbers.read()
        parts: list[np.ndarray[Any, Any]] = [np.real(array), np.imag(array)]
        return np.stack(parts, -1).astype(self.dtype, copy=False)


@dataclass(eq=False, slots=True)
class Placement:
    """Where the tensors of all signatures go.

    Attributes:
        store: the weights of the program.
        checkpoint: tensors for parameters that have no storage, by fully-qualified name.
        names: what each tensor that is a weight is called, by identity.
        owners: who has those names.
        missing: one line per parameter whose values are nowhere.
    """

    store: WeightStore
    checkpoint: Mapping[str, TensorSource]
    names: dict[int, str] = field(default_factory=dict[int, str])
    owners: dict[str, Held] = field(default_factory=dict[str, Held])
    missing: list[str] = field(default_factory=list[str])

    def check(self, held: Held) -> None:
        """Notes a tensor whose values cannot be had."""
        if not has_element(held.tensor.dtype):
            raise UserError(f"{held.name}: no lowering for tensors of {held.tensor.dtype}")
        if held.affine is not None or not held.tensor.is_meta:
            return
        source = self._in_checkpoint(held)
        if source is None:
            self.missing.append(f"{held.name}: not in the checkpoint")
        elif source.shape != tuple(held.tensor.shape):
            found, wanted = list(source.shape), list(held.tensor.shape)
            self.missing.append(
                f"{held.name}: the model wants {wanted}, the checkpoint has {found}"
            )

    def is_weight(self, held: Held) -> bool:
        """Whether a tensor becomes a weight argument rather than a constant."""
        in_checkpoint = held.tensor.is_meta and isinstance(self._in_checkpoint(held), IntegerSource)
        if held.affine is not None or in_checkpoint:
            # Its integers are known to the store, and lost on a constant.
            return True
        size = held.tensor.numel() * held.tensor.dtype.itemsize
        return size >= SMALL and held.holding is not Holding.TABLE

    def weight(self, held: Held, signature: str) -> Expression:
        """The expression that stands for a tensor, in the dtype that the graph has it in.

        Complex numbers are pairs along a last dimension.
        """
        name = self.names.get(id(held.tensor)) or self._name(held, signature)
        leaf = Leaf(name)
        wanted = _parts_dtype(held)
        if self.store.source(name).dtype == wanted:
            return leaf
        return Cast(leaf, wanted.name)

    def values(self, held: Held) -> np.ndarray:
        """The values of a tensor as `weight` has them."""
        return self._source(held).read().astype(_parts_dtype(held), copy=False)

    def _name(self, held: Held, signature: str) -> str:
        """Finds a name for a tensor that has none yet, and gives the store its source."""
        name = held.name
        owner = self.owners.get(name)
        if owner is not None and not _is_same(owner, held):
            name, number = f"{held.name}@{signature}", 1
            while name in self.owners:
                name, number = f"{held.name}@{signature}_{number}", number + 1
        self.names[id(held.tensor)] = name
        if name not in self.owners:
            self.owners[name] = held
            self.store.add(name, self._source(held))
        return name

    def _source(self, held: Held) -> TensorSource:
        """Where the values of a tensor are."""
        if held.affine is not None:
            return AffineSource(held.affine)
        there = self._in_checkpoint(held) if held.tensor.is_meta else None
        source = there or TorchSource(held.tensor)
        return PairsSource(source, _parts_dtype(held)) if held.tensor.is_complex() else source

    def _in_checkpoint(self, held: Held) -> TensorSource | None:
        found = (self.checkpoint[name] for name in held.aliases if name in self.checkpoint)
        return next(found, None)


def _parts_dtype(held: Held) -> np.dtype[Any]:
    """The dtype of a tensor, or of the parts of its complex numbers."""
    dtype = held.tensor.dtype
    return numpy_dtype(dtype.to_real() if dtype.is_complex else dtype)


def _is_same(one: Held, other: Held) -> bool:
    """Whether two tensors of one name may share a buffer: exports of one model, loaded separately."""
    if one.affine is not None and other.affine is not None:
        return one.affine.is_same(other.affine)
    if one.affine is not None or other.affine is not None:
        return False
    return _are_equal(one.tensor, other.tensor)


def _are_equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.is_meta or other.is_meta:
        return one.is_meta and other.is_meta and one.shape == other.shape
    return one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other)
