"""A composite without a rule of its own: its decomposition, in its place."""

from __future__ import annotations

from litewright.compiler.ir import cloning
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.targets import Target
from litewright.passes.core import Outcome, Rule, RuleContext, decline, rule

from . import runtime_composites


def rule_for(target: Target) -> Rule:
    """The rule that inlines what the target does not run as one."""

    @rule("stablehlo.composite", "func.call")
    def inline(op: ir.OpView, context: RuleContext) -> Outcome:
        """composite -> the ops of its decomposition, with the composite's origin."""
        if runtime_composites.stays(op, context, target):
            return decline("the target runs it as one", target.name)
        key = "decomposition" if op_name(op) == "stablehlo.composite" else "callee"
        callee = context.program.function(ir.FlatSymbolRefAttr(op.attributes[key]).value)
        return cloning.inline(callee, list(op.operands))

    return inline
