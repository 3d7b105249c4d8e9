"""MUL by a constant per output channel folded into the weights before it: batch-norms, 1 / sqrt(H)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.program import Program, body_of, owner_function, weight_symbol
from litewright.compiler.ir.types import shape_of
from litewright.compiler.weights import Binary
from litewright.passes.core import Pass, remove_dead

from .fuse_biases import BIASED, per_channel

_CHANNEL_FIRST = frozenset({"tfl.fully_connected", "tfl.conv_2d"})


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A product, the MUL that scales it, and the factor per output channel."""

    product: ir.OpView
    scaling: ir.OpView
    factor: Array


def _scaled(op: ir.OpView) -> _Scaled | None:
    """The product that a MUL scales by a constant, if it may be folded."""
    if op_name(op) != "tfl.mul":
        return None
    for number in (0, 1):
        value, other = op.operands[number], op.operands[1 - number]
        product = hlo.producer(value)
        if product is None or op_name(product) not in BIASED or not hlo.has_one_use(value):
            continue
        if tfl.attribute(product, "fused_activation_function") != "NONE":
            continue
        bias = product.operands[2]
        factor = per_channel(other, shape_of(value)[-1])
        known = tfl.is_no_value(bias) or tfl.constant_of(bias) is not None
        if factor is not None and known and shape_of(op.results[0]) == shape_of(value):
            return _Scaled(product, op, factor)
    return None


def _all(program: Program) -> Iterator[_Scaled]:
    for function in program.functions():
        for op in body_of(function).operations:
            found = _scaled(op)
            if found is not None:
                yield found


def _foldable(program: Program) -> list[_Scaled]:
    """What is scaled alike wherever its weights are read, so that one form of them serves all."""
    found = list(_all(program))
    uses: dict[str, int] = {}
    for function in program.functions():
        for argument in function.arguments:
            symbol = weight_symbol(argument)
            if symbol is not None:
                uses[symbol] = uses.get(symbol, 0) + sum(1 for _ in argument.uses)
    factors: dict[str, list[bytes]] = {}
    for each in found:
        symbol = weight_symbol(each.product.operands[1])
        if symbol is not None:
            factors.setdefault(symbol, []).append(each.factor.tobytes())
    return [each for each in found if _is_foldable(each, uses, factors)]


def _is_foldable(each: _Scaled, uses: dict[str, int], factors: dict[str, list[bytes]]) -> bool:
    matrix = each.product.operands[1]
    symbol = weight_symbol(matrix)
    if symbol is None:
        return tfl.constant_of(matrix) is not None
    return len(factors[symbol]) == uses[symbol] and len(set(factors[symbol])) == 1


def _fold(program: Program, each: _Scaled) -> None:
    product = each.product
    name = op_name(product)
    matrix = product.operands[1]
    rank = len(shape_of(matrix))
    shape = (-1, *([1] * (rank - 1))) if name in _CHANNEL_FIRST else (*([1] * (rank - 1)), -1)
    factor = np.ascontiguousarray(each.factor.reshape(shape))
    with ir.InsertionPoint(each.scaling), product.location:
        symbol, array = weight_symbol(matrix), tfl.constant_of(matrix)
        if symbol is not None:
            weights = program.weights
            expression = Binary("multiply", weights.expression(symbol), weights.literal(factor))
            scaled = program.weight_argument(owner_function(product.results[0]), expression)
        else:
            assert array is not None, "a matrix is a weight or a constant here"
            scaled = tfl.constant(array * factor)
        bias = tfl.constant_of(product.operands[2])
        new_bias = product.operands[2] if bias is None else tfl.constant(bias * each.factor)
        attributes = tfl.attributes_of(product)
        attributes["fused_activation_function"] = tfl.attribute(
            each.scaling, "fused_activation_function"
        )
        operands = [product.operands[0], scaled, new_bias]
        kind = each.scaling.results[0].type
        result = tfl.emit(name.removeprefix("tfl."), operands, kind, **attributes)
    each.scaling.results[0].replace_all_uses_with(result)


@dataclass(frozen=True)
class FoldScales(Pass[Program]):
    """Folds a MUL by a constant per output channel into the weights and the bias before it.

    The weights' new form is a pending expression; no bytes are touched. A weight that another signature
    reads unscaled, or scaled otherwise, stays as it is.

    Before:
        %1 = "tfl.conv_2d"(%x, %w, %b)
        %2 = "tfl.mul"(%1, dense<...> : tensor<16xf32>)
    After:
        %2 = "tfl.conv_2d"(%x, %w_scaled, %b_scaled)
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        changed = False
        while found := _foldable(unit):
            for each in found:
                _fold(unit, each)
            remove_dead(unit)
            changed = True
        return changed
