"""MUL by a constant per output channel folded into the weights before it: batch-norms, 1 / sqrt(H)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.program import Program, body_of, owner_function, weight_symbol
from litewright.compiler.ir.types import shape_of
from litewright.compiler.weights import Binary
from litewright.compiler.weights.integers import holds_integers
from litewright.passes.core import Decline, FoldingPass, decline

from .fuse_biases import BIASED, per_channel
from .matrices import Matrix, matrix_of, reads_of

_CHANNEL_FIRST = frozenset({"tfl.fully_connected", "tfl.conv_2d"})


@dataclass(frozen=True, slots=True)
class _Scaled:
    """A product, the MUL that scales it, and the factor per output channel."""

    product: ir.OpView
    scaling: ir.OpView
    factor: Array

    @property
    def matrix(self) -> Matrix:
        """What the product multiplies by."""
        matrix = matrix_of(self.product.operands[1])
        assert matrix is not None, "found with a matrix"
        return matrix


def _scaled(op: ir.OpView) -> _Scaled | Decline:
    """The product that a MUL scales by a constant, or why it is not to be folded."""
    for number in (0, 1):
        product = hlo.producer(op.operands[number])
        if product is not None and op_name(product) in BIASED:
            return _product(op, product, op.operands[1 - number])
    return decline("no operand is a FULLY_CONNECTED or convolution")


def _product(op: ir.OpView, product: ir.OpView, other: ir.Value) -> _Scaled | Decline:
    value = product.results[0]
    if not hlo.has_one_use(value):
        return decline("the product is read elsewhere too")
    if tfl.attribute(product, "fused_activation_function") != "NONE":
        return decline("an activation stands between the product and the factor")
    factor = per_channel(other, shape_of(value)[-1])
    if factor is None:
        return decline("the factor is no constant per channel")
    if shape_of(op.results[0]) != shape_of(value):
        return decline("the factor spreads the product")
    bias = product.operands[2]
    if not tfl.is_no_value(bias) and tfl.constant_of(bias) is None:
        return decline("the bias is no constant")
    if matrix_of(product.operands[1]) is None:
        return decline("the matrix is computed from inputs")
    return _Scaled(product, op, factor)


def _outcomes(program: Program) -> list[tuple[ir.OpView, _Scaled | Decline]]:
    """What to fold, and why not, for every MUL: what is read by symbol has one form in all signatures."""
    outcomes = [
        (op, _scaled(op))
        for function in program.functions()
        for op in body_of(function).operations
        if op_name(op) == "tfl.mul"
    ]
    reads = reads_of(program)
    factors: dict[Matrix, list[bytes]] = {}
    for _, each in outcomes:
        if isinstance(each, _Scaled):
            factors.setdefault(each.matrix, []).append(each.factor.tobytes())
    shared = decline("the matrix is read elsewhere as it is, or scaled otherwise")
    return [
        (
            op,
            each
            if isinstance(each, Decline) or _has_one_form(program, each, reads, factors)
            else shared,
        )
        for op, each in outcomes
    ]


def _has_one_form(
    program: Program, each: _Scaled, reads: Counter[str], factors: dict[Matrix, list[bytes]]
) -> bool:
    """Whether all readers of a weight scale it alike; a constant is small and may have several forms."""
    if not isinstance(each.matrix, str):
        return True
    # Integers of a checkpoint have the scales that go with them, and stay as they are.
    if holds_integers(program.weights, program.weights.expression(each.matrix)):
        return False
    found = factors[each.matrix]
    return len(found) == reads[each.matrix] and len(set(found)) == 1


def _fold(program: Program, each: _Scaled) -> None:
    product = each.product
    name = op_name(product)
    matrix = product.operands[1]
    rank = len(shape_of(matrix))
    shape = (-1, *([1] * (rank - 1))) if name in _CHANNEL_FIRST else (*([1] * (rank - 1)), -1)
    factor = np.ascontiguousarray(each.factor.reshape(shape))
    # In the place of the product: the order of projections is that of the model.
    with ir.InsertionPoint(product), product.location:
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
class FoldScales(FoldingPass[_Scaled]):
    """Folds a MUL by a constant per output channel into the weights and the bias before it.

    The weights' new form is a pending expression; no bytes are touched. A weight that another signature
    reads unscaled, or scaled otherwise, stays as it is.

    Before::

        %1 = "tfl.conv_2d"(%x, %w, %b)
        %2 = "tfl.mul"(%1, dense<...> : tensor<16xf32>)

    After::

        %2 = "tfl.conv_2d"(%x, %w_scaled, %b_scaled)
    """

    def outcomes(self, program: Program) -> list[tuple[ir.OpView, _Scaled | Decline]]:
        """See `FoldingPass.outcomes`; of every MUL."""
        return _outcomes(program)

    def fold(self, program: Program, op: ir.OpView, found: _Scaled) -> None:
        """See `FoldingPass.fold`."""
        del op
        _fold(program, found)
