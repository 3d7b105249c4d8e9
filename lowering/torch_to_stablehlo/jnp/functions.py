"""ATen ops as JAX functions: what torch calls them, what torch passes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
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


def xlogy(x: Array, y: Array) -> Array:
    """x * log(y), 0 where x is."""
    return special.xlogy(_wide(jnp.asarray(x)), _wide(jnp.asarray(y)))


# ---- order ---------------------------------------------------------------------------------------


def cumsum(x: Array, dim: int) -> Array:
    """Running sums."""
    return jnp.cumsum(x, dim)


def k_greatest(x: Array, k: int, *unused: object) -> tuple[Array, Array]:
    """The k greatest values along the last axis, in order, and where they were."""
    del unused
    places = jnp.argsort(x, axis=-1, stable=True, descending=True)[..., :k]
    return jnp.take_along_axis(x, places, -1, mode="clip"), places


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


def as_strided(
    x: Array, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Array:
    """Elements of x, laid out as a vector, at regular distances."""
    places = np.full((), storage_offset or 0)
    for count, step in zip(size, stride, strict=True):
        places = places[..., None] + np.arange(count) * step
    return jnp.take(x.reshape(-1), jnp.asarray(places.reshape(tuple(size))), mode="clip")


def _row(x: Array) -> Array:
    return x.reshape(1) if x.ndim == 0 else x


def scatter_reduce(
    x: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """x combined with elements at indices along a dimension; `mean` counts them."""
    line, axis = _row(x), dim % max(1, x.ndim)
    places = list(jnp.indices(_row(index).shape))
    places[axis] = _row(index)
    values = _row(source)[tuple(slice(n) for n in _row(index).shape)]
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
