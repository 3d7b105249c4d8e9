"""The result of a conversion: a program that can be run, looked at and written to a file."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from litewright.lowering.tfl_to_flatbuffer import reader, writer
from litewright.passes.core import Statistics
from litewright.passes.tfl.quantize_weights import notes_of

from ..ir import mlir
from ..ir.mlir import func, ir
from ..ir.program import Program, input_name, inputs_of, results_of
from ..ir.types import DYNAMIC as DYNAMIC_SIZE
from ..ir.types import dtype_of, shape_of
from ..runtime import Runner
from ..runtime.signatures import DYNAMIC, Signature, TensorInfo
from .stages import Progress, Stages

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(eq=False)
class EdgeModel:
    """A converted (or read) model.

    Attributes:
        program: the tfl module and its weights.
        timings: seconds by stage of the conversion, in order; `export` adds `write`.
        statistics: times of the passes, and how often their rules applied.
    """

    program: Program
    timings: dict[str, float] = field(default_factory=dict[str, float])
    statistics: Statistics = field(default_factory=Statistics, repr=False)
    _runner: Runner | None = field(default=None, init=False, repr=False)

    @property
    def signatures(self) -> Mapping[str, Signature]:
        """What can be called, by name: inputs and outputs, with dtypes and shapes."""
        with mlir.use(self.program.context):
            functions = self.program.signatures()
            return MappingProxyType({each.name.value: _signature(each) for each in functions})

    def __call__(self, *args: Any, signature_name: str | None = None, **kwargs: Any) -> Any:
        """Runs a signature on LiteRT.

        Args:
            *args: inputs in the order of the signature's inputs; anything `np.asarray` takes.
            signature_name: which signature; may be left out where there is only one.
            **kwargs: inputs by name.

        Returns:
            A NumPy array where the signature has one result, else a dict of arrays by result name.

        Raises:
            UserError: an unknown signature or input, one that is missing, or one of another shape or dtype.
        """
        return self._running().call(args, kwargs, signature=signature_name)

    def export(self, path: str | os.PathLike[str], *, progress: Progress | None = None) -> None:
        """Writes the model to a .tflite file: the whole file, or none.

        Weights are read, transformed and written one at a time.

        Raises:
            WriteError: the file cannot be written; what was at `path` before is untouched.
        """
        stages = Stages(progress, self.timings)
        with mlir.use(self.program.context), stages.stage("write"):
            writer.write(
                self.program, Path(path), progress=lambda done: stages.report("write", done)
            )

    @property
    def notes(self) -> list[str]:
        """What a recipe asked for and the runtime cannot do, and what was done instead: a line a weight."""
        with mlir.use(self.program.context):
            return notes_of(self.program)

    def _running(self) -> Runner:
        if self._runner is None:
            folder = tempfile.mkdtemp(prefix="litewright-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder, "model.tflite")
            self.export(path)
            self._runner = Runner(path)
        return self._runner


def _signature(function: func.FuncOp) -> Signature:
    inputs = [(input_name(each) or "", each) for each in inputs_of(function)]
    return Signature(function.name.value, _tensors(inputs), _tensors(results_of(function)))


def _tensors(named: Iterable[tuple[str, ir.Value]]) -> tuple[TensorInfo, ...]:
    return tuple(TensorInfo(name, dtype_of(value), _sizes(value)) for name, value in named)


def _sizes(value: ir.Value) -> tuple[int, ...]:
    return tuple(DYNAMIC if size == DYNAMIC_SIZE else size for size in shape_of(value))


def read(path: str | os.PathLike[str]) -> EdgeModel:
    """Reads any .tflite back into a tfl module and lazy weights, which stay in the file.

    Raises:
        UserError: there is no file at `path`.
        FormatError: the file is no sound .tflite.
    """
    context = mlir.make_context()
    with mlir.use(context):
        return EdgeModel(reader.read(Path(path), context))
