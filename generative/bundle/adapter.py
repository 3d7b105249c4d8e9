"""Adapters for LiteRT-LM: a .tflite of tensors alone, called as the inputs of the base model that they are for.

The bytes of tensors lie behind the flatbuffer, where `Buffer.offset` points: LiteRT-LM looks nowhere else for them.
It takes them as they are; what a base model without adapter gets is a file of zeros, because LiteRT-LM 0.18 leaves
the inputs as it finds them if there is no file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import flatbuffers
import numpy as np

import litewright

from ..generation.adapters import PREFIX, adapter_inputs, open_adapter
from .reading import graph_in

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_ALIGNMENT = 16 * 1024
"""Of tensors and of the end of the file: LiteRT-LM maps each tensor by itself, and pages are at most as large."""

DECODE = "decode"
_VERSION, _IDENTIFIER, _RANK = 3, b"TFL3", "lora_rank"


def export_adapter(
    model: str | os.PathLike[str],
    output: str | os.PathLike[str],
    adapter: str | os.PathLike[str] | None = None,
) -> None:
    """Writes an adapter as LiteRT-LM takes it, for a base model that takes adapters as inputs.

    Args:
        model: the base model, a bundle or a .tflite.
        output: the file to write.
        adapter: a folder in the layout of `peft`; without, the file is of zeros: the base model itself.

    Raises:
        UserError: the model takes no adapters, there is no such adapter, or it was not made for the model.
        FormatError: a file is damaged.
        WriteError: the file cannot be written.
    """
    wanted = _inputs_of(Path(model))
    if not wanted:
        raise litewright.UserError(
            f"{model} takes no adapters: export it with them as inputs (--lora-as-inputs)"
        )
    if adapter is None:
        made = {name: np.zeros(shape, np.float32) for name, shape in wanted.items()}
    else:
        made = adapter_inputs(open_adapter(adapter), wanted, str(model))
    ranks = [shape[1] for name, shape in wanted.items() if "_a_prime_weight" in name]
    write_adapter(Path(output), made, max(ranks))


def _inputs_of(path: Path) -> dict[str, tuple[int, ...]]:
    """The inputs for adapters of a base model, by name, with their shapes."""
    with graph_in(path) as graph:
        signatures = litewright.read(graph).signatures
    if DECODE not in signatures:
        raise litewright.UserError(f"{path}: no language model: no signature {DECODE!r}")
    inputs = signatures[DECODE].inputs
    return {each.name: each.shape for each in inputs if each.name.startswith(PREFIX)}


def write_adapter(path: Path, tensors: Mapping[str, Array], rank: int) -> None:
    """Writes an adapter: whole, or none.

    Args:
        path: of the file.
        tensors: float32, by the name of the input that each is for.
        rank: of the adapter, told in the file.

    Raises:
        WriteError: the file cannot be written.
    """
    # Offsets are as long whatever they are, so that a first try tells where the flatbuffer ends.
    header = _header(tensors, [_ALIGNMENT] * len(tensors), rank)
    offsets: list[int] = []
    end = len(header)
    for array in tensors.values():
        offsets.append(_aligned(end))
        end = offsets[-1] + array.nbytes
    with litewright.replacing(path) as part, part.open("wb") as file:
        file.write(_header(tensors, offsets, rank))
        for offset, array in zip(offsets, tensors.values(), strict=True):
            file.write(bytes(offset - file.tell()))
            file.write(np.ascontiguousarray(array, np.float32).tobytes())
        file.write(bytes(_aligned(file.tell()) - file.tell()))


def _aligned(position: int) -> int:
    return -(-position // _ALIGNMENT) * _ALIGNMENT


def _header(tensors: Mapping[str, Array], offsets: Sequence[int], rank: int) -> bytes:
    """The flatbuffer (`Model` of TFLite's schema, version 3); fields are given by their number in it."""
    builder = flatbuffers.Builder(1024)
    buffers = [_buffer(builder)]
    made: list[int] = []
    for number, (name, array) in enumerate(tensors.items()):
        buffers.append(_buffer(builder, offsets[number], array.nbytes))
        made.append(_tensor(builder, name, array.shape, number + 1))
    # What LiteRT-LM takes for the rank is the number of the metadata's buffer.
    buffers += [_buffer(builder) for _ in range(max(rank + 1 - len(buffers), 0))]
    graph = _table(
        builder,
        {
            0: _vector(builder, made),
            1: _vector(builder, []),
            2: _vector(builder, []),
            3: _vector(builder, []),
        },
    )
    name = builder.CreateString(_RANK)
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(0, name, 0)
    builder.PrependUint32Slot(1, rank, 0)
    metadata = builder.EndObject()
    fields = {
        1: _vector(builder, []),
        2: _vector(builder, [graph]),
        4: _vector(builder, buffers),
        6: _vector(builder, [metadata]),
    }
    builder.StartObject(7)
    builder.PrependUint32Slot(0, _VERSION, 0)
    for slot, vector in fields.items():
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
    builder.Finish(builder.EndObject(), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _buffer(builder: Any, offset: int = 0, size: int = 0) -> int:
    builder.StartObject(3)
    builder.PrependUint64Slot(1, offset, 0)
    builder.PrependUint64Slot(2, size, 0)
    return builder.EndObject()


def _tensor(builder: Any, name: str, shape: tuple[int, ...], buffer: int) -> int:
    told = builder.CreateString(name)
    builder.StartVector(4, len(shape), 4)
    for size in reversed(shape):
        builder.PrependInt32(size)
    sizes = builder.EndVector()
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(0, sizes, 0)
    builder.PrependUint32Slot(2, buffer, 0)
    builder.PrependUOffsetTRelativeSlot(3, told, 0)
    return builder.EndObject()


def _table(builder: Any, vectors: Mapping[int, int]) -> int:
    builder.StartObject(max(vectors) + 1)
    for slot, vector in vectors.items():
        builder.PrependUOffsetTRelativeSlot(slot, vector, 0)
    return builder.EndObject()


def _vector(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()
