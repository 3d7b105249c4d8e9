"""Small tfl programs, and the LiteRT interpreter to run their files on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import (
    NAME,
    Program,
    add_argument,
    body_of,
    refresh_type,
    set_result_names,
)
from litewright.compiler.ir.types import element_type, tensor_type
from litewright.compiler.weights import WeightStore
from litewright.lowering.tfl_to_flatbuffer import writer
from litewright.lowering.tfl_to_flatbuffer.schema import BUILTIN_NAMES
from litewright.lowering.tfl_to_flatbuffer.unpacking import unpack

Array = np.ndarray[Any, np.dtype[Any]]
Build = Callable[..., ir.Value | Sequence[ir.Value]]


@dataclass(frozen=True)
class Sample:
    """One op, inputs that could tell a wrong result from a right one, and what NumPy says.

    Attributes:
        name: unique; begins with the op's name.
        inputs: fed in this order.
        build: emits the op on the inputs' values.
        expected: the results.
        tolerance: a row of `tests.support.tolerances`.
    """

    name: str
    inputs: Sequence[Array]
    build: Build
    expected: Sequence[Array]
    tolerance: str = "exact"


def program_of(build: Build, inputs: Sequence[Array | ir.Type], signature: str = "main") -> Program:
    """A program with one signature, in the current context. Inputs are `x0`, `x1`; results `y0`, `y1`."""
    program = Program(ir.Module.create(ir.Location.unknown()), WeightStore())
    add_signature(program, build, inputs, signature)
    return program


def add_signature(
    program: Program, build: Build, inputs: Sequence[Array | ir.Type], name: str
) -> func.FuncOp:
    """Adds a signature to a program; `build` gets the values of the inputs."""
    with ir.InsertionPoint(program.module.body), ir.Location.unknown():
        function = func.FuncOp(name, ir.FunctionType.get([], []))
    function.add_entry_block()
    kinds = [x if isinstance(x, ir.Type) else tensor_type(x.shape, x.dtype) for x in inputs]
    arguments = [
        add_argument(function, kind, {NAME: f"x{number}"}) for number, kind in enumerate(kinds)
    ]
    with ir.InsertionPoint(body_of(function)), ir.Location.unknown():
        results = build(*arguments)
        values = [results] if isinstance(results, ir.Value) else list(results)
        func.ReturnOp(values)
    refresh_type(function)
    set_result_names(function, [f"y{number}" for number in range(len(values))])
    return function


def like(*shape: int, element: str = "f32") -> ir.Type:
    """A tensor type."""
    return tensor_type(shape, element_type(element))


def saved(program: Program, folder: Path, name: str = "model.tflite") -> Path:
    """Writes a program to a file."""
    path = folder / name
    with mlir.use(program.context):
        writer.write(program, path)
    return path


def run(
    path: Path, inputs: Mapping[str, Array], signature: str | None = None, *, delegate: bool = True
) -> dict[str, Array]:
    """Runs a signature of a file on LiteRT, with the XNNPACK delegate or on the kernels alone."""
    resolver = OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(path), experimental_op_resolver_type=resolver)
    key = signature or next(iter(interpreter.get_signature_list()))
    runner = interpreter.get_signature_runner(key)
    return {name: np.array(array) for name, array in runner(**inputs).items()}


def run_plain(path: Path, inputs: Sequence[Array]) -> list[Array]:
    """Runs a file without signatures; inputs and results go by position."""
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def operators(path: Path) -> list[tuple[str, int]]:
    """Builtin and version of every op of a file's first subgraph."""
    model = unpack(path.read_bytes())
    codes = model["operator_codes"]
    used = [codes[op["opcode_index"]] for op in model["subgraphs"][0]["operators"]]
    return [(BUILTIN_NAMES[code["builtin_code"]], code["version"]) for code in used]


def named(arrays: Sequence[Array]) -> dict[str, Array]:
    """Arrays under the names that `program_of` gives inputs."""
    return {f"x{number}": array for number, array in enumerate(arrays)}
