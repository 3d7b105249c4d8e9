"""The stages of a conversion as seen from outside: their times, and who is told of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

Progress = Callable[[str, float | None], None]
"""Told the name of a stage when it begins, and how much of it is done (0 to 1) where that is known."""


@dataclass(slots=True)
class Stages:
    """Times the stages of one conversion and reports them as they begin.

    Attributes:
        progress: who is told; nobody if None.
        seconds: wall time by stage name, in the order in which they ran.
    """

    progress: Progress | None = None
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @contextlib.contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Times what runs inside; a stage that runs more than once adds up."""
        self.report(name)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def report(self, name: str, fraction: float | None = None) -> None:
        """Tells the listener where a stage is."""
        if self.progress is not None:
            self.progress(name, fraction)
