"""Second moments of what meets weights: summed up in memory, then kept in files until they are wanted."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..diagnostics import UserError
from ..quantize.algebra import gram
from ..weights.file_range import FileRange

Array = np.ndarray[Any, np.dtype[Any]]


class _Folder:
    """A folder that goes with the last who knows it."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="litewright-moments-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


@dataclass(frozen=True, slots=True, eq=False)
class StoredMoments:
    """Moments in a file, as a source of weights. Compared by identity, as all sources are.

    Attributes:
        shape: [columns, columns].
        dtype: float32.
        place: their bytes.
        folder: where the file is.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    place: FileRange
    folder: _Folder

    def read(self) -> Array:
        """Reads them."""
        return self.place.read().view(self.dtype).reshape(self.shape)


class Moments:
    """Sums of x x^T, each of a square matrix of the number of columns.

    Attributes:
        sources: those that are complete, by name.
    """

    def __init__(self) -> None:
        self.sources: dict[str, StoredMoments] = {}
        self._open: dict[frozenset[str], Array] = {}
        self._folder = _Folder()
        self._numbers = itertools.count()

    def add(self, names: Collection[str], value: Array) -> None:
        """Adds what meets some weights in one run.

        Args:
            names: of their moments; all of them see the same.
            value: [..., columns].

        Raises:
            UserError: it holds NaN or infinity.
        """
        rows = np.ascontiguousarray(
            value.reshape(-1, value.shape[-1]).astype(np.float32, copy=False)
        )
        moments = gram(rows)
        if not np.isfinite(moments.diagonal()).all():
            weights = ", ".join(sorted(names))
            raise UserError(f"NaN or infinity meets the weights of {weights}")
        key = frozenset(names)
        if key in self._open:
            np.add(self._open[key], moments, out=self._open[key])
        else:
            self._open[key] = moments

    def settle(self) -> None:
        """Puts what was added into files, and lets go of it."""
        while self._open:
            names, total = self._open.popitem()
            made: dict[StoredMoments | None, StoredMoments] = {}
            for name in sorted(names):
                before = self.sources.get(name)
                if before not in made:
                    made[before] = self._stored(total if before is None else total + before.read())
                self.sources[name] = made[before]

    def _stored(self, moments: Array) -> StoredMoments:
        path = self._folder.path / str(next(self._numbers))
        moments.tofile(path)
        place = FileRange(path, 0, moments.nbytes)
        return StoredMoments(moments.shape, moments.dtype, place, self._folder)
