"""GELU, where a model spells it out with tanh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.passes.core import (
    Decline,
    Match,
    Operation,
    Operations,
    PatternRule,
    RewritePass,
    Rule,
    Variable,
    decline,
)

CUBIC = 0.044715
SCALE = 0.7978845608  # sqrt(2 / pi)


def _half_of_one_plus_tanh(op: Operations, x: Variable, inner: Operation) -> Operation:
    """x / 2 * (1 + tanh(inner))."""
    return op.tfl.mul(op.tfl.mul(x, op.number(0.5)), op.tfl.add(op.tfl.tanh(inner), op.number(1.0)))


def _refusal(found: Match) -> Decline | None:
    if found.root.results[0].type != found["x"].type:
        return decline("a constant spreads the value")
    return None


def _gelu(found: Match) -> ir.Value:
    return tfl.emit("gelu", [found["x"]], found["x"].type, approximate=True)


class GeluOfCube(PatternRule):
    """x / 2 * (1 + tanh(s * (x + c * x^3))) -> GELU, as GPT-2 has it."""

    def pattern(self, op: Operations, x: Variable) -> Operation:
        """Twice x is multiplied by itself: x^3."""
        cube = op.tfl.mul(op.tfl.mul(x, x), x)
        inner = op.tfl.mul(op.tfl.add(x, op.tfl.mul(cube, op.number(CUBIC))), op.number(SCALE))
        return _half_of_one_plus_tanh(op, x, inner)

    def check(self, found: Match) -> Decline | None:
        """See `PatternRule.check`."""
        return _refusal(found)

    def rewrite(self, found: Match) -> ir.Value:
        """See `PatternRule.rewrite`."""
        return _gelu(found)


class GeluOfSquare(PatternRule):
    """x / 2 * (1 + tanh(s * x * (1 + c * x * x))) -> GELU, as BLOOM has it."""

    def pattern(self, op: Operations, x: Variable) -> Operation:
        """The factor c is multiplied by x twice."""
        square = op.tfl.mul(op.tfl.mul(x, op.number(CUBIC)), x)
        inner = op.tfl.mul(op.tfl.mul(x, op.number(SCALE)), op.tfl.add(square, op.number(1.0)))
        return _half_of_one_plus_tanh(op, x, inner)

    def check(self, found: Match) -> Decline | None:
        """See `PatternRule.check`."""
        return _refusal(found)

    def rewrite(self, found: Match) -> ir.Value:
        """See `PatternRule.rewrite`."""
        return _gelu(found)


@dataclass(frozen=True)
class FuseGelu(RewritePass):
    """Finds the tanh form of GELU that models spell out: one op for nine.

    Each of the nine reads and writes the widest activations of a layer.

    Before::

        %1 = "tfl.mul"(%x, dense<0.5> : tensor<f32>)
        %2 = "tfl.mul"(%x, %x)
        %3 = "tfl.mul"(%2, %x)
        %4 = "tfl.mul"(%3, dense<0.044715> : tensor<f32>)
        %5 = "tfl.add"(%x, %4)
        %6 = "tfl.mul"(%5, dense<0.797884583> : tensor<f32>)
        %7 = "tfl.tanh"(%6)
        %8 = "tfl.add"(%7, dense<1.0> : tensor<f32>)
        %9 = "tfl.mul"(%1, %8)

    After::

        %9 = "tfl.gelu"(%x) {approximate = true}
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (GeluOfCube.rule(), GeluOfSquare.rule())
