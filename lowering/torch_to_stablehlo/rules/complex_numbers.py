"""Complex numbers: made of real ones, taken apart, and what else may be done to them.

`split-complex` turns what is made here to pairs of real numbers, before anything is legalised.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import torch

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import items_of, value_of
from litewright.compiler.ir.types import element_count, is_complex, shape_of

from ..composites import Lowered, Rule
from ..context import LoweringContext
from ..elements import convert
from .elementwise import absolute
from .shape import along

aten = torch.ops.aten


def view_as_complex(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """[..., 2] -> complex [...]."""
    del ctx
    return complex_of_pairs(x)


def complex_of_pairs(x: ir.Value) -> ir.Value:
    """[..., 2] -> complex [...].

    By a transpose, since kernels copy rows faster than every other number (interleaved rotary embedding took
    up to 1.4 times as long); of three dimensions, which any delegate takes.
    """
    *shape, _ = shape_of(x)
    last = shape[-1] if shape else 1
    pairs = hlo.reshape(x, (element_count(shape[:-1]), last, 2))
    planes = hlo.transpose(pairs, (0, 2, 1))
    parts = (hlo.reshape(along(planes, 1, i, i + 1), shape) for i in (0, 1))
    return hlo.complex_of(*parts)


def view_as_real(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """Complex [...] -> [..., 2]."""
    *shape, _ = ctx.shape
    rows = (element_count(shape[:-1]), 1, shape[-1] if shape else 1)
    parts = [hlo.reshape(part, rows) for part in (hlo.real_part(x), hlo.imaginary_part(x))]
    pairs = hlo.transpose(hlo.concatenate(parts, 1), (0, 2, 1))
    return hlo.reshape(pairs, ctx.shape)


def complex_(ctx: LoweringContext, real: ir.Value, imaginary: ir.Value) -> ir.Value:
    """real + imaginary * i."""
    return hlo.complex_of(*(hlo.broadcast(part, ctx.shape) for part in (real, imaginary)))


def polar(ctx: LoweringContext, size: ir.Value, angle: ir.Value) -> ir.Value:
    """size * e ** (angle * i)."""
    scale, turn = (hlo.broadcast(each, ctx.shape) for each in (size, angle))
    parts = (hlo.multiply(scale, hlo.unary(wave, turn)) for wave in ("cosine", "sine"))
    return hlo.complex_of(*parts)


def real(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The real part; a real number itself."""
    del ctx
    return hlo.real_part(x) if is_complex(x) else x


def imaginary(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The imaginary part."""
    del ctx
    return hlo.imaginary_part(x)


def conjugate(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The same real part, the imaginary one with the other sign; a real number itself."""
    del ctx
    if not is_complex(x):
        return x
    return hlo.complex_of(hlo.real_part(x), hlo.unary("negate", hlo.imaginary_part(x)))


def as_it_is(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """x: torch notes that a sign is pending, here it has been applied."""
    del ctx
    return x


def negated(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """-x, where torch notes that the sign is pending."""
    del ctx
    return hlo.unary("negate", x)


def size(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """|x|; of complex numbers their distance from zero, whose square has to be a number of the type."""
    if not is_complex(x):
        return absolute(ctx, x)
    squares = (hlo.multiply(part, part) for part in (hlo.real_part(x), hlo.imaginary_part(x)))
    return hlo.unary("sqrt", hlo.add(*squares))


def angle(ctx: LoweringContext, x: ir.Value) -> ir.Value:
    """The angle to the positive numbers, from -pi to pi; NaN for what is none."""
    if is_complex(x):
        return hlo.binary("atan2", hlo.imaginary_part(x), hlo.real_part(x))
    value = convert(x, ctx.element)
    zero = hlo.splat_like(0, value)
    turned = hlo.select(hlo.compare("LT", value, zero), hlo.splat_like(math.pi, value), zero)
    return hlo.select(hlo.compare("NE", value, value), value, turned)


RULES = (
    (aten.view_as_complex.default, view_as_complex),
    (aten.view_as_real.default, view_as_real),
    (aten.view_as_real_copy.default, view_as_real),
    (aten.complex.default, complex_),
    (aten.polar.default, polar),
    (aten.real.default, real),
    (aten.imag.default, imaginary),
    (aten.abs.default, size),
    (aten.angle.default, angle),
    (aten.conj.default, conjugate),
    (aten._conj.default, conjugate),
    (aten.conj_physical.default, conjugate),
    (aten._conj_physical.default, conjugate),
    (aten.resolve_conj.default, as_it_is),
    (aten._neg_view.default, negated),
    (aten.resolve_neg.default, as_it_is),
)

OF_ANY_NUMBERS = frozenset({
    aten.add.Tensor, aten.add.Scalar, aten.sub.Tensor, aten.sub.Scalar, aten.rsub.Scalar,
    aten.mul.Tensor, aten.mul.Scalar, aten.div.Tensor, aten.div.Scalar, aten.neg.default,
    aten.reciprocal.default, aten.square.default, aten.exp.default, aten.eq.Tensor, aten.ne.Tensor,
    aten.where.self, aten.sum.default, aten.sum.dim_IntList, aten.mean.default, aten.mean.dim,
    aten.matmul.default, aten.mm.default, aten.bmm.default,
    aten.to.dtype, aten._to_copy.default, aten.contiguous.default, aten.clone.default,
    aten.alias.default, aten.detach.default, aten.lift_fresh_copy.default,
    aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.flatten.using_ints,
    aten.unflatten.int, aten.unsqueeze.default, aten.squeeze.default, aten.squeeze.dim,
    aten.permute.default, aten.transpose.int, aten.t.default, aten.flip.default, aten.roll.default,
    aten.expand.default, aten.expand_as.default, aten.repeat.default, aten.cat.default,
    aten.stack.default, aten.slice.Tensor, aten.narrow.default, aten.select.int,
    aten.split.Tensor, aten.split_with_sizes.default, aten.chunk.default, aten.unbind.int,
    aten.index.Tensor, aten.index_select.default, aten.embedding.default,
    aten.ones_like.default, aten.zeros_like.default, aten.full_like.default, aten.full.default,
    aten.zeros.default, aten.ones.default, aten.scalar_tensor.default,
})  # fmt: skip
"""Ops of other families whose rules are right for complex numbers too; any other is refused them."""

TAKES_COMPLEX = OF_ANY_NUMBERS | {op for op, _ in RULES}


def of_reals(rule: Rule) -> Rule:
    """A rule that refuses complex numbers: written without a thought of them, it might be wrong."""

    @functools.wraps(rule)
    def lower(ctx: LoweringContext, *args: Any, **kwargs: Any) -> Lowered:
        nodes = (ctx.node, *ctx.node.all_input_nodes)
        fakes = [fake for node in nodes for fake in items_of(value_of(node)) or [value_of(node)]]
        if any(isinstance(fake, torch.Tensor) and fake.is_complex() for fake in fakes):
            raise ctx.refuse("of complex numbers")
        return rule(ctx, *args, **kwargs)

    return lower
