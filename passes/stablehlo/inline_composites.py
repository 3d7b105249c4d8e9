"""Composites that nobody knows as a whole, as what they decompose to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litewright.compiler.ir import cloning
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import ir
from litewright.passes.core import Outcome, RewritePass, Rule, RuleContext, decline


@dataclass(frozen=True)
class InlineComposites(RewritePass):
    """Puts the decomposition of a composite in its place, where no rule starts from the composite.

    So the other passes see what is in it: the weight of a norm is folded into the matrix behind it.

    Before::

        %a = stablehlo.composite "acme.swish" %x

    After::

        %0 = stablehlo.logistic %x
        %a = stablehlo.multiply %x, %0

    Attributes:
        kept: names of composites that stay: those that a legalisation or a rule of the plan starts from, and
            those that the target runs as one.
    """

    kept: tuple[str, ...] = ()

    def rules(self) -> Sequence[Rule]:
        """See `RewritePass.rules`."""
        return (Rule("inline-composites", ("stablehlo.composite",), self._inline),)

    def _inline(self, op: ir.OpView, context: RuleContext) -> Outcome:
        if composite_name(op) in self.kept:
            return decline("somebody knows it as a whole", composite_name(op))
        callee = ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value
        return cloning.inline(context.program.function(callee), list(op.operands))
