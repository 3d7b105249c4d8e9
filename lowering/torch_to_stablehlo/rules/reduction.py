"""Reductions over dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import dtype_of, element_of, element_type, shape_of

from ..context import LoweringContext
from ..elements import Number, convert, is_bool, is_float
from ..traced import inline
from .pooling import lowest, mean_over

aten = torch.ops.aten

Dims = int | Sequence[int] | None


def axes_of(x: ir.Value, dims: Dims) -> list[int]:
    """Dimensions to reduce, counted from the start; all where none are named."""
    rank = len(shape_of(x))
    if dims is None or dims == []:
        return list(range(rank))
    listed = [dims] if isinstance(dims, int) else dims
    return sorted({d % max(1, rank) for d in listed}) if rank else []


def sum_(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False, **unused: object
) -> ir.Value:  # fmt: skip
    """The sum over dimensions."""
    del keepdim, unused
    total = hlo.reduce("add", convert(x, ctx.element), axes_of(x, dim), 0)
    return hlo.reshape(total, ctx.shape)


def mean(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False, **unused: object
) -> ir.Value:
    """The mean over dimensions."""
    del keepdim, unused
    return hlo.reshape(mean_over(convert(x, ctx.element), axes_of(x, dim)), ctx.shape)


def prod(
    ctx: LoweringContext, x: ir.Value, dim: int | None = None, keepdim: bool = False,
    **unused: object,
) -> ir.Value:  # fmt: skip
    """The product over a dimension, or over all."""
    del keepdim, unused
    product = hlo.reduce("multiply", convert(x, ctx.element), axes_of(x, dim), 1)
    return hlo.reshape(product, ctx.shape)


def highest(x: ir.Value) -> float | int:
    """The greatest value of an element type."""
    if is_float(element_of(x)):
        return math.inf
    return torch.iinfo(getattr(torch, dtype_of(x).name)).max


def greatest_over(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """The greatest value over axes, which go away."""
    if is_bool(element_of(x)):
        return hlo.reduce("or", x, axes, initial=False)
    return hlo.reduce("maximum", x, axes, lowest(x))


def least_over(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """The least value over axes, which go away."""
    if is_bool(element_of(x)):
        return hlo.reduce("and", x, axes, initial=True)
    return hlo.reduce("minimum", x, axes, highest(x))


def amax(ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False) -> ir.Value:
    """The greatest value over dimensions."""
    del keepdim
    return hlo.reshape(greatest_over(x, axes_of(x, dim)), ctx.shape)


def amin(ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False) -> ir.Value:
    """The least value over dimensions."""
    del keepdim
    return hlo.reshape(least_over(x, axes_of(x, dim)), ctx.shape)


def any_(ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False) -> ir.Value:
    """Whether any element over dimensions is not zero."""
    del keepdim
    truth = convert(x, element_type("i1"))
    return hlo.reshape(hlo.reduce("or", truth, axes_of(x, dim), initial=False), ctx.shape)


def all_(ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False) -> ir.Value:
    """Whether no element over dimensions is zero."""
    del keepdim
    truth = convert(x, element_type("i1"))
    return hlo.reshape(hlo.reduce("and", truth, axes_of(x, dim), initial=True), ctx.shape)


def count_nonzero(ctx: LoweringContext, x: ir.Value, dim: Dims = None) -> ir.Value:
    """How many elements over dimensions are not zero."""
    truth = convert(convert(x, element_type("i1")), ctx.element)
    return hlo.reshape(hlo.reduce("add", truth, axes_of(x, dim), 0), ctx.shape)


# ---- where the extremes are ----------------------------------------------------------------------


def _position(
    x: ir.Value, axis: int, extreme: Callable[[ir.Value, Sequence[int]], ir.Value]
) -> tuple[ir.Value, ir.Value]:
    """The extreme along an axis and the first index where it is, without the axis."""
    best = extreme(x, [axis])
    places = [i for i in range(len(shape_of(x))) if i != axis]
    spread = hlo.broadcast_in_dim(best, shape_of(x), places)
    index = hlo.iota(shape_of(x), axis, element_type("i64"))
    nowhere = hlo.splat_like(shape_of(x)[axis], index)
    found = hlo.select(hlo.compare("EQ", x, spread), index, nowhere)
    return best, hlo.reduce("minimum", found, [axis], shape_of(x)[axis])


def _extreme_of(
    extreme: Callable[[ir.Value, Sequence[int]], ir.Value], name: str
) -> tuple[Callable[..., ir.Value], Callable[..., list[ir.Value]]]:
    """The rules for the index of an extreme, and for the extreme with its index."""

    def index_only(
        ctx: LoweringContext, x: ir.Value, dim: int | None = None, keepdim: bool = False
    ) -> ir.Value:
        kind = ir.RankedTensorType.get(list(ctx.shape), ctx.element)
        attributes = {
            "keepdim": keepdim,
            **({} if dim is None else {"dim": dim % max(1, _rank(x))}),
        }

        def build(x: ir.Value) -> ir.Value:
            flat = x
            if dim is None or not shape_of(x):
                flat = hlo.reshape(x, (torch.Size(shape_of(x)).numel(),))
            axis = 0 if dim is None else dim % len(shape_of(flat))
            return hlo.reshape(_position(flat, axis, extreme)[1], ctx.shape)

        return ctx.composite(f"aten.{name}", [x], attributes, build, [kind])[0]

    def with_value(
        ctx: LoweringContext, x: ir.Value, dim: int, keepdim: bool = False
    ) -> list[ir.Value]:
        del keepdim
        shape = tuple(ctx.outs[0].shape)
        row = x if shape_of(x) else hlo.reshape(x, (1,))
        best, place = _position(row, dim % len(shape_of(row)), extreme)
        return [hlo.reshape(best, shape), hlo.reshape(place, shape)]

    return index_only, with_value


def _rank(x: ir.Value) -> int:
    return len(shape_of(x))


argmax, max_dim = _extreme_of(greatest_over, "argmax")
argmin, min_dim = _extreme_of(least_over, "argmin")


# ---- statistics ----------------------------------------------------------------------------------


def _correction(unbiased: bool | None, correction: Number | None) -> Number:
    if correction is not None:
        return correction
    return 1 if unbiased is None or unbiased else 0


def _variance(x: ir.Value, axes: list[int], correction: Number) -> tuple[ir.Value, ir.Value]:
    """Variance and mean over axes, which go away."""
    centre = mean_over(x, axes)
    places = [i for i in range(len(shape_of(x))) if i not in axes]
    distance = hlo.binary("subtract", x, hlo.broadcast_in_dim(centre, shape_of(x), places))
    total = hlo.reduce("add", hlo.multiply(distance, distance), axes, 0)
    count = torch.Size([shape_of(x)[axis] for axis in axes]).numel()
    return hlo.binary("divide", total, hlo.splat_like(max(0, count - correction), total)), centre


def var(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, unbiased: bool | None = None,
    keepdim: bool = False, *, correction: Number | None = None,
) -> ir.Value:  # fmt: skip
    """The variance over dimensions, divided by their size less `correction`."""
    del keepdim
    spread, _ = _variance(x, axes_of(x, dim), _correction(unbiased, correction))
    return hlo.reshape(spread, ctx.shape)


def var_correction(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, *, correction: Number | None = None,
    keepdim: bool = False,
) -> ir.Value:  # fmt: skip
    """As `var`."""
    return var(ctx, x, dim, None, keepdim, correction=correction)


def std(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, unbiased: bool | None = None,
    keepdim: bool = False, *, correction: Number | None = None,
) -> ir.Value:  # fmt: skip
    """The square root of `var`."""
    return hlo.unary("sqrt", var(ctx, x, dim, unbiased, keepdim, correction=correction))


def std_correction(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, *, correction: Number | None = None,
    keepdim: bool = False,
) -> ir.Value:  # fmt: skip
    """The square root of `var`."""
    return hlo.unary("sqrt", var_correction(ctx, x, dim, correction=correction, keepdim=keepdim))


def var_mean(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, *, correction: Number | None = None,
    keepdim: bool = False,
) -> list[ir.Value]:  # fmt: skip
    """Variance and mean."""
    del keepdim
    shape = tuple(ctx.outs[0].shape)
    pair = _variance(x, axes_of(x, dim), _correction(None, correction))
    return [hlo.reshape(each, shape) for each in pair]


def whole(rule: Callable[..., ir.Value]) -> Callable[..., ir.Value]:
    """The form of a statistic without dimensions: `x, unbiased`."""

    def lower(ctx: LoweringContext, x: ir.Value, unbiased: bool = True) -> ir.Value:
        return rule(ctx, x, None, unbiased)

    return lower


def logsumexp(
    ctx: LoweringContext, x: ir.Value, dim: Dims = None, keepdim: bool = False
) -> ir.Value:
    """The logarithm of the sum of powers of e, without overflow."""
    axes = axes_of(x, dim)

    def function(x: torch.Tensor) -> torch.Tensor:
        if not axes:
            return x.clone()
        peak = torch.amax(x, axes, keepdim=True)
        peak = torch.where(torch.abs(peak) == torch.inf, 0, peak)
        total = torch.log(torch.sum(torch.exp(x - peak), axes, keepdim=True)) + peak
        return total if keepdim else total.sum(axes)

    return inline(ctx.builder, function, [convert(x, ctx.element)])[0]


def vector_norm(
    ctx: LoweringContext, x: ir.Value, order: Number | None = 2, dim: Dims = None,
    keepdim: bool = False, **unused: object,
) -> ir.Value:  # fmt: skip
    """The norm of an order over dimensions."""
    del keepdim, unused
    size = hlo.unary("abs", convert(x, ctx.element))
    axes = axes_of(x, dim)
    if order == math.inf:
        total = greatest_over(size, axes)
    elif order == -math.inf:
        total = least_over(size, axes)
    elif order == 0:
        present = hlo.compare("NE", size, hlo.splat_like(0, size))
        total = hlo.reduce("add", hlo.convert(present, ctx.element), axes, 0)
    elif order is None or order == 2:
        total = hlo.unary("sqrt", hlo.reduce("add", hlo.multiply(size, size), axes, 0))
    elif order == 1:
        total = hlo.reduce("add", size, axes, 0)
    else:
        powers = hlo.binary("power", size, hlo.splat_like(order, size))
        total = hlo.reduce("add", powers, axes, 0)
        total = hlo.binary("power", total, hlo.splat_like(1 / order, total))
    return hlo.reshape(total, ctx.shape)


RULES = (
    (aten.sum.default, sum_),
    (aten.sum.dim_IntList, sum_),
    (aten.mean.default, mean),
    (aten.mean.dim, mean),
    (aten.prod.default, prod),
    (aten.prod.dim_int, prod),
    (aten.amax.default, amax),
    (aten.amin.default, amin),
    (aten.max.default, amax),
    (aten.min.default, amin),
    (aten.max.dim, max_dim),
    (aten.min.dim, min_dim),
    (aten.argmax.default, argmax),
    (aten.argmin.default, argmin),
    (aten.any.default, any_),
    (aten.any.dim, any_),
    (aten.any.dims, any_),
    (aten.all.default, all_),
    (aten.all.dim, all_),
    (aten.all.dims, all_),
    (aten.count_nonzero.default, count_nonzero),
    (aten.count_nonzero.dim_IntList, count_nonzero),
    (aten.var.default, whole(var)),
    (aten.var.dim, var),
    (aten.var.correction, var_correction),
    (aten.std.default, whole(std)),
    (aten.std.dim, std),
    (aten.std.correction, std_correction),
    (aten.var_mean.correction, var_mean),
    (aten.logsumexp.default, logsumexp),
    (aten.linalg_vector_norm.default, vector_norm),
    (aten.norm.ScalarOpt_dim, vector_norm),
    (aten.norm.Scalar, vector_norm),
)
