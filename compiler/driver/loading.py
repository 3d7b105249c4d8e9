"""Programs from files: MLIR text, as dumps hold it, and .tflite."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import reader

from ..diagnostics import FormatError, UserError
from ..ir.mlir import ir, op_name
from ..ir.program import NAME, Program, body_of, is_signature, set_result_names, weight_symbol
from ..ir.types import dtype_of, shape_of
from ..weights import WeightStore
from .plan import Stage

_ELIDED = re.compile(r"dense_resource<__elided__>|dense<__elided__>")


@dataclass(frozen=True, slots=True, eq=False)
class PlaceholderSource:
    """A weight of which a text tells only shape and dtype: random numbers, the same for the same name.

    Attributes:
        name: the weight's symbol.
        shape: its dimensions.
        dtype: its element type.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Normal numbers, or small integers."""
        seed = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "little")
        generator = np.random.default_rng(seed)
        if self.dtype.kind in "iub":
            return generator.integers(0, 2, size=self.shape).astype(self.dtype)
        return generator.normal(size=self.shape).astype(self.dtype)


def load_program(path: Path, context: ir.Context) -> Program:
    """The program in a file, in a context that must be current.

    Args:
        path: a .tflite, or MLIR text as dumps hold it. Weights that a text names become random numbers of
            the right shapes.
        context: owner of the module.

    Raises:
        UserError: there is no such file, it is of another kind, or its constants were elided.
        FormatError: it is not sound.
    """
    if path.suffix == ".tflite":
        return reader.read(path, context)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    return parse_program(text, str(path))


def parse_program(text: str, name: str = "the text") -> Program:
    """The program that a text describes, in the current context; see `load_program`."""
    if _ELIDED.search(text):
        raise UserError(
            f"{name}: large constants were left out of this dump; the file replay.mlir, written when a "
            "pass fails, and `litewright opt MODEL -o FILE.mlir` have them"
        )
    try:
        module = ir.Module.parse(text)
    except ir.MLIRError as error:
        raise FormatError(f"{name} is no MLIR: {error}") from error
    program = Program(module, WeightStore())
    for function in program.functions():
        for argument in function.arguments:
            symbol = weight_symbol(argument)
            if symbol is not None and symbol not in program.weights:
                shape, dtype = shape_of(argument), dtype_of(argument)
                program.weights.add(symbol, PlaceholderSource(symbol, shape, dtype))
    _complete_names(program)
    return program


def stage_of(program: Program) -> Stage:
    """The level that a program is on: tfl where any op is, else StableHLO."""
    ops = (op for function in program.functions() for op in body_of(function).operations)
    return "tfl" if any(op_name(op).startswith("tfl.") for op in ops) else "stablehlo"


def _complete_names(program: Program) -> None:
    """Names inputs and results of signatures written by hand, which need not name them."""
    for function in program.functions():
        if not is_signature(function):
            continue
        count = len(
            ir.FunctionType(ir.TypeAttr(function.attributes["function_type"]).value).results
        )
        if "res_attrs" not in function.attributes and count:
            set_result_names(function, [f"result{number}" for number in range(count)])
        if "arg_attrs" not in function.attributes and len(function.arguments):
            entries = [
                ir.DictAttr.get({NAME: ir.StringAttr.get(f"input{number}")})
                for number in range(len(function.arguments))
            ]
            function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)
