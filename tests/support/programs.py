"""Small programs written as StableHLO text, and what they compute on XLA and on LiteRT."""

import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import Array, ir, op_name
from litewright.compiler.ir.program import Program, body_of, input_name, inputs_of
from litewright.compiler.ir.types import dtype_of, shape_of
from litewright.compiler.runtime import Runner
from litewright.compiler.weights import WeightStore
from litewright.compiler.weights.store import ArraySource
from litewright.lowering.tfl_to_flatbuffer import writer


def function(
    inputs: Sequence[str], results: Sequence[str], body: str, weights: Sequence[str] = ()
) -> str:
    """A public function `main` of inputs %a0.., weights %w0.. and results r0.., as MLIR text."""
    arguments = [f'%a{i}: {t} {{litewright.name = "a{i}"}}' for i, t in enumerate(inputs)]
    arguments += [f'%w{i}: {t} {{litewright.weight = "w{i}"}}' for i, t in enumerate(weights)]
    named = [f'{t} {{litewright.name = "r{i}"}}' for i, t in enumerate(results)]
    return f"func.func public @main({', '.join(arguments)}) -> ({', '.join(named)}) {{\n{body}\n}}"


def program_of(text: str, seed: int = 0) -> Program:
    """A program from MLIR text in the current context; weights w0, w1, ... get random values."""
    module = ir.Module.parse(text)
    store = WeightStore()
    rng = np.random.default_rng(seed)
    found = re.findall(r'tensor<([0-9x]+)xf32> \{litewright.weight = "(\w+)"', text)
    for shape, name in dict.fromkeys(found):
        sizes = [int(size) for size in shape.split("x")]
        if name not in store:
            store.add(name, ArraySource(rng.normal(size=sizes).astype(np.float32)))
    return Program(module, store)


def random_inputs(program: Program, seed: int = 1) -> dict[str, Array]:
    """Inputs of the first signature: normal floats, small integers, coin flips."""
    rng = np.random.default_rng(seed)
    arrays: dict[str, Array] = {}
    for argument in inputs_of(program.signatures()[0]):
        shape, dtype = shape_of(argument), dtype_of(argument)
        name = input_name(argument) or ""
        if dtype.kind == "f":
            arrays[name] = rng.normal(size=shape).astype(dtype)
        else:
            arrays[name] = rng.integers(0, 2 if dtype.kind == "b" else 5, size=shape).astype(dtype)
    return arrays


def run_on_litert(
    program: Program, inputs: dict[str, Array], *, delegate: bool = True
) -> dict[str, Array]:
    """Writes a tfl program and runs its first signature."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        writer.write(program, path)
        return Runner(path, delegate=delegate).run(inputs, program.signatures()[0].name.value)


def ops_of(program: Program) -> Counter[str]:
    """Names of the ops of the first signature, constants left out, without the dialect."""
    names = [op_name(op) for op in body_of(program.signatures()[0]).operations]
    skipped = {"tfl.pseudo_const", "tfl.no_value", "func.return", "stablehlo.constant"}
    return Counter(name.partition(".")[2] for name in names if name not in skipped)


def attribute_of(program: Program, op: str, name: str) -> object:
    """An attribute of the only op of that name."""
    (found,) = (
        each for each in body_of(program.signatures()[0]).operations if op_name(each) == f"tfl.{op}"
    )
    return tfl.attribute(found, name)
