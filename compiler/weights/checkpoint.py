"""Checkpoints on disk as lazy tensors: safetensors files, whole or in shards.

A tensor is read by a handle of its own that is closed again, and read, not mapped, so that the pages of a
file never add up in memory.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ..diagnostics import FormatError, UserError
from .file_range import FileRange
from .store import TensorSource

Array = np.ndarray[Any, np.dtype[Any]]

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_LENGTH = 8
"""Bytes in front of the header, which say how long it is."""

_DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
}


@dataclass(frozen=True, slots=True, eq=False)
class SafetensorsSource:
    """One tensor of a safetensors file. Compared by identity, as all sources are.

    Attributes:
        path: the file.
        name: the tensor's name in it.
        shape: its dimensions.
        dtype: its element type.
        place: its bytes.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    place: FileRange

    def read(self) -> Array:
        """Reads the tensor from the file."""
        return self.place.read().view(self.dtype).reshape(self.shape)

    def rows(self, start: int, stop: int) -> Array:
        """Reads some rows of it, along its first dimension."""
        return self.place.rows(self.shape, self.dtype, start, stop)


def open_checkpoint(path: str | Path) -> dict[str, TensorSource]:
    """The tensors of a checkpoint by name, none of them read.

    Args:
        path: a folder in Hugging Face layout (`model.safetensors`, or `model.safetensors.index.json` and
            its shards), or one .safetensors file. What torchao has quantised is there as the floats that it
            stands for, and keeps its integers where it can.

    Raises:
        UserError: there is no checkpoint at `path`, a shard is missing, or torchao has packed a tensor in a way
            that is not known.
        FormatError: a file is no sound safetensors file.
    """
    root = Path(path)
    files = [root] if root.is_file() else _files_of(root)
    tensors: dict[str, TensorSource] = {}
    metadata: dict[str, str] = {}
    for file in files:
        own, told = _tensors_of(file)
        tensors.update(own)
        metadata.update(told)
    if any("tensor_data_names" in text for text in metadata.values()):
        # It wants torch, and few checkpoints want it.
        from .torchao_checkpoint import with_quantized

        return with_quantized(tensors, metadata)
    return tensors


def _files_of(folder: Path) -> list[Path]:
    index = folder / INDEX
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text())["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise FormatError(
                f"{index}: no weight_map of a sharded checkpoint ({error})"
            ) from error
        files = [folder / shard for shard in sorted(shards)]
        absent = [file.name for file in files if not file.is_file()]
        if absent:
            raise UserError(
                f"{folder}: {len(absent)} of {len(files)} shards are missing: {', '.join(absent)}"
            )
        return files
    if (folder / SINGLE).is_file():
        return [folder / SINGLE]
    raise UserError(
        f"{folder}: no checkpoint here; expected {SINGLE} or {INDEX}, or a .safetensors file"
    )


def _tensors_of(file: Path) -> tuple[dict[str, TensorSource], dict[str, str]]:
    """The tensors of one file, and what its header tells besides.

    That the header is sound, and tells of all bytes, is checked by safetensors.
    """
    try:
        with safe_open(file, "np") as opened:
            names = list(opened.keys())
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(_LENGTH), "little")
            header: dict[str, Any] = json.loads(stream.read(length))
    except (SafetensorError, OSError, ValueError) as error:
        raise FormatError(f"{file}: not a sound safetensors file ({error})") from error
    tensors = {name: _source(file, name, header[name], _LENGTH + length) for name in names}
    return tensors, header.get("__metadata__", {})


def _source(file: Path, name: str, entry: dict[str, Any], data: int) -> TensorSource:
    """A tensor by its entry in the header; offsets there count from the start of the data."""
    kind: str = entry["dtype"]
    if kind not in _DTYPES:
        raise FormatError(f"{file}: tensor {name} has element type {kind}, which is not supported")
    begin, end = entry["data_offsets"]
    place = FileRange(file, data + begin, end - begin)
    return SafetensorsSource(file, name, tuple(entry["shape"]), np.dtype(_DTYPES[kind]), place)
