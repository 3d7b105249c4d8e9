"""Products: what happens to their operands first and they could do themselves, and those that add nothing up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, stablehlo
from litewright.compiler.ir.types import array_of, dense, dtype_of, element_of, rank_of, shape_of
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from ..layout.roles import copy_of
from ..splats import is_number
from .movement import made_by


def _numbers(op: ir.OpView) -> stablehlo.DotDimensionNumbers:
    return stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])


@rule("stablehlo.dot_general")
def transposed_matrix(op: ir.OpView, context: RuleContext) -> Outcome:
    """x @ transpose(y) -> x @ y, added up along the other dimension of y."""
    turned = made_by(op.operands[1], "transpose")
    if turned is None:
        return decline("the right operand is not transposed")
    numbers = _numbers(op)
    permutation = hlo.ints(turned, "permutation")
    batching = list(numbers.rhs_batching_dimensions)
    contracting = list(numbers.rhs_contracting_dimensions)
    if any(permutation[axis] != axis for axis in batching):
        return decline("batches are transposed too")
    free = [permutation[i] for i in range(len(permutation)) if i not in {*batching, *contracting}]
    if free != sorted(free):
        return decline("what is left of the right operand would be in another order")
    lhs = list(numbers.lhs_batching_dimensions), list(numbers.lhs_contracting_dimensions)
    return hlo.dot_general(
        op.operands[0],
        turned.operands[0],
        batching=(lhs[0], batching),
        contracting=(lhs[1], [permutation[axis] for axis in contracting]),
    )


@rule("stablehlo.dot_general")
def outer_product(op: ir.OpView, context: RuleContext) -> Outcome:
    """x @ y -> x * y where only dimensions of size 1 are added up: angles are positions by frequencies."""
    numbers = _numbers(op)
    x, y = op.operands
    if any(shape_of(x)[axis] != 1 for axis in numbers.lhs_contracting_dimensions):
        return decline("products are added up")
    if element_of(x) != element_of(op.results[0]):
        return decline("the result has another type")
    left = list(numbers.lhs_batching_dimensions), list(numbers.lhs_contracting_dimensions)
    right = list(numbers.rhs_batching_dimensions), list(numbers.rhs_contracting_dimensions)
    batches, shape = len(left[0]), shape_of(op.results[0])
    free = rank_of(x) - batches - len(left[1])
    one, other = _ordered(x, *left), _ordered(y, *right)
    first = hlo.broadcast_in_dim(one, shape, range(batches + free))
    second = hlo.broadcast_in_dim(
        other, shape, [*range(batches), *range(batches + free, len(shape))]
    )
    return hlo.multiply(first, second)


def _ordered(x: ir.Value, batching: Sequence[int], contracting: Sequence[int]) -> ir.Value:
    """x with its batching dimensions first, then its free ones; those added up are gone."""
    free = [axis for axis in range(rank_of(x)) if axis not in {*batching, *contracting}]
    turned = hlo.transpose(x, [*batching, *free, *contracting])
    return hlo.reshape(turned, shape_of(turned)[: len(batching) + len(free)])


@rule("stablehlo.convolution")
def padded_convolution(op: ir.OpView, context: RuleContext) -> Outcome:
    """convolution(pad(x, 0)) -> a convolution that pads more."""
    padded = made_by(op.operands[0], "pad")
    if padded is None:
        return decline("the operand is not padded")
    if not is_number(padded.operands[1], 0) or any(hlo.ints(padded, "interior_padding")):
        return decline("it is padded with something other than zeros around it")
    numbers = stablehlo.ConvDimensionNumbers(op.attributes["dimension_numbers"])
    spatial = list(numbers.input_spatial_dimensions)
    low, high = hlo.ints(padded, "edge_padding_low"), hlo.ints(padded, "edge_padding_high")
    if any((low[i], high[i]) != (0, 0) for i in range(len(low)) if i not in spatial):
        return decline("images or channels are added")
    if "lhs_dilation" in op.attributes and set(hlo.ints(op, "lhs_dilation")) != {1}:
        return decline("the convolution spreads its input")
    added = np.array([[low[axis], high[axis]] for axis in spatial], np.int64)
    own = op.attributes.get("padding")
    padding = added if own is None else added + array_of(own)
    if (padding < 0).any():
        return decline("it would be cut")
    kinds = [result.type for result in op.results]
    operands = [padded.operands[0], op.operands[1]]
    return copy_of(op, operands, kinds, padding=dense(padding))


# ---- reductions ----------------------------------------------------------------------------------

_NEUTRAL: dict[str, float] = {
    "stablehlo.add": 0, "stablehlo.multiply": 1, "stablehlo.or": 0, "stablehlo.and": 1,
}  # fmt: skip


def _starts_from_nothing(op: ir.OpView) -> bool:
    """Whether a reduction of one value starts from the neutral element of what it folds with."""
    kind = hlo.reduction_kind(op)
    if kind is None or len(op.results) != 1:
        return False
    dtype, initial = dtype_of(op.results[0]), op.operands[1]
    if kind in {"stablehlo.maximum", "stablehlo.minimum"}:
        return is_number(initial, _limit(dtype, lowest=kind == "stablehlo.maximum"))
    if kind in {"stablehlo.or", "stablehlo.and"} and dtype.kind != "b":
        return False
    return kind in _NEUTRAL and is_number(initial, _NEUTRAL[kind])


def _limit(dtype: np.dtype[np.generic], *, lowest: bool) -> float:
    if dtype.kind == "b":
        return not lowest
    if dtype.kind in "iu":
        limits = np.iinfo(dtype.name)
        return limits.min if lowest else limits.max
    return -np.inf if lowest else np.inf


@rule("stablehlo.reduce")
def reduction_of_ones(op: ir.OpView, context: RuleContext) -> Outcome:
    """A reduction of dimensions of size 1 is a reshape."""
    shape = shape_of(op.operands[0])
    if any(shape[axis] != 1 for axis in hlo.ints(op, "dimensions")):
        return decline("several elements are reduced to one")
    if not _starts_from_nothing(op):
        return decline("it does not start from a neutral number")
    return hlo.reshape(op.operands[0], shape_of(op.results[0]))


@rule("stablehlo.reduce")
def merged_reduction(op: ir.OpView, context: RuleContext) -> Outcome:
    """sum(sum(x)) -> one sum over the dimensions of both."""
    inner = made_by(op.operands[0], "reduce")
    if inner is None:
        return decline("the operand is no reduction")
    if hlo.reduction_kind(inner) != hlo.reduction_kind(op) or not _starts_from_nothing(inner):
        return decline("the two fold with different ops, or start from some number")
    if not _starts_from_nothing(op) or not hlo.has_one_use(op.operands[0]):
        return decline(
            "the inner result is read elsewhere too, or the outer one starts from some number"
        )
    first = hlo.ints(inner, "dimensions")
    left = [axis for axis in range(rank_of(inner.operands[0])) if axis not in first]
    axes = sorted([*first, *(left[axis] for axis in hlo.ints(op, "dimensions"))])
    kinds = [op.results[0].type]
    attribute = ir.DenseI64ArrayAttr.get(axes)
    return copy_of(op, [inner.operands[0], op.operands[1]], kinds, dimensions=attribute)


RULES: Sequence[Rule] = (
    transposed_matrix,
    outer_product,
    padded_convolution,
    reduction_of_ones,
    merged_reduction,
)
