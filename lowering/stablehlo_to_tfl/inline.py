"""A composite without a rule of its own: its decomposition, in its place."""

from __future__ import annotations

from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import body_of
from litewright.passes.core import Outcome, Rule, RuleContext, rule


@rule("stablehlo.composite", "func.call")
def inline(op: ir.OpView, context: RuleContext) -> Outcome:
    """composite -> the ops of its decomposition, with the composite's origin."""
    key = "decomposition" if op_name(op) == "stablehlo.composite" else "callee"
    callee = context.program.function(ir.FlatSymbolRefAttr(op.attributes[key]).value)
    values: dict[ir.Value, ir.Value] = dict(zip(callee.arguments, op.operands, strict=True))
    for inner in body_of(callee).operations:
        if op_name(inner) == "func.return":
            return [values[operand] for operand in inner.operands]
        clone = inner.operation.clone()
        for number, operand in enumerate(inner.operands):
            clone.operands[number] = values[operand]
        values.update(zip(inner.results, clone.results, strict=True))
    raise AssertionError("a function ends with a return")


RULES: tuple[Rule, ...] = (inline,)
