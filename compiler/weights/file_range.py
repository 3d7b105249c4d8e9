"""Bytes of a file, read when they are wanted: never mapped, so that no pages of files count as memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..diagnostics import FormatError

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class FileRange:
    """Where the bytes of a tensor lie.

    Attributes:
        path: the file.
        position: of the first byte.
        size: in bytes.
    """

    path: Path
    position: int
    size: int

    def read(self, begin: int = 0, end: int | None = None) -> Array:
        """Some of the bytes, uint8; the handle is closed again.

        Args:
            begin: of the first byte, from the start of the range.
            end: of the byte behind the last; the end of the range if not said.

        Raises:
            FormatError: the file has become shorter.
            OSError: it cannot be read.
        """
        data = np.empty((self.size if end is None else end) - begin, np.uint8)
        rest = data.data
        with self.path.open("rb", buffering=0) as file:
            file.seek(self.position + begin)
            while rest:
                count = file.readinto(rest) or 0
                if not count:
                    raise FormatError(f"{self.path} has changed since it was read: it is shorter")
                rest = rest[count:]
        return data

    def rows(self, shape: tuple[int, ...], dtype: np.dtype[Any], start: int, stop: int) -> Array:
        """Some rows of a row-major tensor that fills the range, along its first dimension.

        Args:
            shape: of the tensor, of one dimension at least.
            dtype: its element type, a byte long at least.
            start: the first row.
            stop: the row behind the last.
        """
        stop = min(stop, shape[0])
        row = math.prod(shape[1:]) * dtype.itemsize
        return self.read(start * row, stop * row).view(dtype).reshape(stop - start, *shape[1:])
