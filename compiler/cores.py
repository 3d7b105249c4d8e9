"""How many cores there are to use."""

from __future__ import annotations

import os

from .diagnostics import UserError

_MOST = 4


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_threads(threads: int | None) -> None:
    """Raises a UserError unless it is a positive number or None."""
    if threads is not None and threads < 1:
        raise UserError(f"the number of threads must be positive, not {threads}")


def kernel_threads() -> int:
    """Threads for the runtime's kernels where nobody says how many.

    All cores, but four at most, as LiteRT-LM takes them: beyond, slow cores of a phone or laptop hold up the fast
    ones. `OMP_NUM_THREADS` bounds them, as it does those of PyTorch.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores(), _MOST, *([int(wanted)] if wanted.isdecimal() and int(wanted) else []))
