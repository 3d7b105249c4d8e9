"""Integers at the border of signatures, where they are integers inside."""

from __future__ import annotations

from dataclasses import dataclass

from litewright.compiler.ir.mlir import func, ir, op_name
from litewright.compiler.ir.program import Program, body_of, inputs_of, refresh_type
from litewright.compiler.ir.tfl.shorthand import defined_by
from litewright.passes.core import Pass, remove_dead


@dataclass(frozen=True)
class ShowIntegers(Pass[Program]):
    """Lets callers give and get integers, where a signature would turn their floats into these at once.

    Before:
        func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32>
          %1 = "tfl.quantize"(%x)
          %2 = "tfl.tanh"(%1)
          return "tfl.dequantize"(%2)
    After:
        func.func @main(%x: tensor<1x4x!quant.uniform<i8:f32, 0.02:3>>) -> tensor<1x4x!quant.uniform<...>>
          %1 = "tfl.tanh"(%x)
          return %1
    """

    def run(self, unit: Program) -> bool:
        """See `Pass.run`."""
        changed = False
        for function in unit.signatures():
            shown = [_show_input(argument) for argument in inputs_of(function)]
            shown += _show_results(function)
            if any(shown):
                refresh_type(function)
                changed = True
        if changed:
            remove_dead(unit)
        return changed


def _show_input(argument: ir.BlockArgument) -> bool:
    """Gives an input the type that all its readers make of it."""
    readers = [use.owner for use in argument.uses]
    kinds = {str(each.results[0].type) for each in readers if op_name(each) == "tfl.quantize"}
    if len(kinds) != 1 or any(op_name(each) != "tfl.quantize" for each in readers):
        return False
    argument.set_type(readers[0].results[0].type)
    for each in readers:
        each.results[0].replace_all_uses_with(argument)
    # They read integers now, and nobody reads them.
    for each in readers:
        each.erase()
    return True


def _show_results(function: func.FuncOp) -> list[bool]:
    terminator = list(body_of(function).operations)[-1]
    shown: list[bool] = []
    for position, value in enumerate(terminator.operands):
        floats = defined_by(value, "dequantize")
        is_shown = floats is not None and str(value.type) != str(floats.operands[0].type)
        if floats is not None and is_shown and _is_computed(floats.operands[0]):
            terminator.operands[position] = floats.operands[0]
            shown.append(True)
    return shown


def _is_computed(value: ir.Value) -> bool:
    """Whether a signature may return it: no weight."""
    return not isinstance(value.owner, ir.Block)
