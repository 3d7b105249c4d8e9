"""What a pass is: a frozen dataclass whose fields are its options and whose `run` tells the truth."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from litewright.compiler.ir.observer import Observer

Unit = TypeVar("Unit")


@dataclass(frozen=True)
class Pass(ABC, Generic[Unit]):
    """A transformation that stays on one level.

    `Unit` is what the level works on: a `Program` for StableHLO and tfl, an `FxProgram` for FX.
    Options are fields; the name is the class name in kebab case and is what the command line, the
    dumps and the pass's file share.
    """

    @property
    def name(self) -> str:
        """`FoldConstants` is called `fold-constants`."""
        return kebab_case(type(self).__name__)

    @abstractmethod
    def run(self, unit: Unit) -> bool:
        """Transforms `unit` in place; says whether anything changed."""

    def run_observed(self, unit: Unit, observers: Sequence[Observer[Unit]]) -> bool:
        """`run`, for passes that are made of parts: these tell the observers about each of them."""
        del observers
        return self.run(unit)


def kebab_case(name: str) -> str:
    """`FoldConstants` as `fold-constants`, `fold_constants` too."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower().strip("_").replace("_", "-")
