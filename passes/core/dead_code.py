"""Removal of what nothing reads: ops, decompositions that no composite names, weight arguments.

MLIR's own passes leave dead tfl ops and dead composites where they are, since they know neither.
"""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of, drop_unused_weights, is_signature

# Ops that do more than compute their results, or that compute others each time.
_IMPURE = frozenset({
    "func.return", "stablehlo.return", "stablehlo.custom_call", "stablehlo.rng", "stablehlo.infeed",
    "stablehlo.outfeed", "stablehlo.send", "stablehlo.recv",
})  # fmt: skip


def is_pure(op: ir.OpView) -> bool:
    """Whether an op may be removed when nothing reads its results."""
    name = op_name(op)
    if name.startswith("tfl."):
        spec = tfl.spec_of(op)
        return spec is not None and spec.pure
    return name not in _IMPURE and name.startswith(("stablehlo.", "chlo."))


def remove_dead(program: Program) -> bool:
    """Removes dead ops, private functions and weight arguments; says whether there were any."""
    changed = False
    for function in program.functions():
        # Backwards, so that what only a dead op read is dead when its turn comes.
        for op in reversed(list(body_of(function).operations)):
            if all(next(iter(r.uses), None) is None for r in op.results) and is_pure(op):
                op.erase()
                changed = True
        changed |= drop_unused_weights(function)
    return _remove_unreferenced(program) or changed


def _remove_unreferenced(program: Program) -> bool:
    changed = False
    while True:
        named = {name for function in program.functions() for name in _callees(function)}
        dead = [f for f in program.functions() if not is_signature(f) and f.name.value not in named]
        if not dead:
            return changed
        changed = True
        while dead:
            dead.pop().erase()


def _callees(function: ir.OpView) -> set[str]:
    names: set[str] = set()
    for op in function.regions[0].blocks[0].operations:
        for key in ("decomposition", "callee"):
            if key in op.attributes:
                names.add(ir.FlatSymbolRefAttr(op.attributes[key]).value)
    return names
