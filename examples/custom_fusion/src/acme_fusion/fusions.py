"""A fusion: the distance of two values, from the larger and the smaller of them."""

import litewright
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.passes.core import (
    Decline,
    Match,
    Operation,
    Operations,
    PatternRule,
    Variable,
    decline,
)


class FuseDistance(PatternRule):
    """maximum(x, y) - minimum(x, y) -> abs(x - y)."""

    def pattern(self, op: Operations, x: Variable, y: Variable) -> Operation:
        return op.tfl.sub(op.tfl.maximum(x, y), op.tfl.minimum(x, y))

    def check(self, found: Match) -> Decline | None:
        # Two that broadcast would become one difference of the larger shape all the same; kept simple here.
        if found.shape("x") != found.shape("y"):
            return decline("x and y are of two shapes", found.shape("x"), found.shape("y"))
        return None

    def rewrite(self, found: Match) -> ir.Value:
        kind = found.root.results[0].type
        difference = tfl.emit("sub", [found["x"], found["y"]], kind)
        return tfl.emit("abs", [difference], kind)


# Before activations are fused into the subtraction, which would then be another.
PLACED = litewright.place(FuseDistance, stage="tfl", before="fuse-activations")
