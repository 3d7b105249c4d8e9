"""Tensors of torch that are integers with scales: those of torchao, and what a captured graph dequantises.

real = scale * (integer - zero_point), where a block of integers shares a scale and a zero point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
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


PARTS = ("integers", "scale", "zero_point", "shift", "columns")


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A tensor of floats that is stored as integers.

    Attributes:
        shape: of the tensor, and of its integers.
        block_size: elements that share a scale, in each dimension.
        parts: what it is made of, read when it is wanted: `integers`; `scale`, a number for each block;
            `zero_point` and `shift`, likewise, of which the one is taken from integers, the other added to
            products; `columns`, a factor for each index of the last dimension. All but the first two may be
            missing.
        element: the type of the integers.
        bounds: the lowest and the highest integer that there may be, if that is known without reading them.
    """

    shape: tuple[int, ...]
    block_size: tuple[int, ...]
    parts: Mapping[str, Callable[[], torch.Tensor]]
    element: torch.dtype
    bounds: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        integers: torch.Tensor,
        scale: torch.Tensor,
        block_size: tuple[int, ...],
        **others: torch.Tensor | None,
    ) -> Affine:
        """A tensor whose parts are in memory; `others` are those that may be missing."""
        given = {"integers": integers, "scale": scale, **others}
        parts = {name: _Held(part) for name, part in given.items() if part is not None}
        return cls(tuple(integers.shape), block_size, parts, integers.dtype)

    def part(self, name: str) -> torch.Tensor | None:
        """One of its parts; None if that is missing, or adds nothing."""
        if name not in self.parts:
            return None
        made = self.parts[name]().detach()
        adds = name not in ("zero_point", "shift") or bool(made.count_nonzero())
        return made if adds else None

    @property
    def integers(self) -> torch.Tensor:
        """Its integers."""
        return self.parts["integers"]().detach()

    @property
    def scale(self) -> torch.Tensor:
        """Its scales, float32, one for each block."""
        return self.parts["scale"]().detach().float().reshape(self.blocks)

    @property
    def blocks(self) -> tuple[int, ...]:
        """How many blocks there are in each dimension."""
        return tuple(n // b for n, b in zip(self.shape, self.block_size, strict=True))

    def extremes(self) -> tuple[int, int]:
        """Bounds of its integers: those that are known, else the lowest and the highest that there is."""
        if self.bounds is not None:
            return self.bounds
        low, high = self.integers.aminmax()
        return int(low), int(high)

    def dequantised(self) -> torch.Tensor:
        """The floats that the integers stand for, float32."""
        zero, shift, columns = (self.part(name) for name in PARTS[2:])
        values = self.integers.float()
        if zero is not None:
            values -= self._spread(zero)
        values *= self._spread(self.scale)
        if shift is not None:
            values += self._spread(shift)
        return values if columns is None else values * columns.float()

    def is_same(self, other: Affine) -> bool:
        """Whether two tensors are made of equal numbers."""
        if self is other:
            return True
        return (self.shape, self.block_size) == (other.shape, other.block_size) and all(
            _are_equal(self.part(name), other.part(name)) for name in PARTS
        )

    def _spread(self, numbers: torch.Tensor) -> torch.Tensor:
        """Numbers of blocks, one for each element; dimensions of one block are left to broadcasting."""
        spread = numbers.float().reshape(self.blocks)
        for dimension, size in enumerate(self.block_size):
            if 1 < size < self.shape[dimension]:
                spread = spread.repeat_interleave(size, dimension)
        return spread


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """A tensor in memory, as what is read when it is wanted."""

    tensor: torch.Tensor

    def __call__(self) -> torch.Tensor:
        return self.tensor


def _are_equal(one: torch.Tensor | None, other: torch.Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or torch.equal(one, other)


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
        self.scales = _Part(
            affine.blocks if self.block_size else (prod(affine.blocks),),
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
        if "columns" in affine.parts:
            return "columns are scaled besides"
        if affine.element != torch.int8:
            kind = str(affine.element).removeprefix("torch.")
            return f"they are {kind}, and the file holds int8 and int4"
        if affine.part("zero_point") is not None or affine.part("shift") is not None:
            return "zero points are not all 0, and the runtime wants symmetric weights"
        scales = affine.scale
        if not bool(((scales > 0) & scales.isfinite()).all()):
            return "a scale is no positive number"
        return self._why_not_blocks(scales)

    def _why_not_blocks(self, scales: torch.Tensor) -> str:
        size = self.block_size
        if self.axis is None and scales.numel() > 1:
            return f"blocks of {list(self._affine.block_size)} share a scale"
        if not size:
            return ""
        if size not in BLOCKS:
            return f"groups of {size}; the runtime has blocks of 32, 64, 128 and 256"
        low, high = self._affine.extremes()
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
        bounds = self._affine.bounds
        if self.block_size or (bounds is not None and bounds[0] > -128):
            return ""
        if not bool((self._affine.integers == -128).any()):
            return ""
        return "kernels without the delegate get products with -128 wrong"

    def _signed(self) -> Array:
        return array_of_tensor(self._affine.integers).astype(self.integers.dtype, copy=False)

    def _steps(self) -> Array:
        steps = array_of_tensor(self._affine.scale).reshape(self.scales.shape)
        return np.ascontiguousarray(steps).astype(self.scales.dtype)


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
    return Affine.of(numbers, opened.scale, tuple(block), zero_point=zero, columns=columns)


def _of_nibbles(tensor: Any, block: tuple[int, ...], columns: torch.Tensor | None) -> Affine:
    """Int4Tensor: two integers a byte, the lower one first; scales and what is added are [groups, outputs].

    Source: torchao/quantization/quantize_/workflows/int4/int4_tensor.py, and `pack_int4` and
    `int4_row_quantize_zp` of mslk (before: FBGEMM), which it calls: real = scale * q + zero_point.
    """
    return Affine.of(
        nibbles(tensor.qdata).reshape(tensor.shape),
        tensor.scale.transpose(-1, -2),
        block,
        shift=tensor.zero_point.transpose(-1, -2),
        columns=columns,
    )


def nibbles(packed: torch.Tensor) -> torch.Tensor:
    """Integers of 4 bits, two of which are in a byte, the lower one first; the last dimension gets longer."""
    stored = packed.view(torch.int8)
    return torch.stack(((stored << 4) >> 4, stored >> 4), -1).flatten(-2)


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
    return Affine.of(values, torch.ones([1] * values.ndim), tuple(values.shape))


def _granularity(affine: Affine) -> tuple[int | None, int]:
    """The dimension whose indices have scales of their own, if there is one; and the size of its blocks."""
    cut = [d for d, count in enumerate(affine.blocks) if count > 1]
    sizes = [affine.block_size[d] for d in cut]
    if sizes == [1]:
        return cut[0], 0
    size = affine.block_size[-1]
    if len(affine.shape) == 2 and affine.block_size[0] == 1 and size < affine.shape[1]:
        return 0, size
    return None, 0
