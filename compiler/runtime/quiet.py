"""What native code prints to standard error, held back while it runs.

LiteRT greets on every load, on the file descriptor itself, where `sys.stderr` has no say. The
greetings are dropped; anything else is passed on when the block ends, and what is said about a
failure becomes a note of the exception.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Generator

_CHATTER = re.compile(r"^(INFO|VERBOSE|WARNING|W0000|I0000)\b|^└ Could not load shared library|^$")


@contextlib.contextmanager
def hushed() -> Generator[None]:
    """Holds file descriptor 2 back for the length of the block."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        failed = True
        try:
            yield
            failed = False
        except Exception as error:
            os.dup2(kept, 2)
            for line in _telling(held.fileno()):
                error.add_note(line)
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            if not failed:
                os.write(2, "".join(f"{line}\n" for line in _telling(held.fileno())).encode())


def hush_exit() -> None:
    """Drops what native code says as the process ends, for programs whose own last word has been said.

    LiteRT takes leave of its accelerators when Python is gone already. Call it before LiteRT is loaded: what is
    registered first runs last.
    """
    atexit.register(_drop)


def _drop() -> None:
    sys.stderr.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


def _telling(descriptor: int) -> list[str]:
    """The lines in a file that are not mere chatter."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    text = os.read(descriptor, 1 << 20).decode(errors="replace")
    return [line for line in text.splitlines() if not _CHATTER.match(line)]
