"""Algebra: what computes or moves nothing goes, what can be said simply is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.passes.core import RewritePass, Rule

from .simplification import arithmetic, choice, contraction, lookup, movement, spreading


@dataclass(frozen=True)
class Simplify(RewritePass):
    """Removes and merges ops by some fifty small rules; each tells why where it does not apply.

    Before::

        %1 = stablehlo.transpose %0, dims = [0, 2, 1] : (tensor<4x1x8xf32>) -> tensor<4x8x1xf32>
        %2 = stablehlo.reshape %1 : (tensor<4x8x1xf32>) -> tensor<4x8xf32>
        %3 = stablehlo.multiply %2, %ones : tensor<4x8xf32>

    After::

        %2 = stablehlo.reshape %0 : (tensor<4x1x8xf32>) -> tensor<4x8xf32>
    """

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (
            *lookup.RULES,
            *movement.RULES,
            *spreading.RULES,
            *arithmetic.RULES,
            *choice.RULES,
            *contraction.RULES,
        )
