"""Programs from files: MLIR text, as dumps hold it, and .tflite."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import reader

from ..diagnostics import FormatError, UserError
from ..inspect.location_names import with_dotted_names
from ..ir import hlo
from ..ir.mlir import Array, ir, op_name
from ..ir.program import NAME, Program, body_of, is_signature, set_result_names, weight_symbol
from ..ir.quantized_type import weight_quantization_of
from ..ir.types import dtype_of, shape_of
from ..weights import WeightStore
from .plan import Stage

Note = Callable[[str], None]


def _ignore(note: str) -> None:
    del note


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

    def read(self) -> Array:
        """Normal numbers, or small integers."""
        seed = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "little")
        generator = np.random.default_rng(seed)
        if self.dtype.kind in "iub":
            return generator.integers(0, 2, size=self.shape).astype(self.dtype)
        return generator.normal(size=self.shape).astype(self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class PlaceholderScales:
    """Scales of which a text tells only how many there are: from 1/64 to 2/64, exact in 16 bits.

    Attributes:
        shape: one or one per channel; [channels, blocks] for blocks.
        kind: float32, or float16 for blocks.
    """

    shape: tuple[int, ...]
    kind: type[np.float32 | np.float16]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Their element type."""
        return np.dtype(self.kind)

    def read(self) -> Array:
        """Eight steps, over and over."""
        steps = np.arange(int(np.prod(self.shape))) % 8
        return ((8 + steps) / 512).reshape(self.shape).astype(self.kind)


def load_program(path: Path, context: ir.Context, note: Note = _ignore) -> Program:
    """The program in a file, in a context that must be current.

    Args:
        path: a .tflite, or MLIR text as dumps hold it. Weights that a text names, and large constants that a
            dump leaves out, become random numbers of the right shapes.
        context: owner of the module.
        note: told where random numbers stand for others.

    Raises:
        UserError: there is no such file.
        FormatError: it is not sound.
    """
    if path.suffix == ".tflite":
        return reader.read(path, context)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    return parse_program(text, str(path), note)


def parse_program(text: str, name: str = "the text", note: Note = _ignore) -> Program:
    """The program that a text describes, in the current context; see `load_program`."""
    try:
        module = ir.Module.parse(with_dotted_names(text))
    except ir.MLIRError as error:
        raise FormatError(f"{name} is no MLIR: {error}") from error
    program = Program(module, WeightStore())
    for function in program.functions():
        for argument in function.arguments:
            symbol = weight_symbol(argument)
            if symbol is not None and symbol not in program.weights:
                shape, dtype = shape_of(argument), dtype_of(argument)
                program.weights.add(symbol, PlaceholderSource(symbol, shape, dtype))
            _add_scales(program.weights, argument)
    _complete_names(program)
    elided = [op for op in _constants(program) if _is_elided(op.attributes["value"])]
    for number, op in enumerate(elided):
        value = op.results[0]
        filler = PlaceholderSource(f"constant {number}", shape_of(value), dtype_of(value))
        op.attributes["value"] = hlo.dense(filler.read())
    if elided:
        note(
            f"{name}: random numbers stand for {len(elided)} large constants that the dump leaves out"
        )
    return program


def _add_scales(weights: WeightStore, argument: ir.Value) -> None:
    """Stands in for the scales of a quantised weight."""
    quantization = weight_quantization_of(argument)
    if quantization is None or quantization.scales in weights:
        return
    shape, axis = shape_of(argument), quantization.axis
    count = (1,) if axis is None else (shape[axis],)
    if quantization.block_size is not None:
        blocks = PlaceholderScales((*count, shape[-1] // quantization.block_size), np.float16)
        weights.add(quantization.scales, blocks)
    else:
        weights.add(quantization.scales, PlaceholderScales(count, np.float32))


def _constants(program: Program) -> Iterator[ir.OpView]:
    for function in program.functions():
        for op in body_of(function).operations:
            if op_name(op) in {"stablehlo.constant", "tfl.pseudo_const"}:
                yield op


def _is_elided(value: ir.Attribute) -> bool:
    try:
        ir.DenseElementsAttr(value)
    except ValueError:
        return True
    return False


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
