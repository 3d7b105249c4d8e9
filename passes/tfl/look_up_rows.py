"""Rows of a table, gathered, as a look-up in it: the op that reads integers and hands out floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import weight_symbol
from litewright.compiler.ir.tfl.shorthand import binary, cast, reshape
from litewright.compiler.ir.types import (
    DYNAMIC,
    element_of,
    element_type,
    rank_of,
    shape_of,
    tensor_type,
)
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule


@rule("tfl.gather")
def rows_of_table(op: ir.OpView, context: RuleContext) -> Outcome:
    """gather(table, places) {axis = 0} -> embedding_lookup(places, table).

    Both are errors at run time where a place lies outside of the table.
    """
    table, places = op.operands
    if weight_symbol(table) is None and tfl.constant_of(table) is None:
        return decline("the table is computed at run time")
    if str(element_of(table)) != "f32" or rank_of(table) < 2:
        return decline("the table has no rows of 32-bit floats")
    axis: int = tfl.attribute(op, "axis")
    if axis % rank_of(table) or tfl.attribute(op, "batch_dims"):
        return decline("what is gathered are no rows")
    if DYNAMIC in shape_of(places):
        return decline("the places are of unknown number")
    flat = reshape(_narrow(places, shape_of(table)[0]), [int(np.prod(shape_of(places)))])
    kind = tensor_type([*shape_of(flat), *shape_of(table)[1:]], element_of(table))
    return reshape(tfl.emit("embedding_lookup", [flat, table], kind), shape_of(op.results[0]))


def _narrow(places: ir.Value, rows: int) -> ir.Value:
    """Places of 32 bits; those that lie outside stay outside."""
    if str(element_of(places)) == "i64":
        places = binary("maximum", places, tfl.constant(np.array(-1, np.int64)))
        places = binary("minimum", places, tfl.constant(np.array(rows, np.int64)))
    return cast(places, element_type("i32"))


@dataclass(frozen=True)
class LookUpRows(RewritePass):
    """Gathers rows of a table that is known by looking them up: so the table can be quantised.

    Before:
        %0 = "tfl.gather"(%table, %i) {axis = 0 : i32, batch_dims = 0 : i32}
               : (tensor<300x64xf32>, tensor<7xi32>) -> tensor<7x64xf32>
    After:
        %0 = "tfl.embedding_lookup"(%i, %table) : (tensor<7xi32>, tensor<300x64xf32>) -> tensor<7x64xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (rows_of_table,)
