"""ATen ops as JAX functions: what torch calls them, what torch passes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy import special

from litewright.compiler.ir.torch_ops import items_of

from ..schema import fill_slots

Array = Any


def stablehlo_of(
    name: str,
    static: Any,
    specs: Sequence[tuple[tuple[int, ...], np.dtype[Any]]],
    results: Sequence[np.dtype[Any]],
) -> str:
    """The module that a function of this file traces to.

    Args:
        name: the function.
        static: its arguments, with slots for tensors.
        specs: shapes and dtypes of the tensors.
        results: dtypes of its results.
    """
    function = globals()[name]

    def call(*tensors: Array) -> tuple[Array, ...]:
        args, kwargs = fill_slots(static, tensors)
        made: Any = function(*args, **kwargs)
        values: Sequence[Array] = items_of(made) or [made]
        return tuple(v.astype(d) for v, d in zip(values, results, strict=True))

    with jax.enable_x64(True), jax.disable_jit():
        lowered = jax.jit(call).lower(*[jax.ShapeDtypeStruct(s, d) for s, d in specs])
    return lowered.as_text()


# ---- functions of one element --------------------------------------------------------------------


def _wide(x: Array) -> Array:
    """Integers as floats, for functions that have no integer form."""
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)


def tan(x: Array) -> Array:
    """The tangent."""
    return jnp.tan(_wide(x))


def asin(x: Array) -> Array:
    """The inverse sine."""
    return jnp.arcsin(_wide(x))


def acos(x: Array) -> Array:
    """The inverse cosine."""
    return jnp.arccos(_wide(x))


def atan(x: Array) -> Array:
    """The inverse tangent."""
    return jnp.arctan(_wide(x))


def sinh(x: Array) -> Array:
    """The hyperbolic sine."""
    return jnp.sinh(_wide(x))


def cosh(x: Array) -> Array:
    """The hyperbolic cosine."""
    return jnp.cosh(_wide(x))


def asinh(x: Array) -> Array:
    """The inverse hyperbolic sine."""
    return jnp.arcsinh(_wide(x))


def acosh(x: Array) -> Array:
    """The inverse hyperbolic cosine."""
    return jnp.arccosh(_wide(x))


def atanh(x: Array) -> Array:
    """The inverse hyperbolic tangent."""
    return jnp.arctanh(_wide(x))


def erfc(x: Array) -> Array:
    """1 - erf(x)."""
    return special.erfc(_wide(x))


def erfinv(x: Array) -> Array:
    """The inverse of erf."""
    return special.erfinv(_wide(x))


def lgamma(x: Array) -> Array:
    """The logarithm of the gamma function."""
    return special.gammaln(_wide(x))


def digamma(x: Array) -> Array:
    """The derivative of lgamma."""
    return special.digamma(_wide(x))


def i0(x: Array) -> Array:
    """The modified Bessel function of order 0."""
    return special.i0(_wide(x))


def sinc(x: Array) -> Array:
    """sin(pi x) / (pi x)."""
    return jnp.sinc(_wide(x))


def logaddexp(x: Array, y: Array) -> Array:
    """log(exp(x) + exp(y))."""
    return jnp.logaddexp(x, y)


def logaddexp2(x: Array, y: Array) -> Array:
    """log2(2**x + 2**y)."""
    return jnp.logaddexp2(x, y)


def hypot(x: Array, y: Array) -> Array:
    """sqrt(x * x + y * y)."""
    return jnp.hypot(x, y)


def copysign(x: Array, y: Array) -> Array:
    """x with the sign of y."""
    return jnp.copysign(_wide(x), _wide(jnp.asarray(y)))


def xlogy(x: Array, y: Array) -> Array:
    """x * log(y), 0 where x is."""
    return special.xlogy(_wide(jnp.asarray(x)), _wide(jnp.asarray(y)))


# ---- running results -----------------------------------------------------------------------------


def _line(x: Array) -> Array:
    return x.reshape(1) if x.ndim == 0 else x


def cumsum(x: Array, dim: int, *, dtype: object = None) -> Array:
    """Running sums."""
    del dtype
    wide = x.astype(jnp.int64) if not jnp.issubdtype(x.dtype, jnp.floating) else x
    return jnp.cumsum(_line(wide), dim).reshape(x.shape)


def cumprod(x: Array, dim: int, *, dtype: object = None) -> Array:
    """Running products."""
    del dtype
    wide = x.astype(jnp.int64) if not jnp.issubdtype(x.dtype, jnp.floating) else x
    return jnp.cumprod(_line(wide), dim).reshape(x.shape)


def logcumsumexp(x: Array, dim: int) -> Array:
    """The logarithms of running sums of powers of e."""
    return lax.cumlogsumexp(_line(x), dim % max(1, x.ndim)).reshape(x.shape)


def _last_place(x: Array, best: Array, axis: int) -> Array:
    """Where each running extreme was met last."""
    index = lax.broadcasted_iota(jnp.int64, x.shape, axis)
    return lax.cummax(jnp.where(x == best, index, 0), axis)


def cummax(x: Array, dim: int) -> tuple[Array, Array]:
    """Running greatest values, and where they were met."""
    axis, line = dim % max(1, x.ndim), _line(x)
    best = lax.cummax(line, axis)
    return best.reshape(x.shape), _last_place(line, best, axis).reshape(x.shape)


def cummin(x: Array, dim: int) -> tuple[Array, Array]:
    """Running least values, and where they were met."""
    axis, line = dim % max(1, x.ndim), _line(x)
    best = lax.cummin(line, axis)
    return best.reshape(x.shape), _last_place(line, best, axis).reshape(x.shape)


# ---- order ---------------------------------------------------------------------------------------


def _sorted(x: Array, dim: int, *, descending: bool) -> tuple[Array, Array]:
    line, axis = _line(x), dim % max(1, x.ndim)
    places = jnp.argsort(line, axis=axis, stable=True, descending=descending)
    values = jnp.take_along_axis(line, places, axis, mode="clip")
    return values.reshape(x.shape), places.reshape(x.shape)


def sort(x: Array, dim: int = -1, descending: bool = False) -> tuple[Array, Array]:
    """Values in order, and where they were."""
    return _sorted(x, dim, descending=descending)


def sort_stable(
    x: Array, *, stable: bool | None = None, dim: int = -1, descending: bool = False
) -> tuple[Array, Array]:
    """As `sort`; equal values keep their order always."""
    del stable
    return _sorted(x, dim, descending=descending)


def argsort(x: Array, dim: int = -1, descending: bool = False) -> Array:
    """Where the values in order were."""
    return _sorted(x, dim, descending=descending)[1]


def topk(
    x: Array,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,  # noqa: A002
) -> tuple[Array, Array]:
    """The k greatest or least values, in order, and where they were."""
    del sorted
    axis = dim % max(1, x.ndim)
    values, places = _sorted(_line(x), axis, descending=largest)
    first = [lax.slice_in_dim(each, 0, k, axis=axis) for each in (values, places)]
    return (first[0], first[1]) if x.ndim else (first[0].reshape(()), first[1].reshape(()))


def kthvalue(x: Array, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Array, Array]:
    """The k-th least value, and where it was."""
    axis = dim % max(1, x.ndim)
    values, places = _sorted(_line(x), axis, descending=False)
    return _kept(values, k - 1, axis, keepdim and x.ndim > 0), _kept(
        places, k - 1, axis, keepdim and x.ndim > 0
    )


def _kept(x: Array, index: int, axis: int, keepdim: bool) -> Array:
    return lax.index_in_dim(x, index, axis, keepdims=keepdim)


def median(x: Array) -> Array:
    """The lower median of all values."""
    flat = jnp.sort(x.reshape(-1))
    return flat[(flat.size - 1) // 2]


def median_dim(x: Array, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
    """The lower median along a dimension, and where it was."""
    size = x.shape[dim] if x.ndim else 1
    return kthvalue(x, (size - 1) // 2 + 1, dim, keepdim)


def searchsorted(
    boundaries: Array, x: Array, *, out_int32: bool = False, right: bool = False,
    side: str | None = None, sorter: object = None,
) -> Array:  # fmt: skip
    """Where values would go among boundaries in order."""
    del out_int32, sorter
    after = right or side == "right"
    rows = (
        boundaries if boundaries.ndim > 1 else boundaries.reshape((1,) * x.ndim + boundaries.shape)
    )
    if boundaries.ndim > 1:
        rows = rows[..., None, :]
    values = x[..., None]
    below = rows <= values if after else rows < values
    return jnp.sum(below, axis=-1)


def bucketize(
    x: Array, boundaries: Array, *, out_int32: bool = False, right: bool = False
) -> Array:
    """Which bucket between boundaries each value falls into."""
    del out_int32
    return searchsorted(boundaries, x, right=right)


# ---- places --------------------------------------------------------------------------------------


def diag_embed(x: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Vectors along the diagonals of matrices of zeros."""
    size = x.shape[-1] + abs(offset)
    rows = jnp.arange(x.shape[-1]) + max(0, -offset)
    columns = jnp.arange(x.shape[-1]) + max(0, offset)
    matrix = jnp.zeros((*x.shape[:-1], size, size), x.dtype).at[..., rows, columns].set(x)
    return jnp.moveaxis(matrix, (-2, -1), (dim1, dim2))


def diagonal_scatter(
    x: Array, source: Array, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Array:
    """x with `source` along a diagonal."""
    moved = jnp.moveaxis(x, (dim1, dim2), (-2, -1))
    rows = jnp.arange(source.shape[-1]) + max(0, -offset)
    columns = jnp.arange(source.shape[-1]) + max(0, offset)
    return jnp.moveaxis(moved.at[..., rows, columns].set(source), (-2, -1), (dim1, dim2))


def masked_scatter(x: Array, mask: Array, source: Array) -> Array:
    """x with the elements of `source`, one after another, where the mask holds."""
    full = jnp.broadcast_to(mask, x.shape).reshape(-1)
    place = jnp.clip(jnp.cumsum(full) - 1, 0, source.size - 1)
    taken = jnp.take(source.reshape(-1), place, mode="clip")
    return jnp.where(full, taken, x.reshape(-1)).reshape(x.shape)


def as_strided(
    x: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Array:
    """Elements of x, laid out as a vector, at regular distances."""
    places = np.full((), storage_offset or 0)
    for count, step in zip(size, stride, strict=True):
        places = places[..., None] + np.arange(count) * step
    return jnp.take(x.reshape(-1), jnp.asarray(places.reshape(tuple(size))), mode="clip")


def scatter_reduce(
    x: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """x combined with elements at indices along a dimension; `mean` counts them."""
    line, axis = _line(x), dim % max(1, x.ndim)
    places = list(jnp.indices(_line(index).shape))
    places[axis] = _line(index)
    values = _line(source)[tuple(slice(n) for n in _line(index).shape)]
    at = line.at[tuple(places)]
    touched = jnp.zeros(line.shape, bool).at[tuple(places)].set(True)
    if not include_self:
        line = jnp.where(touched, _neutral(reduce, line), line)
        at = line.at[tuple(places)]
    combined = getattr(at, _COMBINE[reduce])(values)
    if reduce == "mean":
        count = jnp.zeros(line.shape, line.dtype).at[tuple(places)].add(1)
        count = jnp.maximum(count + (1 if include_self else 0), 1)
        exact = jnp.issubdtype(line.dtype, jnp.floating)
        combined = combined / count if exact else combined // count
    return combined.reshape(x.shape)


_COMBINE = {"sum": "add", "prod": "multiply", "amax": "max", "amin": "min", "mean": "add"}


def _neutral(reduce: str, x: Array) -> Array:
    if reduce in ("sum", "mean"):
        return jnp.zeros_like(x)
    if reduce == "prod":
        return jnp.ones_like(x)
    is_float: bool = jnp.issubdtype(x.dtype, jnp.floating)
    high, low = (jnp.inf, -jnp.inf) if is_float else (np.iinfo(x.dtype).max, np.iinfo(x.dtype).min)
    return jnp.full_like(x, low if reduce == "amax" else high)


def isin(
    elements: Array, tests: Array, *, assume_unique: bool = False, invert: bool = False
) -> Array:
    """Whether each element is among the tests."""
    del assume_unique
    found = jnp.any(elements[..., None] == tests.reshape(-1), axis=-1)
    return ~found if invert else found


# ---- distances -----------------------------------------------------------------------------------


def cdist(x: Array, y: Array, p: float, compute_mode: object = None) -> Array:
    """Distances between all rows of x and of y."""
    del compute_mode
    apart = jnp.abs(x[..., :, None, :] - y[..., None, :, :])
    if p == 0:
        return jnp.sum(apart != 0, axis=-1)
    if p == float("inf"):
        return jnp.max(apart, axis=-1)
    if p == 1:
        return jnp.sum(apart, axis=-1)
    if p == 2:
        return jnp.sqrt(jnp.sum(apart * apart, axis=-1))
    return jnp.sum(apart**p, axis=-1) ** (1 / p)
