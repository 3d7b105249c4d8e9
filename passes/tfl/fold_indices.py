"""Integers that are known already: arithmetic on constant indices, and GATHERs at known places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.tfl.shorthand import integers, reshape, slice_of
from litewright.compiler.ir.types import dtype_of, shape_of
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline, rule

_COMPUTED: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "tfl.add": np.add,
        "tfl.sub": np.subtract,
        "tfl.mul": np.multiply,
        "tfl.maximum": np.maximum,
        "tfl.minimum": np.minimum,
        "tfl.cast": np.array,
    }
)


@rule(*_COMPUTED)
def known_integers(op: ir.OpView, context: RuleContext) -> Outcome:
    """maximum(dense<4>, dense<0>) -> dense<4>."""
    dtype = dtype_of(op.results[0])
    if dtype.kind != "i" or any(dtype_of(operand).kind != "i" for operand in op.operands):
        return decline("the numbers are no integers")
    arrays = [array for each in op.operands if (array := tfl.constant_of(each)) is not None]
    if len(arrays) != len(op.operands):
        return decline("an operand is computed at run time")
    if op_name(op) == "tfl.cast" and not (arrays[0] == arrays[0].astype(dtype)).all():
        return decline("a number does not fit")
    if tfl.attributes_of(op).get("fused_activation_function", "NONE") != "NONE":
        return decline("an activation is fused")
    return tfl.constant(_COMPUTED[op_name(op)](*arrays).astype(dtype))


@rule("tfl.gather")
def known_places(op: ir.OpView, context: RuleContext) -> Outcome:
    """gather(x, [4, 5]) -> slice(x, from 4, 2 of them)."""
    x, places = op.operands[0], integers(op.operands[1])
    if places is None:
        return decline("the places are computed at run time")
    if tfl.attribute(op, "batch_dims") or len(shape_of(op.operands[1])) > 1:
        return decline("the places are no list")
    axis: int = tfl.attribute(op, "axis") % len(shape_of(x))
    first = places[0] if places else -1
    inside = 0 <= first <= shape_of(x)[axis] - len(places)
    if not inside or places != list(range(first, first + len(places))):
        return decline("the places are no run", places)
    begin, size = [0] * len(shape_of(x)), list(shape_of(x))
    begin[axis], size[axis] = places[0], len(places)
    return reshape(slice_of(x, begin, size), shape_of(op.results[0]))


@dataclass(frozen=True)
class FoldIndices(RewritePass):
    """Computes integers that are known, and reads a run of known places by SLICE.

    Legalisation brings indices into range and to 32 bits by ops, most of which are known in advance. No
    delegate takes integer arithmetic or GATHER, but SLICE it does.

    Before::

        %1 = "tfl.maximum"(dense<4> : tensor<1xi32>, dense<0> : tensor<i32>)
        %2 = "tfl.gather"(%x, %1) {axis = 1 : i32, batch_dims = 0 : i32} : -> tensor<3x1x8xf32>

    After::

        %2 = "tfl.slice"(%x, dense<[0, 4, 0]>, dense<[3, 1, 8]>) : -> tensor<3x1x8xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (known_integers, known_places)
