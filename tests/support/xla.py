"""StableHLO programs run on XLA, to compare with what a pass or a lowering made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import (
    Program,
    input_name,
    is_signature,
    results_of,
    weight_symbol,
)

Array = np.ndarray[Any, np.dtype[Any]]


def run_program(
    program: Program, inputs: Mapping[str, Array], signature: str | None = None
) -> dict[str, Array]:
    """Runs a signature of a StableHLO program on XLA; weights are read from its store."""
    chosen = signature or program.signatures()[0].name.value
    clone = ir.Module.parse(program.module.operation.get_asm(assume_verified=True))
    copy = Program(clone, program.weights)
    function = copy.signature(chosen)
    arguments = [
        inputs[name] if (name := input_name(argument)) is not None
        else program.weights.read(weight_symbol(argument) or "")
        for argument in function.arguments
    ]  # fmt: skip
    names = [name for name, _ in results_of(function)]
    for other in copy.signatures():
        if other.name.value != chosen:
            other.erase()
    function.attributes["sym_name"] = ir.StringAttr.get("main")
    assert is_signature(function)
    return dict(zip(names, mlir.run_on_xla(clone, arguments), strict=True))
