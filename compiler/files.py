"""Files are written whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import signal
import stat
import threading
from collections.abc import Generator
from pathlib import Path
from types import FrameType

from .diagnostics import WriteError

_ENDS = ("SIGTERM", "SIGHUP")


@contextlib.contextmanager
def replacing(target: Path) -> Generator[Path]:
    """A new file beside `target` that takes its place when all went well, and vanishes when not.

    It takes the place once the disk has it, with the permissions of what was there. Meanwhile signals that
    end the process unwind it, see `unwinding`, so that nothing is left behind.

    Raises:
        WriteError: the file cannot be written; what was at `target` before is untouched.
    """
    # Symbolic links are followed: what they point to is replaced, not the link.
    resolved = Path(os.path.realpath(target))
    part = resolved.parent / f".litewright-{secrets.token_hex(6)}.part"
    with unwinding():
        try:
            with refusals(target):
                mode = _mode_of(resolved)
                os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            yield part
            with refusals(target):
                _sync(part)
                if mode is not None:
                    part.chmod(mode)
                part.replace(resolved)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def unwinding() -> Generator[None]:
    """While this is open, SIGTERM and SIGHUP raise `SystemExit`, as SIGINT raises `KeyboardInterrupt`.

    Nothing is changed in other threads than the main one, or where the program handles these signals itself.
    """
    taken: list[int] = []
    if threading.current_thread() is threading.main_thread():
        # Windows has no SIGHUP.
        known = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
        taken = [each for each in known if signal.getsignal(each) is signal.SIG_DFL]
    try:
        for each in taken:
            signal.signal(each, _unwind)
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)


@contextlib.contextmanager
def refusals(target: Path) -> Generator[None]:
    """What the system refuses becomes an error of ours.

    Raises:
        WriteError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"cannot write {target}: {error.strerror or error}; nothing was changed"
        ) from error


def _unwind(number: int, _frame: FrameType | None) -> None:
    # What shells report of a process that a signal has ended.
    raise SystemExit(128 + number)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mode_of(path: Path) -> int | None:
    """The permissions of the file that is there; None if there is none.

    Raises:
        OSError: what is there is no file that could be replaced.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is there already and is no regular file")
    return stat.S_IMODE(mode)
