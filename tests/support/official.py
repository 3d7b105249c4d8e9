"""Tfl programs as text that litert-converter takes."""

from __future__ import annotations

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program, body_of, drop_unused_weights, weight_symbol
from litewright.compiler.ir.types import dense


def official_text(program: Program) -> str:
    """The text of a program with its weights as constants, so that it needs no store beside it."""
    clone = ir.Module.parse(program.module.operation.get_asm(assume_verified=True))
    copy = Program(clone, program.weights)
    for function in copy.functions():
        numbers = [a.arg_number for a in function.arguments if weight_symbol(a) is not None]
        with ir.InsertionPoint.at_block_begin(body_of(function)), ir.Location.unknown():
            for number in numbers:
                argument = function.arguments[number]
                array = program.weights.read(weight_symbol(argument) or "")
                value = tfl.emit("pseudo_const", [], argument.type, value=dense(array))
                argument.replace_all_uses_with(value)
        drop_unused_weights(function)
    return clone.operation.get_asm(print_generic_op_form=True)
