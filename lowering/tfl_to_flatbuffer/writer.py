"""Writes a tfl program to a .tflite file: the whole file, or none.

The flatbuffer is packed first, then the large buffers are streamed behind it: a weight is made while the one
before is written, and no more are in memory. Scales that come to light on the way are filled in last. All of it
goes to a temporary file in the target's folder, which takes the target's name when it is complete and on disk.
The same program gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from litewright.compiler.diagnostics import InternalError, UserError
from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import func, ir
from litewright.compiler.ir.program import Program, body_of, is_signature, results_of
from litewright.compiler.ir.types import array_of

from .buffers import ALIGNMENT, SLACK, Blob, Buffers
from .opcodes import OperatorCodes
from .output import Output, writing
from .packing import pack
from .runtime_versions import OUTSIDE_BUFFERS, newest
from .schema import SCHEMA_VERSION, Record
from .subgraphs import Subgraph

Progress = Callable[[float], None]
"""Told how much of the file is written, from 0 to 1."""

METADATA = "litewright.metadata"
"""Attribute of a module: metadata of the file, byte arrays by name, kept as they were read."""

RUNTIME_VERSION = "min_runtime_version"
BUFFER_LOCATION = "buffer_location"

_RUNTIME_VERSION_BYTES = 16


def write(
    program: Program, path: str | os.PathLike[str], *, progress: Progress | None = None
) -> None:
    """Writes a program to `path`. Its context must be current.

    Raises:
        WriteError: the file cannot be written; what was at `path` before is untouched.
        UserError: a weight cannot be read.
    """
    target = Path(path)
    with writing(target) as file:
        _stream(program, file, progress)


def _stream(program: Program, file: Output, progress: Progress | None) -> None:
    buffers = Buffers(program.weights)
    packed = pack(_model(program, buffers))
    start = len(packed) + SLACK
    places = list(buffers.place(start))
    for blob, position in places:
        blob.offset.fill(packed, position)
    end = places[-1][1] + places[-1][0].size + SLACK if places else start
    end += -end % ALIGNMENT
    file.write(packed)
    written = len(packed)
    for blob, position in places:
        data = _read(blob)
        if data.nbytes != blob.size:
            raise InternalError(
                f"{blob.name} came to {data.nbytes} bytes, {blob.size} were announced"
            )
        file.write(bytes(position - written))
        file.write(data)
        written = position + blob.size
        if progress is not None:
            progress(written / end)
        del data
    file.write(bytes(end - written))
    if buffers.fill_scales(packed):
        file.write_at(0, packed)
    file.wait()
    if progress is not None:
        progress(1.0)


def _read(blob: Blob) -> memoryview:
    try:
        return blob.read()
    except OSError as error:
        raise UserError(f"cannot read {blob.name}: {error.strerror or error}") from error


# ---- the model -----------------------------------------------------------------------------------


def _model(program: Program, buffers: Buffers) -> Record:
    functions = _subgraph_functions(program)
    numbers = {function.name.value: number for number, function in enumerate(functions)}
    control = _called_by_control_flow(functions)
    codes = OperatorCodes()
    subgraphs = [
        Subgraph(
            function,
            weights=program.weights,
            buffers=buffers,
            codes=codes,
            index_of=numbers.__getitem__,
            own_outputs=function.name.value not in control,
        )
        for function in functions
    ]
    signatures = [
        _signature(function, number, subgraphs[number])
        for number, function in enumerate(functions)
        if is_signature(function)
    ]
    return {
        "version": SCHEMA_VERSION,
        "operator_codes": codes.records,
        "subgraphs": [subgraph.record for subgraph in subgraphs],
        "description": "litewright",
        "signature_defs": signatures,
        "metadata": _metadata(program, buffers, codes),
        "buffers": buffers.records,
    }


def _subgraph_functions(program: Program) -> list[func.FuncOp]:
    """The signatures, then what they refer to, in the order in which it is first referred to."""
    by_name = {function.name.value: function for function in program.functions()}
    ordered = {name: function for name, function in by_name.items() if is_signature(function)}
    if not ordered:
        raise InternalError("a program without a signature cannot be written")
    waiting = list(ordered)
    while waiting:
        function = ordered[waiting.pop(0)]
        for name in (name for op in body_of(function).operations for name in tfl.callees(op)):
            if name not in by_name:
                raise InternalError(f"{function.name.value} refers to {name}, which is not there")
            if name not in ordered:
                ordered[name] = by_name[name]
                waiting.append(name)
    return list(ordered.values())


def _called_by_control_flow(functions: Sequence[func.FuncOp]) -> set[str]:
    """Private functions that no composite names: their inputs may pass through."""
    composites: set[str] = set()
    for function in functions:
        for op in body_of(function).operations:
            if "decomposition" in op.attributes:
                composites.add(ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value)
    return {f.name.value for f in functions if not is_signature(f)} - composites


def _signature(function: func.FuncOp, number: int, subgraph: Subgraph) -> Record:
    results = zip(results_of(function), subgraph.outputs, strict=True)
    return {
        "signature_key": function.name.value,
        "subgraph_index": number,
        "inputs": [
            {"name": name, "tensor_index": tensor} for name, tensor in subgraph.inputs.items()
        ],
        "outputs": [{"name": name, "tensor_index": tensor} for (name, _), tensor in results],
    }


def _metadata(program: Program, buffers: Buffers, codes: OperatorCodes) -> list[Record]:
    entries = {
        RUNTIME_VERSION: newest(codes.releases | ({OUTSIDE_BUFFERS} if buffers.blobs else set()))
    }
    contents = {
        name: text.encode().ljust(_RUNTIME_VERSION_BYTES, b"\0") for name, text in entries.items()
    }
    if buffers.blobs:
        contents[BUFFER_LOCATION] = b"outside flatbuffers"
    kept = program.module.operation.attributes.get(METADATA)
    for each in ir.DictAttr(kept) if kept is not None else ():
        contents.setdefault(each.name, array_of(each.attr).tobytes())
    return [{"name": name, "buffer": buffers.metadata(data)} for name, data in contents.items()]
