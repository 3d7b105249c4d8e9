"""dot_general: FULLY_CONNECTED where the right operand is known, else BATCH_MATMUL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import Array, ir, op_name, stablehlo
from litewright.compiler.ir.program import Program, weight_symbol
from litewright.compiler.ir.tfl.shorthand import reshape, transpose
from litewright.compiler.ir.types import element_count, element_of, rank_of, shape_of, tensor_type
from litewright.compiler.weights import Transpose
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule


@dataclass(frozen=True, slots=True)
class _Dimensions:
    """The dimension numbers of a dot_general."""

    lhs_batching: tuple[int, ...]
    rhs_batching: tuple[int, ...]
    lhs_contracting: tuple[int, ...]
    rhs_contracting: tuple[int, ...]


def _dimensions(op: ir.OpView) -> _Dimensions:
    numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
    return _Dimensions(
        tuple(numbers.lhs_batching_dimensions),
        tuple(numbers.rhs_batching_dimensions),
        tuple(numbers.lhs_contracting_dimensions),
        tuple(numbers.rhs_contracting_dimensions),
    )


def _free(value: ir.Value, taken: Sequence[int]) -> list[int]:
    return [i for i in range(rank_of(value)) if i not in set(taken)]


def constant_array(value: ir.Value) -> Array | None:
    """The numbers of a constant of either dialect."""
    array = hlo.constant_of(value)
    return tfl.constant_of(value) if array is None else array


def _multiplies_alike(op: ir.OpView, contracting: int) -> bool:
    """Whether an op is a plain matrix product that contracts the same dimension of its right operand."""
    if op_name(op) != "stablehlo.dot_general":
        return False
    dimensions = _dimensions(op)
    return not dimensions.rhs_batching and dimensions.rhs_contracting == (contracting,)


def _has_one_form(program: Program, symbol: str, contracting: int) -> bool:
    """Whether every reader of a weight, in every signature, multiplies by it in the same way."""
    for function in program.functions():
        for argument in function.arguments:
            if weight_symbol(argument) != symbol:
                continue
            for use in argument.uses:
                if use.operand_number != 1 or not _multiplies_alike(use.owner, contracting):
                    return False
    return True


def _filter(op: ir.OpView, context: RuleContext, contracting: int) -> ir.Value | None:
    """The right operand as the [N, K] filter of a FULLY_CONNECTED, if it is known and may be so."""
    rhs = op.operands[1]
    if contracting == 1:
        return rhs if tfl.is_constant(rhs) or constant_array(rhs) is not None else None
    array = constant_array(rhs)
    if array is not None:
        return tfl.constant(np.ascontiguousarray(array.T))
    symbol = weight_symbol(rhs)
    if symbol is None or not _has_one_form(context.program, symbol, contracting):
        return None
    turned = Transpose(context.program.weights.expression(symbol), (1, 0))
    return context.program.weight_argument(context.function, turned)


@rule("stablehlo.dot_general")
def fully_connected(op: ir.OpView, context: RuleContext) -> Outcome:
    """x @ w, w known and of rank 2 -> FULLY_CONNECTED; a leading product of dimensions stays as it is."""
    lhs, rhs = op.operands
    d = _dimensions(op)
    if d.rhs_batching or rank_of(rhs) != 2 or len(d.rhs_contracting) != 1 or rank_of(lhs) < 1:
        return decline("the right operand is no matrix")
    if str(element_of(lhs)) != "f32":
        return decline("FULLY_CONNECTED computes in f32", element_of(lhs))
    matrix = _filter(op, context, d.rhs_contracting[0])
    if matrix is None:
        return decline("the right operand is computed at run time, or read in two forms")
    free = _free(lhs, d.lhs_contracting)
    x = transpose(lhs, [*free, d.lhs_contracting[0]])
    shape = shape_of(op.results[0])
    if rank_of(x) == 1:
        x = reshape(x, [1, *shape_of(x)])
    kind = tensor_type([*shape_of(x)[:-1], shape_of(matrix)[0]], element_of(x))
    product = tfl.emit("fully_connected", [x, matrix, None], kind, keep_num_dims=rank_of(x) > 2)
    return reshape(product, shape)


@rule("stablehlo.dot_general")
def batch_matmul(op: ir.OpView, context: RuleContext) -> Outcome:
    """Any contraction -> BATCH_MATMUL, with as few TRANSPOSEs around as the order of dimensions needs."""
    lhs, rhs = op.operands
    if str(element_of(lhs)) != "f32":
        return decline("BATCH_MATMUL computes in f32", element_of(lhs))
    d = _dimensions(op)
    left_free = _free(lhs, (*d.lhs_batching, *d.lhs_contracting))
    right_free = _free(rhs, (*d.rhs_batching, *d.rhs_contracting))
    batch = [shape_of(lhs)[i] for i in d.lhs_batching]
    depth = element_count(shape_of(lhs)[i] for i in d.lhs_contracting)
    rows = element_count(shape_of(lhs)[i] for i in left_free)
    columns = element_count(shape_of(rhs)[i] for i in right_free)
    x = transpose(lhs, [*d.lhs_batching, *left_free, *d.lhs_contracting])
    # [..., N, K] costs nothing beside [..., K, N]: take the one that needs no transpose.
    plain = [*d.rhs_batching, *d.rhs_contracting, *right_free]
    adjoint = plain != list(range(rank_of(rhs)))
    y = transpose(rhs, [*d.rhs_batching, *right_free, *d.rhs_contracting] if adjoint else plain)
    outer = _outer(batch)
    x = reshape(x, [*outer, rows, depth])
    y = reshape(y, [*outer, columns, depth] if adjoint else [*outer, depth, columns])
    kind = tensor_type([*outer, rows, columns], element_of(x))
    product = tfl.emit("batch_matmul", [x, y], kind, adj_x=False, adj_y=adjoint)
    return reshape(product, shape_of(op.results[0]))


def _outer(batch: Sequence[int]) -> list[int]:
    """Batch dimensions as BATCH_MATMUL takes them: three at the most."""
    return list(batch) if len(batch) <= 3 else [element_count(batch)]


RULES: tuple[Rule, ...] = (fully_connected, batch_matmul)
