"""Programs printed while passes run: after some of them, or what each has changed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection

from ..ir.fx import FxProgram
from ..ir.observer import Observer
from ..ir.program import Program
from .dump import print_program

Printed = Program | FxProgram


class PrintAfter(Observer[Printed]):
    """Prints the whole unit after the passes and lowerings of these names."""

    def __init__(self, names: Collection[str], write: Callable[[str], None]) -> None:
        """`write` takes one text at a time, without a newline at its end."""
        self._names = frozenset(names)
        self._write = write

    def lowered(self, name: str, unit: Printed) -> None:
        """Prints what a lowering has made."""
        if name in self._names:
            self._write(f"// ---- {name} ----\n{text_of(unit)}")

    def after(self, pass_name: str, unit: Printed, *, changed: bool) -> None:
        """Prints what a pass has made."""
        if pass_name in self._names:
            note = "" if changed else " (changed nothing)"
            self._write(f"// ---- after {pass_name}{note} ----\n{text_of(unit)}")


class PrintChanged(Observer[Printed]):
    """Prints what each pass has changed, as a unified diff."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """`write` takes one text at a time, without a newline at its end."""
        self._write = write
        self._before = ""

    def before(self, pass_name: str, unit: Printed) -> None:
        """Remembers the text."""
        self._before = text_of(unit)

    def after(self, pass_name: str, unit: Printed, *, changed: bool) -> None:
        """Prints the difference."""
        if changed:
            lines = difflib.unified_diff(
                self._before.splitlines(),
                text_of(unit).splitlines(),
                f"before {pass_name}",
                f"after {pass_name}",
                lineterm="",
            )
            self._write("\n".join(lines))


def text_of(unit: Printed) -> str:
    """A program as dumps show it, without a newline at its end."""
    return (print_program(unit) if isinstance(unit, Program) else str(unit)).rstrip("\n")
