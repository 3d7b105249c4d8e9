"""Passes in order, and the observers that look on.

Nothing that is not a pass happens in a pipeline: verifying, timing, dumping and bisecting are
observers, called before and after every pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from litewright.compiler.diagnostics import InternalError

from .base import Pass, Unit

Observed = TypeVar("Observed", contravariant=True)


class Observer(Protocol[Observed]):
    """Looks on while passes run; changes nothing."""

    def before(self, pass_name: str, unit: Observed, /) -> None:
        """Called before a pass."""
        ...

    def after(self, pass_name: str, unit: Observed, /, *, changed: bool) -> None:
        """Called after a pass that did not raise."""
        ...


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
        changed: list[str] = []
        for round_number in range(self.limit):
            changed = [each.name for each in self.passes if each.run(unit)]
            if not changed:
                return round_number > 0
        raise InternalError(f"passes do not settle after {self.limit} rounds: {', '.join(changed)}")


@dataclass(frozen=True)
class Pipeline(Generic[Unit]):
    """An ordered list of passes on one level.

    Attributes:
        passes: in the order in which they run.
    """

    passes: tuple[Pass[Unit], ...]

    def run(self, unit: Unit, observers: Sequence[Observer[Unit]] = ()) -> bool:
        """Runs every pass; an error gains a note that says which pass raised it and what ran before."""
        any_changed = False
        for position, each in enumerate(self.passes):
            for observer in observers:
                observer.before(each.name, unit)
            try:
                changed = each.run(unit)
                for observer in observers:
                    observer.after(each.name, unit, changed=changed)
            except Exception as error:
                done = ", ".join(p.name for p in self.passes[:position]) or "nothing"
                error.add_note(f"in pass {each.name}; before it ran: {done}")
                raise
            any_changed |= changed
        return any_changed
