"""Matrices by what they are known as in all signatures, so that one form of each serves all readers."""

from __future__ import annotations

from collections import Counter

from litewright.compiler.ir import hlo, tfl
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, weight_symbol, weights_of
from litewright.compiler.weights import Expression

Matrix = str | ir.Attribute
"""A weight by its symbol, a constant by its numbers."""


def matrix_of(value: ir.Value) -> Matrix | None:
    """What a matrix is known as; None for what is computed from inputs."""
    symbol = weight_symbol(value)
    if symbol is not None:
        return symbol
    op = hlo.producer(value)
    return None if op is None or op_name(op) != "tfl.pseudo_const" else op.attributes["value"]


def reads_of(program: Program) -> Counter[str]:
    """How often each weight is read, in all functions."""
    counts = Counter[str]()
    for function in program.functions():
        for argument in weights_of(function):
            counts[weight_symbol(argument) or ""] += sum(1 for _ in argument.uses)
    return counts


def expression_of(program: Program, value: ir.Value) -> Expression:
    """A weight's expression, or a constant as one."""
    symbol, array = weight_symbol(value), tfl.constant_of(value)
    if symbol is not None:
        return program.weights.expression(symbol)
    assert array is not None, "a matrix is a weight or a constant"
    return program.weights.literal(array)
