"""The file that an export makes: whole, or not there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

import litewright


def check_folder(path: Path) -> None:
    """Refuses what could not be written in the end, before anything takes time.

    Raises:
        WriteError: there is no folder to put it in.
    """
    if not path.parent.is_dir():
        raise litewright.WriteError(f"cannot write {path}: there is no folder {path.parent}")


@contextlib.contextmanager
def taken(path: Path) -> Generator[tuple[Path, Path]]:
    """Takes the place of a file before the work begins: whatever happens from here on, nothing of all this is left.

    Yields:
        what takes the place of `path` when all went well, and where the .tflite is put until it has been compared
        with PyTorch.

    Raises:
        WriteError: the file cannot be written.
    """
    with (
        litewright.replacing(path) as part,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".litewright-") as work,
    ):
        yield part, Path(work, "model.tflite")
