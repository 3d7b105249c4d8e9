"""Ops said in other words: by `jax.numpy`, or by torch's own decomposition.

Each becomes a composite named after the op, so that a legalisation that knows better may take it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..jnp import from_jax
from ..schema import from_decomposition, from_torch

aten = torch.ops.aten


def trilinear(
    x: Tensor,
    y: Tensor,
    z: Tensor,
    expand1: Sequence[int],
    expand2: Sequence[int],
    expand3: Sequence[int],
    sumdim: Sequence[int],
    unroll_dim: int = 1,
) -> Tensor:
    """The sum over dimensions of the product of three tensors, each with new dimensions put in."""
    del unroll_dim
    for dim in expand1:
        x = x.unsqueeze(dim)
    for dim in expand2:
        y = y.unsqueeze(dim)
    for dim in expand3:
        z = z.unsqueeze(dim)
    return (x * y * z).sum(list(sumdim))


def tan(x: Tensor) -> Tensor:
    """The tangent."""
    return torch.sin(x) / torch.cos(x)


def copysign(x: Tensor, y: Tensor | float) -> Tensor:
    """x with the sign of y."""
    size = torch.abs(x)
    if not isinstance(y, Tensor):
        return size if math.copysign(1, y) > 0 else -size
    return torch.where(torch.signbit(y), -size, size)


def diag_embed(x: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Vectors along the diagonals of matrices of zeros."""
    size = x.shape[-1] + abs(offset)
    shape = (*x.shape[:-1], size, size)
    matrix = torch.where(_diagonal(shape, offset), _beside(x, offset, size), 0)
    return matrix.movedim((-2, -1), (dim1, dim2))


def diagonal_scatter(
    x: Tensor, source: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """x with `source` along a diagonal."""
    matrix = x.movedim((dim1, dim2), (-2, -1))
    on = _diagonal(tuple(matrix.shape), offset)
    written = torch.where(on, _beside(source, offset, matrix.shape[-2]), matrix)
    return written.movedim((-2, -1), (dim1, dim2))


def _diagonal(shape: tuple[int, ...], offset: int) -> Tensor:
    """Where the two last indices differ by `offset`."""
    rows, columns = torch.arange(shape[-2]), torch.arange(shape[-1])
    return columns[None, :] == rows[:, None] + offset


def _beside(x: Tensor, offset: int, rows: int) -> Tensor:
    """The elements of a diagonal as a column, each in its row."""
    before = max(0, -offset)
    return F.pad(x, (before, rows - before - x.shape[-1]))[..., None]


def masked_scatter(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """x with the elements of `source`, one after another, where the mask holds."""
    full = mask.expand(x.shape).reshape(-1)
    place = torch.clamp(full.to(torch.int64).cumsum(0) - 1, 0, source.numel() - 1)
    taken = source.reshape(-1).index_select(0, place)
    return torch.where(full, taken, x.reshape(-1)).reshape(x.shape)


RULES = (
    (aten.tan.default, from_torch(tan)),
    (aten.copysign.Tensor, from_torch(copysign)),
    (aten.copysign.Scalar, from_torch(copysign)),
    (aten.diag_embed.default, from_torch(diag_embed)),
    (aten.diagonal_scatter.default, from_torch(diagonal_scatter)),
    (aten.masked_scatter.default, from_torch(masked_scatter)),
    (aten.asin.default, from_jax("asin")),
    (aten.acos.default, from_jax("acos")),
    (aten.atan.default, from_jax("atan")),
    (aten.sinh.default, from_jax("sinh")),
    (aten.cosh.default, from_jax("cosh")),
    (aten.asinh.default, from_jax("asinh")),
    (aten.acosh.default, from_jax("acosh")),
    (aten.atanh.default, from_jax("atanh")),
    (aten.erfc.default, from_jax("erfc")),
    (aten.special_erfc.default, from_jax("erfc")),
    (aten.erfinv.default, from_jax("erfinv")),
    (aten.lgamma.default, from_jax("lgamma")),
    (aten.digamma.default, from_jax("digamma")),
    (aten.i0.default, from_jax("i0")),
    (aten.sinc.default, from_jax("sinc")),
    (aten.logaddexp.default, from_jax("logaddexp")),
    (aten.logaddexp2.default, from_jax("logaddexp2")),
    (aten.hypot.default, from_jax("hypot")),
    (aten.xlogy.Tensor, from_jax("xlogy")),
    (aten.xlogy.Scalar_Other, from_jax("xlogy")),
    (aten.xlogy.Scalar_Self, from_jax("xlogy")),
    (aten.searchsorted.Tensor, from_jax("searchsorted")),
    (aten.bucketize.Tensor, from_jax("bucketize")),
    (aten.as_strided.default, from_jax("as_strided")),
    (aten.scatter_reduce.two, from_jax("scatter_reduce")),
    (aten.isin.Tensor_Tensor, from_jax("isin")),
    (aten._cdist_forward.default, from_jax("cdist")),
    (aten._trilinear.default, from_torch(trilinear)),
    (aten.grid_sampler_2d.default, from_decomposition(aten.grid_sampler_2d.default)),
)
