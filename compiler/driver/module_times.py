"""How long the modules of a model take on LiteRT, each cut out of the program and run alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from litewright.lowering.tfl_to_flatbuffer import writer

from ..diagnostics import LitewrightError
from ..inspect.exposing import cut
from ..inspect.report.measured import random_inputs
from ..inspect.report.origins import Origins
from ..inspect.report.pieces import Piece, pieces_of
from ..ir import mlir
from ..ir.program import Program
from ..runtime import Runner

_SECONDS = 0.05
# Pieces of more bytes would take longer to write than they are worth.
_LARGEST = 1 << 29


def module_times(program: Program, signature: str, origins: Origins) -> list[list[float]]:
    """The modules of a signature, each with the milliseconds of a call.

    Of several calls the fastest counts, which other work on the machine disturbs least. Modules that are alike
    are measured once. A module that is most of the model, that is very large, or that LiteRT does not run alone
    is left out. A call has costs of its own, some microseconds, which are in the numbers; so is what the
    delegate could not fuse across a module's border.
    """
    with mlir.use(program.context):
        pieces = pieces_of(program.signature(signature), origins)
    return [row for piece in pieces for row in _rows(program, signature, piece)]


def _rows(program: Program, signature: str, piece: Piece) -> Iterator[list[float]]:
    if piece.bytes > _LARGEST:
        return
    try:
        time = _time(program, signature, piece)
    except LitewrightError:
        return
    yield from ([module, time] for module in piece.modules)


def _time(program: Program, signature: str, piece: Piece) -> float:
    with tempfile.TemporaryDirectory(prefix="litewright-") as folder:
        path = Path(folder, "module.tflite")
        with mlir.use(program.context):
            part = cut(program, signature, ends=piece.ends, starts=piece.starts)
            writer.write(part, path)
        runner = Runner(path)
        inputs = random_inputs(runner.signature(signature))
        return runner.latency(inputs, signature, seconds=_SECONDS).fastest
