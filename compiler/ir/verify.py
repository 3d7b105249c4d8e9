"""The verifier of programs on any level: StableHLO, tfl, or half way between."""

from __future__ import annotations

from .mlir import op_name
from .program import Program, body_of
from .tfl.verify import verify_module, verify_op


def verify(program: Program) -> None:
    """Checks a program: MLIR's own rules, then each tfl op against its row of the table.

    Raises:
        VerifyError: names the first op that breaks a rule, with its origin and what it broke.
    """
    verify_module(program)
    for function in program.functions():
        for op in body_of(function).operations:
            if op_name(op).startswith("tfl."):
                verify_op(op)
