"""A composite without a rule of its own: its decomposition, in its place."""

from __future__ import annotations

from litewright.compiler.ir import cloning
from litewright.compiler.ir.mlir import ir, op_name
from litewright.passes.core import Outcome, Rule, RuleContext, rule


@rule("stablehlo.composite", "func.call")
def inline(op: ir.OpView, context: RuleContext) -> Outcome:
    """composite -> the ops of its decomposition, with the composite's origin."""
    key = "decomposition" if op_name(op) == "stablehlo.composite" else "callee"
    callee = context.program.function(ir.FlatSymbolRefAttr(op.attributes[key]).value)
    return cloning.inline(callee, list(op.operands))


RULES: tuple[Rule, ...] = (inline,)
