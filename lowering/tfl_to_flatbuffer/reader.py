"""Reads any .tflite file back into a tfl program with lazy weights.

Constants below `INLINE_LIMIT` bytes become `tfl.pseudo_const`; larger ones become weights, which stay in
the file until they are wanted. A file is somebody else's: nothing in it is trusted, and whatever is wrong
with it is a `FormatError`.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np

from litewright.compiler.diagnostics import FormatError, InternalError, UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.program import Program
from litewright.compiler.ir.types import dense
from litewright.compiler.weights import WeightStore

from .contents import Contents
from .functions import Functions
from .schema import SCHEMA_VERSION, Record
from .unpacking import unpack
from .weights import Weights
from .writer import BUFFER_LOCATION, METADATA, RUNTIME_VERSION

# Metadata that the writer makes anew, and such as numbers ops and tensors that it numbers anew.
_NOT_KEPT = frozenset(
    {RUNTIME_VERSION, BUFFER_LOCATION, "debug_metadata", "model_control_dependencies"}
)

_CORRUPTION = (
    InternalError, ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError,
    RuntimeError, TypeError, ValueError, ir.MLIRError,
)  # fmt: skip


def read(path: str | os.PathLike[str], context: ir.Context) -> Program:
    """Reads a file; its large tensors are read from it again whenever they are wanted.

    Raises:
        UserError: there is no file at `path`, or it cannot be opened.
        FormatError: the file is no sound .tflite, or holds what this reader does not know.
    """
    source = Path(path)
    data = _mapped(source)
    try:
        with mlir.use(context):
            return _program(source, data)
    except UserError as error:
        error.add_note(f"while reading {source}")
        raise
    except _CORRUPTION as error:
        # Every check has its own message; this is for the corruption that nobody has thought of.
        raise FormatError(f"{source} is corrupt: {error}") from error


def _mapped(source: Path) -> memoryview:
    try:
        with source.open("rb") as file:
            if not os.fstat(file.fileno()).st_size:
                raise FormatError(f"{source} is empty")
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror or error}") from error


def _program(source: Path, data: memoryview) -> Program:
    model = unpack(data)
    if model["version"] != SCHEMA_VERSION:
        raise FormatError(
            f"schema version {model['version']} is not supported, only {SCHEMA_VERSION}"
        )
    if not model["subgraphs"]:
        raise FormatError("the file holds no subgraph")
    contents = Contents(source, data, model["buffers"])
    store = WeightStore()
    module = ir.Module.create(ir.Location.unknown())
    Functions(model, contents, Weights(contents, store), module).build()
    _keep_metadata(model, contents, module)
    module.operation.verify()
    return Program(module, store)


def _keep_metadata(model: Record, contents: Contents, module: ir.Module) -> None:
    kept: dict[str, ir.Attribute] = {}
    for entry in model["metadata"]:
        extent = contents.extent(entry["buffer"])
        if entry["name"] and entry["name"] not in _NOT_KEPT and extent is not None:
            kept[entry["name"]] = dense(contents.bytes_at(extent).view(np.int8))
    if kept:
        module.operation.attributes[METADATA] = ir.DictAttr.get(kept)
