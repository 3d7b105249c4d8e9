"""Calibration data from the command line: files of arrays, or a function of the user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from litewright.compiler.diagnostics import UserError

from .factory import call_factory

Array = np.ndarray[Any, np.dtype[Any]]
Sample = Mapping[str, Array]
Samples = Iterable[Any] | Mapping[str, Iterable[Any]]

_FORMS = (
    "give a FILE.npz with samples one behind the other in the first dimension of each input, a FOLDER of .npz "
    "files with the inputs of one sample each, or MODULE:FUNCTION"
)


def calibration_from(source: str) -> Samples:
    """Samples of the inputs of a model.

    Args:
        source: an .npz file with an array for each input, `[samples, *shape]`; a folder of .npz files, each
            with an array for each input of one sample, or of such folders, named after the signatures; or
            `MODULE:FUNCTION` or `FILE.py:FUNCTION`, called without arguments, that returns an iterable of
            samples or a dict of these by signature.

    Raises:
        UserError: there is no such file, folder or function, or it holds no samples.
    """
    path = Path(source)
    if path.is_dir():
        return _from_folder(path)
    if path.suffix == ".npz":
        return _Rows.of(path)
    if ":" in source:
        return _from_function(source)
    raise UserError(f"there is no calibration data in {source}: {_FORMS}")


@dataclass(frozen=True, slots=True)
class _Rows:
    """Samples that lie one behind the other in each array of a file.

    Attributes:
        arrays: by input.
        count: of samples.
    """

    arrays: Mapping[str, Array]
    count: int

    @classmethod
    def of(cls, path: Path) -> _Rows:
        arrays = _load(path)
        counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise UserError(f"{path} has unequal numbers of samples: {told}; {_FORMS}")
        return cls(arrays, next(iter(counts.values())))

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        for number in range(self.count):
            yield {name: array[number] for name, array in self.arrays.items()}


@dataclass(frozen=True, slots=True)
class _Files:
    """One sample a file, read when its turn comes."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Sample]:
        return map(_load, self.paths)


def _from_folder(folder: Path) -> Samples:
    files = tuple(sorted(folder.glob("*.npz")))
    if files:
        return _Files(files)
    found = {
        each.name: _Files(tuple(sorted(each.glob("*.npz"))))
        for each in sorted(folder.iterdir())
        if each.is_dir()
    }
    filled = {name: files for name, files in found.items() if len(files)}
    if not filled:
        raise UserError(f"the folder {folder} has no .npz files: {_FORMS}")
    return filled


def _from_function(source: str) -> Samples:
    made = call_factory(source)
    if isinstance(made, Mapping):
        return cast("Mapping[str, Iterable[Any]]", made)
    if not isinstance(made, Iterable):
        raise UserError(f"{source} returned {type(made).__name__}, no iterable of samples")
    return cast("Iterable[Any]", made)


def _load(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path} as .npz: {error}") from error
    if not arrays:
        raise UserError(f"{path} holds no arrays")
    return arrays
