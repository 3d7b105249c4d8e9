"""Every stage runs: FX in eager torch, StableHLO on XLA, tfl on LiteRT.

What is computed inside of a program is seen by running a copy that returns it, see `exposing.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..ir import mlir
from ..ir.mlir import Array, ir
from ..ir.program import Program, input_name, results_of, weight_symbol
from ..ir.types import is_static, tensor_type
from ..runtime import Runner
from ..weights import TensorSource
from .exposing import only, snapshot

if TYPE_CHECKING:
    from ..ir.fx import FxProgram

Write = Callable[[Program, Path], None]
"""Writes a tfl program to a file."""


def run_graph(
    program: FxProgram,
    inputs: Mapping[str, Array],
    *,
    weights: Mapping[str, TensorSource] | None = None,
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Runs a captured signature in eager torch.

    Args:
        program: the signature.
        inputs: an array per input, by name.
        weights: values of parameters on the meta device, by fully-qualified name.

    Returns:
        The results by name, and every tensor computed on the way by the name of its node.

    Raises:
        KeyError: an input is missing, or the values of a parameter.
    """
    from .eager import Recorder, held_tensors, tensor_of_array

    fed = {e.placeholder: tensor_of_array(inputs[e.name]) for e in program.inputs}
    return Recorder(program, {**held_tensors(program, weights or {}), **fed}).results()


def run_stablehlo(
    program: Program, signature: str, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """Runs a signature of a StableHLO program on XLA. Its context must be current.

    Dynamic dimensions become those of the inputs first.

    Args:
        program: the program; it is left as it is. Composites are run as what they decompose to.
        signature: the signature's name.
        inputs: an array per input, by name.

    Returns:
        The results by name.
    """
    copy = snapshot(program)
    function = only(copy, signature)
    names = [name for name, _ in results_of(function)]
    function.attributes["sym_name"] = ir.StringAttr.get("main")
    arguments = [_argument(program, argument, inputs) for argument in function.arguments]
    if not all(is_static(argument) for argument in function.arguments):
        refine(copy, arguments)
    return dict(zip(names, mlir.run_on_xla(copy.module, arguments), strict=True))


def run_tfl(
    program: Program,
    signature: str,
    inputs: Mapping[str, Array],
    write: Write,
    *,
    delegate: bool = False,
) -> dict[str, Array]:
    """Runs a signature of a tfl program on LiteRT, from a temporary file of that signature alone.

    Args:
        program: the program; it is left as it is. Its context must be current.
        signature: the signature's name.
        inputs: an array per input, by name.
        write: makes the file.
        delegate: whether the XNNPACK delegate takes the ops it can.

    Returns:
        The results by name.

    Raises:
        UserError: LiteRT does not load the file, or fails in it.
    """
    copy = snapshot(program)
    only(copy, signature)
    return run_file(copy, signature, inputs, write, delegate=delegate)


def run_file(
    program: Program,
    signature: str,
    inputs: Mapping[str, Array],
    write: Write,
    *,
    delegate: bool = False,
) -> dict[str, Array]:
    """As `run_tfl`, from a file that holds the whole program."""
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        path = Path(folder, "stage.tflite")
        write(program, path)
        return Runner(path, delegate=delegate).run(inputs, signature)


def refine(program: Program, arguments: list[Array]) -> None:
    """Gives every value of the function `main` the shape that it has for these arguments."""
    kinds = ", ".join(str(tensor_type(array.shape, array.dtype)) for array in arguments)
    pipeline = (
        "func.func(stablehlo-legalize-composite-to-call)",
        "inline",
        f"stablehlo-refine-arguments{{types={kinds}}}",
        "stablehlo-refine-shapes",
        "func.func(stablehlo-canonicalize-dynamism)",
    )
    mlir.run_passes(program.module, ",".join(pipeline))


def _argument(program: Program, argument: ir.Value, inputs: Mapping[str, Array]) -> Array:
    symbol = weight_symbol(argument)
    return inputs[input_name(argument) or ""] if symbol is None else program.weights.read(symbol)
