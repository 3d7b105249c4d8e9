"""Any stage of a conversion, run: the engines of `inspect/running.py` with the writer that LiteRT needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from litewright.lowering.tfl_to_flatbuffer import writer

from ..inspect import running
from ..inspect.exposing import Place, computed, exposed
from ..ir import mlir
from ..ir.fx import FxProgram
from ..ir.mlir import Array
from ..ir.program import Program
from ..weights import TensorSource
from .loading import stage_of

Unit = FxProgram | Program


def run_stage(
    unit: Unit,
    signature: str,
    inputs: Mapping[str, Array],
    *,
    delegate: bool = False,
    weights: Mapping[str, TensorSource] | None = None,
) -> dict[str, Array]:
    """The results of a signature at any stage of its conversion.

    Args:
        unit: a captured signature, which runs in eager torch; a StableHLO program, which runs on XLA; or a tfl
            program, which is written to a temporary file and runs on LiteRT. It is left as it is.
        signature: the signature's name.
        inputs: an array per input, by name.
        delegate: whether LiteRT uses the XNNPACK delegate.
        weights: for a captured signature, values of parameters on the meta device by name.

    Returns:
        An array per result, by name.

    Raises:
        UserError: LiteRT does not load the file, or fails in it.
    """
    if isinstance(unit, FxProgram):
        return running.run_graph(unit, inputs, weights=weights)[0]
    with mlir.use(unit.context):
        if stage_of(unit) == "stablehlo":
            return running.run_stablehlo(unit, signature, inputs)
        return running.run_tfl(unit, signature, inputs, writer.write, delegate=delegate)


def interior_values(
    program: Program,
    signature: str,
    inputs: Mapping[str, Array],
    places: Collection[Place] | None = None,
    *,
    delegate: bool = False,
) -> dict[Place, Array]:
    """What a program computes on the way to its results: the values at given places, or all of them.

    They are had by running a copy that returns them, which may be fused less than the program itself. Ops
    inside of decompositions and regions have no places.

    Raises:
        UserError: as `run_stage`.
    """
    with mlir.use(program.context):
        function = program.signature(signature)
        known = [place for place, _, _ in computed(function)] if places is None else list(places)
        copy = exposed(program, signature, shown=known)
    results = run_stage(copy, signature, inputs, delegate=delegate)
    return {place: results[str(place)] for place in known}


def run_whole(
    program: Program, signature: str, inputs: Mapping[str, Array], *, delegate: bool = False
) -> dict[str, Array]:
    """As `run_stage` for a tfl program, from the file that an export of the whole program gives."""
    with mlir.use(program.context):
        return running.run_file(program, signature, inputs, writer.write, delegate=delegate)
