"""Seconds by stage."""

import time
from collections.abc import Generator
from contextlib import contextmanager


class Stopwatch:
    """Adds up seconds under names, in the order the names were first met."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Time a block; blocks of the same name add up."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
