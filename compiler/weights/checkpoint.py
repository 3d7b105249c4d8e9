"""Checkpoints on disk as lazy tensors: safetensors files, whole or in shards.

A tensor is read by a handle of its own that is closed again, so that the pages of a file never add up
in memory.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ..diagnostics import FormatError, UserError
from .store import TensorSource

Array = np.ndarray[Any, np.dtype[Any]]

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

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
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def read(self) -> Array:
        """Reads the tensor from the file."""
        with safe_open(self.path, "np") as file:
            return file.get_tensor(self.name)


def open_checkpoint(path: str | Path) -> dict[str, TensorSource]:
    """The tensors of a checkpoint by name, none of them read.

    Args:
        path: a folder in Hugging Face layout (`model.safetensors`, or `model.safetensors.index.json` and
            its shards), or one .safetensors file.

    Raises:
        UserError: there is no checkpoint at `path`, or a shard is missing.
        FormatError: a file is no sound safetensors file.
    """
    root = Path(path)
    files = [root] if root.is_file() else _files_of(root)
    tensors: dict[str, TensorSource] = {}
    for file in files:
        tensors.update(_tensors_of(file))
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


def _tensors_of(file: Path) -> dict[str, TensorSource]:
    try:
        with safe_open(file, "np") as opened:
            slices = {name: opened.get_slice(name) for name in opened.keys()}
            return {name: _source(file, name, part) for name, part in slices.items()}
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{file}: not a sound safetensors file ({error})") from error


def _source(file: Path, name: str, part: Any) -> TensorSource:
    kind: str = part.get_dtype()
    if kind not in _DTYPES:
        raise FormatError(f"{file}: tensor {name} has element type {kind}, which is not supported")
    return SafetensorsSource(file, name, tuple(part.get_shape()), np.dtype(_DTYPES[kind]))
