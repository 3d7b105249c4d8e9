"""NEGs of parts that are joined and then multiplied, folded into what they are multiplied by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.tfl.shorthand import binary, defined_by, reshape
from litewright.compiler.ir.types import dtype_of, element_count, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.mul")
def sign_into_factor(op: ir.OpView, context: RuleContext) -> Outcome:
    """mul(concatenation(neg(x), y), z) -> mul(concatenation(x, y), mul(z, [-1, ..., 1, ...]))."""
    found = _joined(op.operands[0]), _joined(op.operands[1])
    number = 0 if found[0] is not None else 1
    joined, value, factor = found[number], op.operands[number], op.operands[1 - number]
    if joined is None:
        return decline("no operand is a CONCATENATION")
    if not any(_is_negated(part) for part in joined.operands):
        return decline("no part of the CONCATENATION is a NEG that nothing else reads")
    if not hlo.has_one_use(value) or not hlo.has_one_use(joined.results[0]):
        return decline("the joined value is read elsewhere too")
    signs = _signs(joined, shape_of(value))
    if signs is None:
        return decline("the reshape mixes the joined dimension with those before it")
    spread = np.broadcast_shapes(shape_of(factor), signs.shape)
    if element_count(spread) > element_count(shape_of(value)):
        return decline("the factor is larger than what it multiplies")
    parts = [_without_negation(part) for part in joined.operands]
    plain = tfl.emit("concatenation", parts, joined.results[0].type, **tfl.attributes_of(joined))
    operands = [reshape(plain, shape_of(value)), _signed(factor, signs)]
    return tfl.emit("mul", operands, op.results[0].type, **tfl.attributes_of(op))


def _joined(value: ir.Value) -> ir.OpView | None:
    """The CONCATENATION that a value is, or is a RESHAPE of."""
    flat = defined_by(value, "reshape")
    return defined_by(value if flat is None else flat.operands[0], "concatenation")


def _negation(part: ir.Value) -> ir.OpView | None:
    """The NEG that a part is, or is a RESHAPE of, if nothing else reads it."""
    moved = defined_by(part, "reshape") if hlo.has_one_use(part) else None
    value = part if moved is None else moved.operands[0]
    return defined_by(value, "neg") if hlo.has_one_use(value) else None


def _is_negated(part: ir.Value) -> bool:
    return _negation(part) is not None


def _without_negation(part: ir.Value) -> ir.Value:
    negation = _negation(part)
    return part if negation is None else reshape(negation.operands[0], shape_of(part))


def _signs(joined: ir.OpView, shape: Sequence[int]) -> Array | None:
    """-1 where a part is negated, else 1, over the dimensions of `shape` from the joined one on.

    Args:
        joined: the CONCATENATION.
        shape: of the value, which may be flattened from the joined dimension on, or from one before.
    """
    before = shape_of(joined.results[0])
    axis: int = tfl.attribute(joined, "axis") % len(before)
    lengths: list[int] = [shape_of(part)[axis] for part in joined.operands]
    numbers = [-1 if _is_negated(part) else 1 for part in joined.operands]
    signs = np.repeat(np.array(numbers, dtype_of(joined.results[0])), lengths)
    signs = signs.reshape(-1, *([1] * (len(before) - axis - 1)))
    if tuple(shape) == before:
        return signs
    for first in range(axis, -1, -1):
        if tuple(shape) == (*before[:first], element_count(before[first:])):
            return np.broadcast_to(signs, before[first:]).reshape(-1)
    return None


def _signed(factor: ir.Value, signs: Array) -> ir.Value:
    array = tfl.constant_of(factor)
    if array is None:
        return binary("mul", factor, tfl.constant(np.ascontiguousarray(signs)))
    return tfl.constant((array * signs).astype(array.dtype))


@dataclass(frozen=True)
class FoldNegations(RewritePass):
    """Folds the sign of joined parts into the factor that the joined value is multiplied by.

    Rotary embedding multiplies `[-second half, first half]` by a table of sines in every layer, for queries
    and for keys. The table with the sign in it is one for all of them: a NEG less for each, and one MUL
    of the table more in the graph, or none where the table is constant.

    Before::

        %n = "tfl.neg"(%second) : (tensor<1x4x8x4xf32>) -> tensor<1x4x8x4xf32>
        %j = "tfl.concatenation"(%n, %first) {axis = 3 : i32}
        %r = "tfl.mul"(%j, %sin) : (tensor<1x4x8x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8x8xf32>

    After::

        %s = "tfl.mul"(%sin, dense<[-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, 1.0]> : tensor<8xf32>)
        %j = "tfl.concatenation"(%second, %first) {axis = 3 : i32}
        %r = "tfl.mul"(%j, %s) : (tensor<1x4x8x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8x8xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (sign_into_factor,)
