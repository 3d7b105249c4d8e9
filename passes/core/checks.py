"""Observers that hold a pass to its contract: the IR is sound, the interface stays, `run` tells the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from litewright.compiler.diagnostics import PassError
from litewright.compiler.ir.observer import Observer

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

    def __init__(self) -> None:
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
        if now != self._before:
            gone = [line for line in self._before if line not in now]
            new = [line for line in now if line not in self._before]
            raise PassError(
                f"pass {pass_name} changed what callers see of the model: "
                f"{', '.join(gone) or 'the order'} became {', '.join(new) or 'another order'}"
            )


class CheckVerified(Observer[Unit]):
    """Verifies the whole unit after every pass, whatever the pass says of it."""

    def __init__(self, verify: Callable[[Unit], None]) -> None:
        """`verify` raises VerifyError where the representation breaks its own rules."""
        self._verify = verify

    def after(self, pass_name: str, unit: Unit, *, changed: bool) -> None:
        """Verifies."""
        self._verify(unit)


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
            PassError: the pass said that it changed something and did not, or the reverse.
        """
        if changed != (str(unit) != self._before):
            said, did = ("changed", "did not") if changed else ("changed nothing", "changed it")
            raise PassError(
                f"pass {pass_name} says that it {said}, but the text shows that it {did}"
            )
