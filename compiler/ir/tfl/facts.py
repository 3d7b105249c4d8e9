"""What the rules of the table may know about one use of an op: types, quantisation, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Granularity = Literal["tensor", "axis", "block"]


@dataclass(frozen=True, slots=True)
class TensorFact:
    """An operand or result.

    Attributes:
        element: MLIR's name of the element type; with a leading `q` if quantised (`qi8`).
        shape: its dimensions.
        granularity: what has a scale of its own, if quantised.
        scale: the scale, if there is one for the whole tensor; real = scale * (q - zero_point).
    """

    element: str
    shape: tuple[int, ...]
    granularity: Granularity | None = None
    scale: float | None = None

    @property
    def storage(self) -> str:
        """The element type in memory: `i8` for `qi8`."""
        return self.element.removeprefix("q")

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class OpFacts:
    """One use of an op.

    Attributes:
        operands: None stands for an optional operand that is not there.
        results: the results.
        attributes: all attributes with defaults applied, as Python values.
    """

    operands: tuple[TensorFact | None, ...]
    results: tuple[TensorFact, ...]
    attributes: Mapping[str, Any]

    def storage(self, position: int) -> str:
        """Element type in memory of an operand; empty if it is not there."""
        fact = self.operands[position] if position < len(self.operands) else None
        return fact.storage if fact is not None else ""

    def granularity(self, position: int) -> Granularity | None:
        """What of an operand has a scale of its own."""
        fact = self.operands[position] if position < len(self.operands) else None
        return fact.granularity if fact is not None else None

    def result_storage(self) -> str:
        """Element type in memory of the first result."""
        return self.results[0].storage

    @property
    def broadcasts(self) -> bool:
        """Whether the first two operands have unequal shapes."""
        a, b = self.operands[0], self.operands[1]
        return a is not None and b is not None and a.shape != b.shape

    @property
    def highest_rank(self) -> int:
        """The highest rank among the operands."""
        return max((fact.rank for fact in self.operands if fact is not None), default=0)
