"""Removal of RESHAPEs and TRANSPOSEs that undo, repeat or hide one another, or move a constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.tfl.shorthand import defined_by, permutation_of, reshape, transpose
from litewright.compiler.ir.types import element_of, rank_of, shape_of, tensor_type
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.reshape")
def merge_reshapes(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(reshape(x)) -> reshape(x); a reshape to the same shape goes."""
    x, shape = op.operands[0], shape_of(op.results[0])
    if shape_of(x) == shape:
        return x
    inner = defined_by(x, "reshape")
    if inner is None:
        return decline("the operand is no RESHAPE")
    return reshape(inner.operands[0], shape)


@rule("tfl.transpose")
def merge_transposes(op: ir.OpView, context: RuleContext) -> Outcome:
    """transpose(transpose(x)) -> one transpose, or none."""
    outer = permutation_of(op)
    inner = defined_by(op.operands[0], "transpose")
    first = permutation_of(inner) if inner is not None else None
    if inner is None or outer is None or first is None:
        return decline("the operand is no TRANSPOSE by a constant")
    return transpose(inner.operands[0], [first[i] for i in outer])


@rule("tfl.transpose")
def transpose_of_ones_is_reshape(op: ir.OpView, context: RuleContext) -> Outcome:
    """A transpose that only moves dimensions of size 1 moves no element: it is a reshape."""
    permutation = permutation_of(op)
    if permutation is None:
        return decline("the permutation is not constant")
    shape = shape_of(op.operands[0])
    moved = [i for i in permutation if shape[i] != 1]
    if moved != sorted(moved):
        return decline("dimensions larger than 1 trade places", shape, permutation)
    return reshape(op.operands[0], shape_of(op.results[0]))


@rule("tfl.squeeze", "tfl.expand_dims")
def ones_by_reshape(op: ir.OpView, context: RuleContext) -> Outcome:
    """squeeze(x) and expand_dims(x) -> reshape(x), which the delegate takes."""
    return reshape(op.operands[0], shape_of(op.results[0]))


@rule("tfl.reshape", "tfl.transpose")
def moved_constant(op: ir.OpView, context: RuleContext) -> Outcome:
    """reshape(constant) -> constant."""
    array = tfl.constant_of(op.operands[0])
    if array is None:
        return decline("the operand is no constant")
    if op_name(op) == "tfl.reshape":
        return tfl.constant(array.reshape(shape_of(op.results[0])))
    permutation = permutation_of(op)
    if permutation is None:
        return decline("the permutation is not constant")
    return tfl.constant(np.ascontiguousarray(array.transpose(permutation)))


@rule("tfl.fully_connected")
def rows_as_they_are(op: ir.OpView, context: RuleContext) -> Outcome:
    """fully_connected(reshape(x)) -> reshape(fully_connected(x)), where only rows are counted otherwise."""
    flat = defined_by(op.operands[0], "reshape")
    if flat is None:
        return decline("the operand is no RESHAPE")
    x, rows = flat.operands[0], shape_of(flat.results[0])
    if rank_of(x) < 2 or shape_of(x)[-1] != rows[-1]:
        return decline("the reshape changes what is multiplied", shape_of(x), rows)
    if not hlo.has_one_use(flat.results[0]):
        return decline("the reshaped value is read elsewhere too")
    result = op.results[0]
    attributes = {**tfl.attributes_of(op), "keep_num_dims": rank_of(x) > 2}
    kind = tensor_type([*shape_of(x)[:-1], shape_of(result)[-1]], element_of(result))
    product = tfl.emit("fully_connected", [x, *list(op.operands)[1:]], kind, **attributes)
    return reshape(product, shape_of(result))


@dataclass(frozen=True)
class SimplifyShapes(RewritePass):
    """Merges chains of RESHAPE and of TRANSPOSE, and turns a TRANSPOSE that moves nothing to a RESHAPE.

    SQUEEZE and EXPAND_DIMS, of which each ends a delegate partition, are RESHAPEs.
    A RESHAPE that flattens rows for a FULLY_CONNECTED moves behind it, where it meets the one that restores
    them: GPT-2 loses two copies of its activations at each of its four projections a layer.

    Before::

        %1 = "tfl.transpose"(%0, dense<[0, 2, 1, 3]>) : (tensor<1x1x4x8xf32>) -> tensor<1x4x1x8xf32>
        %2 = "tfl.reshape"(%1, ...) : -> tensor<4x8xf32>

    After::

        %2 = "tfl.reshape"(%0, ...) : -> tensor<4x8xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (
            ones_by_reshape,
            moved_constant,
            merge_reshapes,
            merge_transposes,
            transpose_of_ones_is_reshape,
            rows_as_they_are,
        )
