"""Tensors out of nothing: known before any input is."""

from __future__ import annotations

from collections.abc import Callable

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_type
from litewright.compiler.weights.torch_source import array_of_tensor

from ..context import LoweringContext
from ..elements import Number, as_tensor, is_float

aten = torch.ops.aten

CreationRule = Callable[..., ir.Value]


def filled(number: Number) -> CreationRule:
    """A rule for a tensor that is the same number everywhere."""

    def lower(ctx: LoweringContext, *args: object, **kwargs: object) -> ir.Value:
        del args, kwargs
        return hlo.splat(number, ctx.shape, ctx.element)

    return lower


def full(ctx: LoweringContext, size: object, value: Number, **unused: object) -> ir.Value:
    """`value` everywhere."""
    del size, unused
    return as_tensor(value, ctx.shape, ctx.element)


def new_full(
    ctx: LoweringContext, x: ir.Value, size: object, value: Number, **unused: object
) -> ir.Value:
    """`value` everywhere, in the dtype of x."""
    del x, size, unused
    return as_tensor(value, ctx.shape, ctx.element)


def scalar_tensor(ctx: LoweringContext, value: Number, **unused: object) -> ir.Value:
    """A number as a tensor without dimensions."""
    del unused
    return hlo.splat(value, (), ctx.element)


def fill(ctx: LoweringContext, x: ir.Value, value: Number | ir.Value) -> ir.Value:
    """`value` in the shape of x."""
    del x
    return as_tensor(value, ctx.shape, ctx.element)


def arange(
    ctx: LoweringContext, start: Number, end: Number, step: Number = 1, **unused: object
) -> ir.Value:
    """start, start + step, ... below end."""
    del end, unused
    count = hlo.iota(ctx.shape, 0, ctx.element)
    if is_float(ctx.element) and (start != 0 or step != 1):
        # Computed in double precision, as torch does, before it is rounded.
        count = hlo.iota(ctx.shape, 0, element_type("f64"))
        exact = hlo.add(
            hlo.multiply(count, hlo.splat_like(step, count)), hlo.splat_like(start, count)
        )
        return hlo.convert(exact, ctx.element)
    if step != 1:
        count = hlo.multiply(count, hlo.splat_like(step, count))
    return count if start == 0 else hlo.add(count, hlo.splat_like(start, count))


def arange_to(ctx: LoweringContext, end: Number, **unused: object) -> ir.Value:
    """0, 1, ... below end."""
    del unused
    return arange(ctx, 0, end)


def evaluated(ctx: LoweringContext, *args: object, **kwargs: object) -> ir.Value:
    """A tensor that torch itself computes, here and now: its arguments are all numbers."""
    device = {"device": torch.device("cpu")} if "device" in kwargs else {}
    return hlo.constant(array_of_tensor(ctx.op(*args, **{**kwargs, **device})))


RULES = (
    (aten.zeros.default, filled(0)),
    (aten.ones.default, filled(1)),
    (aten.zeros_like.default, filled(0)),
    (aten.ones_like.default, filled(1)),
    (aten.new_zeros.default, filled(0)),
    (aten.new_ones.default, filled(1)),
    # What an empty tensor holds is nobody's business; zeros are as good as anything.
    (aten.empty.memory_format, filled(0)),
    (aten.empty_like.default, filled(0)),
    (aten.new_empty.default, filled(0)),
    (aten.empty_permuted.default, filled(0)),
    (aten.empty_strided.default, filled(0)),
    (aten.full.default, full),
    (aten.full_like.default, full),
    (aten.new_full.default, new_full),
    (aten.scalar_tensor.default, scalar_tensor),
    (aten.fill.Scalar, fill),
    (aten.fill.Tensor, fill),
    (aten.arange.default, arange_to),
    (aten.arange.start, arange),
    (aten.arange.start_step, arange),
    (aten.eye.default, evaluated),
    (aten.eye.m, evaluated),
    (aten.linspace.default, evaluated),
    (aten.logspace.default, evaluated),
    (aten.tril_indices.default, evaluated),
    (aten.triu_indices.default, evaluated),
    (aten.hann_window.default, evaluated),
    (aten.hamming_window.default, evaluated),
)
