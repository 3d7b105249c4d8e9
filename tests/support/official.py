"""Tfl programs as text of the official dialect alone: what litert-converter shall take."""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of, refresh_type, weight_symbol
from litewright.compiler.ir.types import dense


def official_text(program: Program) -> str:
    """The text of a program with its weights as constants and without attributes of ours."""
    clone = ir.Module.parse(program.module.operation.get_asm(assume_verified=True))
    copy = Program(clone, program.weights)
    for function in copy.functions():
        numbers = [a.arg_number for a in function.arguments if weight_symbol(a) is not None]
        with ir.InsertionPoint.at_block_begin(body_of(function)), ir.Location.unknown():
            for number in reversed(numbers):
                argument = function.arguments[number]
                array = program.weights.read(weight_symbol(argument) or "")
                argument.replace_all_uses_with(
                    tfl.emit("pseudo_const", [], argument.type, value=dense(array))
                )
                body_of(function).erase_argument(number)
        refresh_type(function)
        for name in ("arg_attrs", "res_attrs"):
            if name in function.attributes:
                del function.attributes[name]
    return clone.operation.get_asm(print_generic_op_form=True)
