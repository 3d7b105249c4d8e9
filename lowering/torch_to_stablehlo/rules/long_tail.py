"""Ops said in other words: by `jax.numpy`, or by torch's own decomposition.

Each becomes a composite named after the op, so that a legalisation that knows better may take it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..jnp import from_jax
from ..schema import from_decomposition, from_torch

aten = torch.ops.aten


def trilinear(
    x: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
    expand1: Sequence[int],
    expand2: Sequence[int],
    expand3: Sequence[int],
    sumdim: Sequence[int],
    unroll_dim: int = 1,
) -> torch.Tensor:
    """The sum over dimensions of the product of three tensors, each with new dimensions put in."""
    del unroll_dim
    for dim in expand1:
        x = x.unsqueeze(dim)
    for dim in expand2:
        y = y.unsqueeze(dim)
    for dim in expand3:
        z = z.unsqueeze(dim)
    return (x * y * z).sum(list(sumdim))


RULES = (
    (aten.tan.default, from_jax("tan")),
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
    (aten.copysign.Tensor, from_jax("copysign")),
    (aten.copysign.Scalar, from_jax("copysign")),
    (aten.xlogy.Tensor, from_jax("xlogy")),
    (aten.xlogy.Scalar_Other, from_jax("xlogy")),
    (aten.xlogy.Scalar_Self, from_jax("xlogy")),
    (aten.cumsum.default, from_jax("cumsum")),
    (aten.cumprod.default, from_jax("cumprod")),
    (aten.logcumsumexp.default, from_jax("logcumsumexp")),
    (aten.cummax.default, from_jax("cummax")),
    (aten.cummin.default, from_jax("cummin")),
    (aten.sort.default, from_jax("sort")),
    (aten.sort.stable, from_jax("sort_stable")),
    (aten.argsort.default, from_jax("argsort")),
    (aten.topk.default, from_jax("topk")),
    (aten.kthvalue.default, from_jax("kthvalue")),
    (aten.median.default, from_jax("median")),
    (aten.median.dim, from_jax("median_dim")),
    (aten.searchsorted.Tensor, from_jax("searchsorted")),
    (aten.bucketize.Tensor, from_jax("bucketize")),
    (aten.diag_embed.default, from_jax("diag_embed")),
    (aten.diagonal_scatter.default, from_jax("diagonal_scatter")),
    (aten.masked_scatter.default, from_jax("masked_scatter")),
    (aten.as_strided.default, from_jax("as_strided")),
    (aten.scatter_reduce.two, from_jax("scatter_reduce")),
    (aten.isin.Tensor_Tensor, from_jax("isin")),
    (aten._cdist_forward.default, from_jax("cdist")),
    (aten._trilinear.default, from_torch(trilinear)),
    (aten.grid_sampler_2d.default, from_decomposition(aten.grid_sampler_2d.default)),
)
