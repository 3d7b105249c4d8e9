"""The table of legalisations, and the driver that applies it."""

from __future__ import annotations

from collections.abc import Sequence

from litewright.compiler.diagnostics import Unsupported, UnsupportedError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.targets import XNNPACK, Target
from litewright.passes.core import Observer, Rule, apply_rules, remove_dead

from . import (
    attention,
    contraction,
    convolution,
    elementwise,
    indexing,
    inline,
    normalisation,
    pooling,
    quantization,
    reduction,
    runtime_composites,
    shape,
)

# Rules that share a root are tried in this order. Composites with a rule of their own come first by
# their root.
RULES: tuple[Rule, ...] = (
    *attention.RULES,
    *normalisation.RULES,
    *quantization.RULES,
    *pooling.RULES,
    *indexing.RULES,
    *convolution.RULES,
    *contraction.RULES,
    *reduction.RULES,
    *shape.RULES,
    *elementwise.RULES,
)


def rules_for(target: Target) -> tuple[Rule, ...]:
    """The rules for a target: what it runs as one comes first, what nobody knows is inlined last."""
    return (*runtime_composites.rules(target), *RULES, inline.rule_for(target))


def legalise(
    program: Program,
    target: Target = XNNPACK,
    more: Sequence[Rule] = (),
    observers: Sequence[Observer[Program]] = (),
) -> None:
    """Turns every op of a program into tfl, in place.

    Args:
        program: StableHLO.
        target: whose composites are kept; all others are inlined.
        more: rules that are tried before those of litewright: at every op, so that they may be about several.
        observers: told of every rule that applies or declines.

    Raises:
        UnsupportedError: ops for which the runtime has no kernel; all of them are listed.
    """
    if more:
        # Once by themselves: behind a legalised op, nothing looks as it did.
        apply_rules(program, more, observers)
    apply_rules(program, (*more, *rules_for(target)), observers)
    remove_dead(program)
    left = [
        Unsupported(complaint, str(origin_of(op.location)), _hint(complaint))
        for function in program.functions()
        for op in body_of(function).operations
        if (complaint := _complaint(op, target)) is not None
    ]
    if left:
        # What only makes complex numbers or takes them apart is left where another op is in the way.
        others = [each for each in left if not each.op.startswith(_BETWEEN_PARTS)]
        raise UnsupportedError("the lowering to TFLite", others or left)


_BETWEEN_PARTS = ("stablehlo.complex ", "stablehlo.real ", "stablehlo.imag ")


def _hint(complaint: str) -> str:
    if "complex<" not in complaint:
        return ""
    return "complex numbers become pairs of real ones, and split-complex has no rule for this"


def _complaint(op: ir.OpView, target: Target) -> str | None:
    """What the runtime has against an op."""
    name = op_name(op)
    if name.startswith("func."):
        return None
    if name == "stablehlo.composite" and composite_name(op) in target.emits:
        return None
    if name.startswith("tfl."):
        found = next(tfl.complaints(op), None)
        return f"{name}: {found}" if found is not None else None
    kinds = ", ".join(str(value.type) for value in (*op.operands, *op.results))
    return f"{name} ({kinds})"
