"""How the gate is said in TFLite: one op instead of four."""

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


class HardGate(PatternRule):
    """acme.hard_gate(x) -> HARD_SWISH(x)."""

    def pattern(self, op: Operations, x: Variable) -> Operation:
        return op.composite("acme.hard_gate", x)

    def check(self, found: Match) -> Decline | None:
        # The runtime has no other kernel. What is declined is inlined: four ops, the same numbers.
        if found.dtype("x") != "float32":
            return decline("HARD_SWISH is for float32", found.dtype("x"))
        return None

    def rewrite(self, found: Match) -> ir.Value:
        return tfl.emit("hard_swish", [found["x"]], found.root.results[0].type)
