"""What a pass is: a frozen dataclass whose fields are its options and whose `run` tells the truth."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

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
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()

    @abstractmethod
    def run(self, unit: Unit) -> bool:
        """Transforms `unit` in place; says whether anything changed."""
