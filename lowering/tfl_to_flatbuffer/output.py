"""The file that is being written: in a thread of its own, while what comes next is made."""

from __future__ import annotations

import os
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from litewright.compiler.files import refusals, replacing

Bytes: TypeAlias = bytes | bytearray | memoryview

_CHUNK = 16 * 1024 * 1024
"""Bytes that are written at once: an end that is wanted sooner waits for no more."""

_FLUSHED = 4 * _CHUNK
"""Bytes after which the disk is told to begin, so that little is left to wait for at the end."""


class Output:
    """Takes pieces of a file one after another; each is written while the next is made.

    What cannot be written is told when the next piece comes, or at the end.
    """

    def __init__(self, descriptor: int, target: Path) -> None:
        self._descriptor, self._target = descriptor, target
        self._pool = ThreadPoolExecutor(1, "litewright-write")
        self._pending: Future[None] | None = None
        self._position = self._flushed = 0
        self._given_up = False

    def write(self, data: Bytes) -> None:
        """Waits until the piece before is written, and begins with this one.

        Raises:
            WriteError: the one before cannot be written.
        """
        self.wait()
        self._pending = self._pool.submit(self._append, data)

    def write_at(self, position: int, data: Bytes) -> None:
        """Writes over what was written before.

        Raises:
            WriteError: the file cannot be written.
        """
        self.wait()
        rest = memoryview(data)
        with refusals(self._target):
            while rest:
                count = os.pwrite(self._descriptor, rest, position)
                rest, position = rest[count:], position + count

    def wait(self) -> None:
        """Waits until all that was given is written.

        Raises:
            WriteError: it cannot be written.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Ends the thread, whatever it still had to write."""
        self._given_up = True
        self._pool.shutdown()

    def _append(self, data: Bytes) -> None:
        rest = memoryview(data)
        with refusals(self._target):
            while rest and not self._given_up:
                count = os.write(self._descriptor, rest[:_CHUNK])
                rest = rest[count:]
                self._position += count
                if self._position - self._flushed >= _FLUSHED:
                    self._flush()

    def _flush(self) -> None:
        # Linux begins to write pages that are said not to be needed, and does not wait for them.
        if hasattr(os, "posix_fadvise"):
            length = self._position - self._flushed
            os.posix_fadvise(self._descriptor, self._flushed, length, os.POSIX_FADV_DONTNEED)
        self._flushed = self._position


@contextmanager
def writing(target: Path) -> Generator[Output]:
    """A new file that takes the place of `target` when all went well; see `replacing`.

    Raises:
        WriteError: the file cannot be written; what was at `target` before is untouched.
    """
    with replacing(target) as part:
        with refusals(target):
            descriptor = os.open(part, os.O_WRONLY | os.O_CLOEXEC)
        output = Output(descriptor, target)
        try:
            yield output
            output.wait()
        finally:
            output.close()
            os.close(descriptor)
