"""Whole tensors: cut into chunks that fit a core's cache, which all cores work through.

The largest things in memory are the tensor as its source yields it and the integers; floats of 32 bits
exist a chunk at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from ..cores import cores
from . import gptq, scaling
from .descent import Descent
from .gptq import Spreading, damped, spreading
from .scaling import Groups
from .specs import QuantSpec

Array = np.ndarray[Any, np.dtype[Any]]

Rows = Callable[[int, int], Array]
"""Rows `start` to `stop` of a tensor, along its first dimension."""

_CHUNK = 1 << 18
"""Elements that a core works on at a time. Some buffers of them shall fit its second-level cache; of fewer,
cores would spend their time on waiting for the interpreter between two steps."""

_SPREAD_CHUNK = 1 << 22
"""The same where errors are spread over columns, a chunk at a time: there is a step of the interpreter for every
column, for which cores would wait, and between them large products, which all cores share."""

_LONG = 512
"""Groups of so many elements are worked on as they lie; shorter ones are turned into columns first."""

_INTEGERS = {
    "int2": np.dtype(ml_dtypes.int2),
    "int4": np.dtype(ml_dtypes.int4),
    "int8": np.dtype(np.int8),
}


class NotFiniteError(ValueError):
    """A tensor holds NaN or infinity, for which there is no integer."""


@dataclass(frozen=True, slots=True, eq=False)
class Quantized:
    """A tensor as integers.

    Attributes:
        integers: in the shape of the tensor, one byte an element in memory.
        scales: float32, one for the tensor or one per index of the axis; float16 [indices, blocks] for
            blocks.
    """

    integers: Array
    scales: Array

    def dequantized(self, axis: int | None) -> Array:
        """The float32 numbers that the integers stand for."""
        wide = self.integers.astype(np.float32)
        scales = self.scales.astype(np.float32)
        if scales.ndim == 2:
            return (wide.reshape(*scales.shape, -1) * scales[..., None]).reshape(wide.shape)
        if axis is None:
            return wide * scales
        return wide * scales.reshape([-1 if d == axis else 1 for d in range(wide.ndim)])


def integer_dtype(spec: QuantSpec) -> np.dtype[Any]:
    """The NumPy dtype of the integers."""
    return _INTEGERS[spec.element]


def scales_shape(spec: QuantSpec, shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    """How many scales a tensor has, and how they lie."""
    if spec.granularity == "block":
        return (shape[0], shape[1] // spec.block_size)
    return (1,) if axis is None else (shape[axis],)


def quantize(
    rows: Rows,
    shape: tuple[int, ...],
    spec: QuantSpec,
    axis: int | None,
    moments: Array | None = None,
) -> Quantized:
    """Quantises a tensor.

    Args:
        rows: yields parts of the tensor, of any float type.
        shape: of the tensor. For blocks it has two dimensions, the second a multiple of the block's size.
        spec: how.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        moments: second moments of what meets the columns, [columns, columns], for algorithms that look at
            them.

    Raises:
        NotFiniteError: the tensor holds NaN or infinity.
    """
    if axis == 0 and len(shape) > 1:
        met = None if moments is None else _Met.of(moments, spec)
        return _by_rows(rows, shape, spec, met)
    whole = rows(0, next(iter(shape), 1)).astype(np.float32)
    if axis is None:
        made = _by_rows(lambda a, b: whole.reshape(1, -1)[a:b], (1, whole.size), spec, None)
        return Quantized(made.integers.reshape(shape), made.scales)
    turned = np.moveaxis(whole, axis, 0)
    flat = turned.reshape(shape[axis], -1)
    made = _by_rows(lambda a, b: flat[a:b], flat.shape, spec, None)
    integers = np.moveaxis(made.integers.reshape(turned.shape), 0, axis)
    return Quantized(np.ascontiguousarray(integers), made.scales)


@dataclass(frozen=True, slots=True, eq=False)
class _Met:
    """What meets the columns of a matrix.

    Attributes:
        moments: second moments, damped.
        spread: for `gptq`.
    """

    moments: Array
    spread: Spreading | None

    @classmethod
    def of(cls, moments: Array, spec: QuantSpec) -> _Met:
        """Prepares what the algorithm of a spec looks at."""
        tame = damped(moments)
        return cls(tame, spreading(tame) if spec.algorithm == "gptq" else None)

    def choose(self, rows: Array, groups: Groups, scales: Array) -> tuple[Array, Array]:
        """Integers and scales of some rows, from scales to start with.

        Args:
            rows: float32, [rows, columns].
            groups: the same numbers.
            scales: float32, [rows, blocks].
        """

        def legal(scales: Array) -> Array:
            return scaling.legal(scales, blocks=groups.blocks)

        descent = Descent(rows, scales, self.moments, groups.bounds, legal)
        if self.spread is None:
            descent.clip()
        else:
            steps = np.repeat(scales, rows.shape[1] // scales.shape[1], axis=1)
            descent.improve(gptq.rounded(rows, steps, self.spread, groups.bounds))
        return descent.integers.T.astype(np.int8), descent.scales.T


def _by_rows(rows: Rows, shape: tuple[int, ...], spec: QuantSpec, met: _Met | None) -> Quantized:
    """Groups are rows, or blocks of rows."""
    count, width = shape[0], int(np.prod(shape[1:]))
    size = spec.block_size or width
    blocks = width // size
    integers = np.empty((count, blocks, size), np.int8)
    scales = np.empty((count, blocks), np.float32)

    step = max(1, (_CHUNK if met is None else _SPREAD_CHUNK) // max(width, 1))

    def work(start: int) -> None:
        stop = min(start + step, count)
        part = rows(start, stop).astype(np.float32, copy=False).reshape(-1, size)
        weights = None
        if met is not None:
            wide = np.broadcast_to(met.moments.diagonal(), (stop - start, width))
            weights = np.ascontiguousarray(wide).reshape(-1, size)
        groups, found = _chunk(part, weights, spec)
        found = found.reshape(stop - start, blocks)
        if met is None:
            values = scaling.to_integers(groups, found.reshape(-1))
            values = values if groups.axis == 1 else values.T
        else:
            values, found = met.choose(part.reshape(stop - start, width), groups, found)
        scales[start:stop] = found
        integers[start:stop] = values.reshape(stop - start, blocks, size)

    starts = range(0, count, step)
    if met is None:
        in_parallel(work, starts)
    else:
        for start in starts:
            work(start)
    return Quantized(
        integers.reshape(shape).view(integer_dtype(spec)),
        scales.astype(np.float16) if spec.granularity == "block" else scales.reshape(-1),
    )


def _chunk(part: Array, weights: Array | None, spec: QuantSpec) -> tuple[Groups, Array]:
    """Some groups, [groups, elements] before they are laid out, and their scales."""
    blocks = spec.granularity == "block"
    if part.shape[1] >= _LONG:
        groups = Groups(np.ascontiguousarray(part), 1, spec.bits, blocks, weights)
    else:
        turned = None if weights is None else np.ascontiguousarray(weights.T)
        groups = Groups(np.ascontiguousarray(part.T), 0, spec.bits, blocks, turned)
    # What is not finite is found by its scale, and told.
    with np.errstate(invalid="ignore", over="ignore"):
        found = scaling.ALGORITHMS[spec.algorithm](groups)
    if not np.isfinite(found).all():
        raise NotFiniteError("NaN or infinity")
    return groups, scaling.legal(found, blocks=blocks)


def in_parallel(work: Callable[[int], None], starts: range) -> None:
    """Calls `work` for each start, on all cores; the first error is raised."""
    if len(starts) <= 1:
        for start in starts:
            work(start)
        return
    with ThreadPoolExecutor(max_workers=cores()) as executor:
        for _ in executor.map(work, starts):
            pass
