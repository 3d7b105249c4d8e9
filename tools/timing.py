"""Times of signatures of several files, taken by turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from litewright.compiler.runtime.latency import Latency, measure

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Timed:
    """How long the calls of one file took, in milliseconds.

    Attributes:
        median: of the medians of all visits.
        fastest: the shortest call of all.
        runs: how many calls were timed.
        ratio: its time over that of the first file, the median of what neighbouring visits say.
    """

    median: float
    fastest: float
    runs: int
    ratio: float


def by_turns(calls: Sequence[Callable[[], object]], seconds: float) -> list[Timed]:
    """Times calls in turns, so that what disturbs the machine disturbs neighbours alike.

    Args:
        calls: one for each file.
        seconds: how long each is called, all visits together.
    """
    visits: list[list[Latency]] = [[] for _ in calls]
    for start in range(ROUNDS):
        for turn in range(len(calls)):
            index = (start + turn) % len(calls)
            visits[index].append(measure(calls[index], seconds=seconds / ROUNDS, at_least=3))
    return [_timed(own, visits[0]) for own in visits]


def _timed(own: Sequence[Latency], first: Sequence[Latency]) -> Timed:
    ratios = [a.median / b.median for a, b in zip(own, first, strict=True)]
    return Timed(
        median(each.median for each in own),
        min(each.fastest for each in own),
        sum(each.runs for each in own),
        median(ratios),
    )
