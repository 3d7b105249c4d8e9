"""Weights that a checkpoint holds as integers stay these integers."""

from __future__ import annotations

from dataclasses import dataclass, field

from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, owner_function, weight_symbol, weights_of
from litewright.compiler.ir.quantized_type import WeightQuantization, annotate_weight
from litewright.compiler.ir.types import shape_of
from litewright.compiler.targets.weight_schemes import WEIGHT_USES, why_not_runnable
from litewright.compiler.weights.expression import leaves
from litewright.compiler.weights.integers import Kept, comes_as_integers, kept_integers
from litewright.passes.core import Pass, remove_dead

from .quantize_weights import add_notes


@dataclass(slots=True, eq=False)
class _Found:
    """A weight that comes as integers.

    Attributes:
        kept: its integers, or why it is to be floats.
        arguments: that stand for it, one a function.
    """

    kept: Kept | str
    arguments: list[ir.Value] = field(default_factory=list[ir.Value])


@dataclass(frozen=True)
class KeepIntegers(Pass[Program]):
    """Lets ops read the integers that a checkpoint holds, where the runtime can compute with them.

    A source of the store may say that its floats are products of integers and scales (`IntegerSource`).
    Where every reader can take them, the argument becomes one of these integers. Where the runtime has no
    such form, or arithmetic has been folded into the weight, it stays one of floats, and a note of the
    module says why; a recipe may then quantise it anew.

    Before:
        func.func @main(%w: tensor<64x32xf32> {litewright.weight = "w"})
          %1 = "tfl.fully_connected"(%x, %w, %none)
    After:
        func.func @main(%w: tensor<64x32xi4> {litewright.weight = "integers(w)",
                        litewright.quant = {scales = "scales(w)", axis = 0 : i32, block_size = 32 : i32}})
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        notes: list[str] = []
        changed = False
        for found in _weights(unit):
            if isinstance(found.kept, str):
                symbol = weight_symbol(found.arguments[0]) or ""
                name = leaves(unit.weights.expression(symbol))[0]
                notes.append(f"{name}: the checkpoint's integers are not kept: {found.kept}")
                continue
            for argument in found.arguments:
                _keep(unit, argument, found.kept)
            changed = True
        if changed:
            remove_dead(unit)
        return add_notes(unit, notes) or changed


def _weights(program: Program) -> list[_Found]:
    """All weights that come as integers, with the arguments of all signatures that stand for each."""
    found: dict[str, _Found] = {}
    for function in program.signatures():
        for value in weights_of(function):
            symbol = weight_symbol(value) or ""
            expression = program.weights.expression(symbol)
            if not comes_as_integers(program.weights, expression):
                continue
            if symbol not in found:
                found[symbol] = _Found(kept_integers(program.weights, expression))
            own = found[symbol]
            own.arguments.append(value)
            if isinstance(own.kept, Kept):
                own.kept = _why_not(value, own.kept) or own.kept
    return list(found.values())


def _why_not(value: ir.Value, kept: Kept) -> str | None:
    """Why some reader cannot take the integers."""
    for use in value.uses:
        kind = op_name(use.owner).removeprefix("tfl.")
        known = WEIGHT_USES.get(kind)
        if known is None or known.operand != use.operand_number or known.axis != 0:
            return f"{kind} reads floats"
        why = why_not_runnable(kind, kept.spec, shape_of(value))
        if why is not None:
            return why
    return None


def _keep(program: Program, argument: ir.Value, kept: Kept) -> None:
    function = owner_function(argument)
    integers = program.weight_argument(function, kept.integers)
    scales = program.weights.derive(kept.scales)
    block = kept.spec.block_size or None
    argument.replace_all_uses_with(
        annotate_weight(integers, WeightQuantization(scales, None, 0, block))
    )
