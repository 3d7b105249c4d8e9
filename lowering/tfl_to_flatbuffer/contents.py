"""What the buffers of a file hold: where the bytes of a tensor are, and lazy tensors over them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir.mlir import Array
from litewright.compiler.weights.file_range import FileRange

from .elements import from_bytes
from .schema import Record
from .unpacking import View


@dataclass(frozen=True, slots=True, eq=False)
class FileTensor:
    """A tensor in a file, read when it is wanted. Compared by identity, as all sources are.

    Attributes:
        path: the file.
        position: of the first byte.
        size: in bytes.
        shape: its dimensions.
        dtype: its element type.
    """

    path: Path
    position: int
    size: int
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]

    def read(self) -> Array:
        """Reads the tensor.

        Raises:
            FormatError: the file has become shorter.
        """
        data = FileRange(self.path, self.position, self.size).read()
        return from_bytes(data, self.dtype, self.shape)


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the bytes of a buffer lie.

    Attributes:
        position: in the file.
        size: in bytes.
    """

    position: int
    size: int


class Contents:
    """The buffers of a file."""

    def __init__(self, path: Path, data: memoryview, buffers: Sequence[Record]) -> None:
        # A relative path would change its meaning with the working directory.
        self.path = Path(os.path.abspath(path))  # noqa: PTH100
        self._data = data
        self._buffers = buffers

    def extent(self, buffer: int) -> Extent | None:
        """Where a buffer's bytes are; None if it has none.

        Raises:
            FormatError: there is no such buffer, or it lies outside the file.
        """
        if not 0 <= buffer < len(self._buffers):
            raise FormatError(f"a tensor refers to buffer {buffer} of {len(self._buffers)}")
        record = self._buffers[buffer]
        inline: View | None = record["data"]
        if buffer == 0:
            return None
        if inline is not None:
            return Extent(inline.start, len(inline))
        position, size = record["offset"], record["size"]
        if position <= 1:
            return None
        if position + size > len(self._data):
            raise FormatError(f"truncated: buffer {buffer} lies past the end of the file")
        return Extent(position, size)

    def bytes_at(self, extent: Extent) -> Array:
        """A copy of some bytes of the file."""
        return np.frombuffer(self._data, np.uint8, extent.size, extent.position).copy()
