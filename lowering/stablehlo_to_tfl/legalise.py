"""The table of legalisations, and the driver that applies it."""

from __future__ import annotations

from litewright.compiler.diagnostics import Unsupported, UnsupportedError
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of, is_signature
from litewright.passes.core import Rule, apply_rules, remove_dead

from . import (
    attention,
    contraction,
    convolution,
    elementwise,
    indexing,
    inline,
    normalisation,
    pooling,
    reduction,
    shape,
)

# Rules that share a root are tried in this order. Composites with a rule of their own come first by
# their root; all others are inlined.
RULES: tuple[Rule, ...] = (
    *attention.RULES,
    *normalisation.RULES,
    *pooling.RULES,
    *indexing.RULES,
    *convolution.RULES,
    *contraction.RULES,
    *reduction.RULES,
    *shape.RULES,
    *elementwise.RULES,
    *inline.RULES,
)


def legalise(program: Program) -> None:
    """Turns every op of a program into tfl, in place.

    Raises:
        UnsupportedError: ops for which the runtime has no kernel; all of them are listed.
    """
    apply_rules(program, RULES)
    remove_dead(program)
    left = [
        _unsupported(op)
        for function in program.functions()
        if is_signature(function)
        for op in body_of(function).operations
        if not op_name(op).startswith(("tfl.", "func."))
    ]
    if left:
        raise UnsupportedError("the lowering to TFLite", left)


def _unsupported(op: ir.OpView) -> Unsupported:
    kinds = ", ".join(str(value.type) for value in (*op.operands, *op.results))
    return Unsupported(f"{op_name(op)} ({kinds})", str(origin_of(op.location)))
