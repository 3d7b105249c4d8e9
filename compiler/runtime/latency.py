"""How long a call takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

_WARM_UP_RUNS = 2


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of repeated calls, in milliseconds.

    Attributes:
        median: half of the calls took at most this long.
        fastest: the shortest call, the figure that other work on the machine disturbs least.
        slowest: the longest call.
        runs: how many calls were timed.
    """

    median: float
    fastest: float
    slowest: float
    runs: int


def measure(call: Callable[[], object], *, seconds: float = 1.0, at_least: int = 5) -> Latency:
    """Times `call` over and over for about `seconds`, after two calls that do not count."""
    for _ in range(_WARM_UP_RUNS):
        call()
    times: list[float] = []
    spent = 0.0
    while spent < seconds or len(times) < at_least:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
        spent += times[-1]
    in_ms = [1000 * each for each in times]
    return Latency(statistics.median(in_ms), min(in_ms), max(in_ms), len(in_ms))
