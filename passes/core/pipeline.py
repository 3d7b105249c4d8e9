"""Passes in order, and what happens around each of them.

Nothing that is not a pass happens in a pipeline: verifying, timing, dumping and bisecting are
observers, told before and after every pass, those inside of others too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from litewright.compiler.diagnostics import PassError, UserError
from litewright.compiler.ir.observer import Observer

from .base import Pass, Unit


@dataclass(frozen=True)
class Repeat(Pass[Unit]):
    """Runs passes one after another until none of them changes anything.

    Attributes:
        passes: what is repeated.
        limit: rounds after which the passes are taken to undo each other, which is an error.
    """

    passes: tuple[Pass[Unit], ...]
    limit: int = 16

    def run(self, unit: Unit) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: Unit, observers: Sequence[Observer[Unit]]) -> bool:
        """See `Pass.run_observed`.

        Raises:
            PassError: the passes still change something after `limit` rounds.
        """
        changing: list[str] = []
        for round_number in range(self.limit):
            changing = [each.name for each in self.passes if run_pass(each, unit, observers)]
            if not changing:
                return round_number > 0
        error = PassError(
            f"passes do not settle after {self.limit} rounds; these still change something: "
            f"{', '.join(changing)}. Do they undo each other's work?"
        )
        for observer in observers:
            observer.failed(",".join(changing), unit, error)
        raise error


@dataclass(frozen=True)
class Pipeline(Generic[Unit]):
    """An ordered list of passes on one level.

    Attributes:
        passes: in the order in which they run.
    """

    passes: tuple[Pass[Unit], ...]

    def run(self, unit: Unit, observers: Sequence[Observer[Unit]] = ()) -> bool:
        """Runs every pass; an error gains a note that says which pass raised it and what ran before.

        An error about what the caller gave is told with the pass alone.
        """
        trail = _Trail[Unit]()
        watching = (trail, *observers)
        changes = False
        for each in self.passes:
            try:
                changes |= run_pass(each, unit, watching)
            except Exception as error:
                error.add_note(trail.describe(full=not isinstance(error, UserError)))
                raise
        return changes


def run_pass(each: Pass[Unit], unit: Unit, observers: Sequence[Observer[Unit]]) -> bool:
    """Runs one pass between its observers, the last of whom stands closest to it.

    A pass that holds others (`Repeat`) is not announced itself.
    """
    if isinstance(each, Repeat):
        return each.run_observed(unit, observers)
    for observer in observers:
        observer.before(each.name, unit)
    try:
        changed = each.run_observed(unit, observers)
        for observer in reversed(observers):
            observer.after(each.name, unit, changed=changed)
    except Exception as error:
        for observer in observers:
            observer.failed(each.name, unit, error)
        raise
    return changed


class _Trail(Observer[Unit]):
    """Remembers what ran, for the note on an error."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._current = ""

    def before(self, pass_name: str, unit: Unit) -> None:
        self._current = pass_name

    def after(self, pass_name: str, unit: Unit, *, changed: bool) -> None:
        self._done.append(pass_name if changed else f"{pass_name} (no change)")

    def describe(self, *, full: bool) -> str:
        if not full:
            return f"in pass {self._current}"
        return f"in pass {self._current}; before it ran: {', '.join(self._done) or 'nothing'}"
