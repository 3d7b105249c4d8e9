"""Observers that hold a pass to its contract: the IR is sound, the interface stays, `run` tells the truth."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection
from typing import Protocol

from litewright.compiler.diagnostics import PassError, VerifyError
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import Origin, origin_of
from litewright.compiler.ir.program import Program

from .base import Unit


class Checkable(Protocol):
    """What passes work on, as far as the checks care."""

    def interface(self) -> tuple[str, ...]:
        """What a caller of the model sees: a line per signature, input and result."""
        ...

    def __str__(self) -> str:
        """The whole unit as text."""
        ...


class CheckInterface(Observer[Checkable]):
    """Refuses a pass after which a caller would see another model: other names, shapes or dtypes."""

    def __init__(self, exempt: Collection[str] = ()) -> None:
        """`exempt` are names of passes that are asked to change what callers see."""
        self._exempt = frozenset(exempt)
        self._before: tuple[str, ...] = ()

    def before(self, pass_name: str, unit: Checkable) -> None:
        """Remembers the interface."""
        self._before = unit.interface()

    def after(self, pass_name: str, unit: Checkable, *, changed: bool) -> None:
        """Compares.

        Raises:
            PassError: the interface is another; the message says which lines came and went.
        """
        now = unit.interface()
        if now != self._before and pass_name not in self._exempt:
            gone = [line for line in self._before if line not in now]
            new = [line for line in now if line not in self._before]
            raise PassError(
                f"pass {pass_name} changed what callers see of the model: "
                f"{', '.join(gone) or 'the order'} became {', '.join(new) or 'another order'}"
            )


class CheckVerified(Observer[Unit]):
    """Verifies the whole unit after every pass, whatever the pass says of it.

    The error gains a note with the rules of the pass that applied where the unit is broken.
    """

    def __init__(self, verify: Callable[[Unit], None]) -> None:
        """`verify` raises VerifyError where the representation breaks its own rules."""
        self._verify = verify
        self._applied: list[tuple[str, str, ir.Location]] = []

    def before(self, pass_name: str, unit: Unit) -> None:
        """Forgets the rules of other passes."""
        self._applied.clear()

    def applied(self, rule: str, op: ir.OpView) -> None:
        """Remembers where a rule applied."""
        self._applied.append((rule, op_name(op), op.location))

    def after(self, pass_name: str, unit: Unit, *, changed: bool) -> None:
        """Verifies.

        Raises:
            VerifyError: the unit is broken; names the first op that is, with its origin.
        """
        try:
            self._verify(unit)
        except VerifyError as error:
            if self._applied:
                error.add_note(self._suspects(str(error)))
            raise

    def _suspects(self, complaint: str) -> str:
        """The rules that applied where the complaint says; the last ones, if it names no such place."""
        where = [(rule, op, str(origin_of(location))) for rule, op, location in self._applied]
        there = [each for each in where if each[2] in complaint and each[2] != str(Origin())]
        lines = dict.fromkeys(
            f"rule {rule} applied at {op}, {origin}" for rule, op, origin in there or where[-3:]
        )
        return "\n".join(lines)


class CheckHonesty(Observer[Checkable]):
    """Refuses a pass whose answer is not what happened to the text of the unit."""

    def __init__(self) -> None:
        self._before = ""

    def before(self, pass_name: str, unit: Checkable) -> None:
        """Remembers the text."""
        self._before = str(unit)

    def after(self, pass_name: str, unit: Checkable, *, changed: bool) -> None:
        """Compares.

        Raises:
            PassError: the pass said that it changed something and did not, or the reverse; the message has
                the first line that is another.
        """
        now = str(unit)
        if changed and now == self._before:
            raise PassError(
                f"pass {pass_name} says that it changed something, but the text is the same"
            )
        if not changed and now != self._before:
            was, became = _first_difference(self._before, now, _with_origins(unit))
            raise PassError(
                f"pass {pass_name} says that it changed nothing, but in the text\n  {was}\nbecame\n  {became}"
            )


def _with_origins(unit: Checkable) -> str:
    """The text of a unit with the origin of every op, line by line; the text alone if it has no such form."""
    if not isinstance(unit, Program):
        return str(unit)
    return unit.module.operation.get_asm(enable_debug_info=True, use_local_scope=True)


def _first_difference(before: str, after: str, shown: str) -> tuple[str, str]:
    """The first lines that differ; the new one as in `shown`, which has the same lines."""
    old, new = before.splitlines(), after.splitlines()
    position = next(i for i in itertools.count() if old[i : i + 1] != new[i : i + 1])
    here = slice(position, position + 1)
    was, became = "".join(old[here]).strip(), "".join(shown.splitlines()[here]).strip()
    return was or "(nothing)", became or "(nothing)"
