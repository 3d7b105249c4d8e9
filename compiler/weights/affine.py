"""Tensors of torch that are integers with scales: those of torchao, and what a captured graph dequantises.

real = scale * (integer - zero_point), where a block of integers shares a scale and a zero point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch.utils import _python_dispatch

from ..diagnostics import UserError
from .torch_source import array_of_tensor

Array = np.ndarray[Any, np.dtype[Any]]

BLOCKS = (32, 64, 128, 256)
"""Inputs that may share a scale in a file."""
SMALLEST_SCALE = 2.0**-14
"""The smallest normal number of 16 bits: kernels of the runtime refuse smaller scales of blocks."""
LARGEST_SCALE = 65280.0


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A tensor of floats that is stored as integers.

    Attributes:
        integers: of the shape of the tensor.
        scale: a number for each block: scale.shape[i] * block_size[i] = integers.shape[i].
        zero_point: of the shape of `scale`; None if all are 0.
        block_size: of a block, in each dimension.
        shift: what is added to a block after all else, of the shape of `scale`; None if nothing is.
        columns: a factor for each index of the last dimension; None if there is none.
    """

    integers: torch.Tensor
    scale: torch.Tensor
    zero_point: torch.Tensor | None
    block_size: tuple[int, ...]
    shift: torch.Tensor | None = None
    columns: torch.Tensor | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        return tuple(self.integers.shape)

    def dequantised(self) -> torch.Tensor:
        """The floats that the integers stand for, float32."""
        values = self.integers.detach().float()
        if self.zero_point is not None:
            values -= self._spread(self.zero_point)
        values *= self._spread(self.scale)
        if self.shift is not None:
            values += self._spread(self.shift)
        return values if self.columns is None else values * self.columns.detach().float()

    def is_same(self, other: Affine) -> bool:
        """Whether two tensors are made of equal numbers."""
        return self.block_size == other.block_size and all(
            (one is None and two is None)
            or (one is not None and two is not None and torch.equal(one, two))
            for one, two in zip(self._parts(), other._parts(), strict=True)
        )

    def _parts(self) -> tuple[torch.Tensor | None, ...]:
        return self.integers, self.scale, self.zero_point, self.shift, self.columns

    def _spread(self, numbers: torch.Tensor) -> torch.Tensor:
        """Numbers of blocks, one for each element; dimensions of one block are left to broadcasting."""
        spread = numbers.detach().float().reshape(self.blocks)
        for dimension, size in enumerate(self.block_size):
            if 1 < size < self.shape[dimension]:
                spread = spread.repeat_interleave(size, dimension)
        return spread

    @property
    def blocks(self) -> tuple[int, ...]:
        """How many blocks there are in each dimension."""
        return tuple(n // b for n, b in zip(self.shape, self.block_size, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Integers or scales of a tensor, made when they are wanted."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    make: Callable[[], Array]

    def read(self) -> Array:
        """Its values."""
        return self.make()


class AffineSource:
    """An `Affine` as a lazy tensor, with what `litewright.convert` wants to know of integers."""

    def __init__(self, affine: Affine) -> None:
        """Nothing is read yet."""
        self._affine = affine
        self.shape = affine.shape
        self.dtype = np.dtype(np.float32)
        self.axis, self.block_size = _granularity(affine)
        self.integers = _Part(
            affine.shape,
            np.dtype(ml_dtypes.int4) if self.block_size else np.dtype(np.int8),
            self._signed,
        )
        own = (affine.scale.numel(),)
        self.scales = _Part(
            affine.blocks if self.block_size else own,
            np.dtype(np.float16) if self.block_size else np.dtype(np.float32),
            self._steps,
        )

    def read(self) -> Array:
        """The floats that the integers stand for."""
        return self._affine.dequantised().numpy()

    @cached_property
    def why_not(self) -> str:
        """Why the file cannot hold the integers; empty if it can."""
        affine = self._affine
        if affine.columns is not None:
            return "columns are scaled besides"
        if affine.integers.dtype != torch.int8:
            kind = str(affine.integers.dtype).removeprefix("torch.")
            return f"they are {kind}, and the file holds int8 and int4"
        if _is_anything(affine.zero_point) or _is_anything(affine.shift):
            return "zero points are not all 0, and the runtime wants symmetric weights"
        scales = affine.scale.detach().float()
        if not bool(((scales > 0) & scales.isfinite()).all()):
            return "a scale is no positive number"
        return self._why_not_blocks(scales)

    def _why_not_blocks(self, scales: torch.Tensor) -> str:
        size = self.block_size
        if self.axis is None and scales.numel() > 1 and not size:
            return f"blocks of {list(self._affine.block_size)} share a scale"
        if not size:
            return ""
        if size not in BLOCKS:
            return f"groups of {size}; the runtime has blocks of 32, 64, 128 and 256"
        low, high = map(int, self._affine.integers.aminmax())
        if low < -8 or high > 7:
            return (
                f"groups of {size} share scales of 8 bits; the runtime has blocks of 4 bits alone"
            )
        if not bool(((scales >= SMALLEST_SCALE) & (scales <= LARGEST_SCALE)).all()):
            return "a scale is beyond what the runtime takes (2^-14 to 65280)"
        return ""

    @cached_property
    def why_unpacked(self) -> str:
        """Why kernels get products with the integers wrong; empty if they do not."""
        if not self.block_size and bool((self._affine.integers == -128).any()):
            return "kernels without the delegate get products with -128 wrong"
        return ""

    def _signed(self) -> Array:
        return array_of_tensor(self._affine.integers).astype(self.integers.dtype, copy=False)

    def _steps(self) -> Array:
        steps = array_of_tensor(self._affine.scale.float())
        return np.ascontiguousarray(steps.reshape(self.scales.shape)).astype(self.scales.dtype)


def affine_of(tensor: torch.Tensor) -> Affine | None:
    """What a tensor of torchao is made of; None for a plain tensor.

    Layouts that are packed for the kernels of one device cannot be looked into; what they dequantise to is
    taken where torchao can do that on the CPU.

    Raises:
        UserError: a subclass of tensors whose numbers cannot be had.
    """
    if not _python_dispatch.is_traceable_wrapper_subclass(tensor):
        return None
    opened: Any = tensor
    numbers, block = getattr(opened, "qdata", None), getattr(opened, "block_size", None)
    if numbers is None or block is None:
        return _dequantised(opened)
    scaled = getattr(opened, "act_pre_scale", None)
    columns = scaled.reshape(-1) if scaled is not None else None
    if type(tensor).__name__ == "Int4Tensor":
        return _of_nibbles(opened, tuple(block), columns)
    if tuple(numbers.shape) != tuple(tensor.shape):
        return _dequantised(opened)
    zero = getattr(opened, "zero_point", None)
    return Affine(
        numbers, opened.scale, zero if _is_anything(zero) else None, tuple(block), columns=columns
    )


def _of_nibbles(tensor: Any, block: tuple[int, ...], columns: torch.Tensor | None) -> Affine:
    """Int4Tensor: two integers a byte, the lower one first; scales and what is added are [groups, outputs].

    Source: torchao/quantization/quantize_/workflows/int4/int4_tensor.py, and `pack_int4` and
    `int4_row_quantize_zp` of mslk (before: FBGEMM), which it calls: real = scale * q + zero_point.
    """
    stored: torch.Tensor = tensor.qdata.view(torch.int8)
    low = (stored << 4) >> 4
    integers = torch.stack((low, stored >> 4), -1).reshape(tensor.shape)
    shift: torch.Tensor = tensor.zero_point.transpose(-1, -2)
    scale: torch.Tensor = tensor.scale.transpose(-1, -2)
    return Affine(integers, scale, None, block, shift if _is_anything(shift) else None, columns)


def _dequantised(tensor: Any) -> Affine:
    """What any other subclass says that it stands for, as floats with the scale 1."""
    name = type(tensor).__name__
    try:
        values: torch.Tensor = tensor.dequantize().float()
    except Exception as error:
        raise UserError(
            f"a weight is a {name}, a layout that can be read on the device that it was packed for alone: "
            "quantise for the CPU, as IntxWeightOnlyConfig, Int8DynamicActivationIntxWeightConfig and "
            "Int8WeightOnlyConfig of torchao do"
        ) from error
    one = torch.ones([1] * values.ndim)
    return Affine(values, one, None, tuple(values.shape))


def _granularity(affine: Affine) -> tuple[int | None, int]:
    """The dimension whose indices have scales of their own, if there is one; and the size of its blocks."""
    cut = [d for d, count in enumerate(affine.blocks) if count > 1]
    sizes = [affine.block_size[d] for d in cut]
    if sizes == [1]:
        return cut[0], 0
    last = affine.integers.ndim - 1
    if last == 1 and affine.block_size[0] == 1 and affine.block_size[1] < affine.shape[1]:
        return 0, affine.block_size[1]
    return None, 0


def _is_anything(numbers: torch.Tensor | None) -> bool:
    return numbers is not None and bool(numbers.count_nonzero())
