"""What a row of the table of tfl ops says.

A row holds the facts about one op that the runtime and the official `tfl` dialect agree on: how it is
spelt, what it reads and yields, which attributes it has and where they lie in the flatbuffer, and
which version of the op a given use of it needs. Builders, views, verifier, serializer and reader are
all made from the rows; nothing else in litewright knows an op's layout.

Element types are MLIR's names (`f32`, `i8`, `ui8`, `i1`); a leading `q` says quantised (`qi8`).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..mlir import Array, ir
from .facts import OpFacts

AttributeKind = Literal[
    "bool", "i32", "i64", "f32",
    "string",  # a string
    "enum",  # a string, one of `cases`
    "keyword",  # one of `cases`, spelt `#tfl<MNEMONIC CASE>`
    "i64s", "f32s", "strings",  # array attributes
    "bytes",  # `#tfl<const_bytes : "0x...">`
    "type", "types",
    "dense",  # the numbers of a constant
    "unit",
    "fields",  # a dictionary of option fields, of an op that the table does not spell out
]  # fmt: skip

AttributeValue = (
    bool | int | float | str | bytes | ir.Type | Array | Sequence[int] | Sequence[float] | Sequence[str]
    | Sequence[ir.Type] | ir.Attribute | None
)  # fmt: skip


class Default(enum.Enum):
    """Defaults that are no plain value."""

    REQUIRED = "required"
    OPERAND_COUNT = "the number of operands"
    RESULT_COUNT = "the number of results"
    RESULT_TYPE = "the type of the first result"


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an op.

    Attributes:
        name: as the official dialect spells it.
        kind: how it is written in MLIR.
        default: what a missing attribute means; None if it may stay away.
        cases: what an "enum" or "keyword" may be, in the order of the schema's enumeration.
        mnemonic: the attribute's name in the dialect, for a "keyword".
        field: where it lies in the flatbuffer's options; under its name if empty, nowhere if None.
    """

    name: str
    kind: AttributeKind
    default: AttributeValue | Default = Default.REQUIRED
    cases: tuple[str, ...] = ()
    mnemonic: str = ""
    field: str | None = ""

    @property
    def option(self) -> str | None:
        """The field of the options table, if the attribute lies there."""
        return self.name if self.field == "" else self.field


@dataclass(frozen=True, slots=True)
class Slot:
    """An operand or result.

    Attributes:
        name: as the official dialect spells it.
        types: element types that the runtime takes; empty if it takes all.
        ranks: lowest and highest rank, both included; None if any.
        optional: `tfl.no_value` may stand here.
        variadic: any number of values may stand here.
    """

    name: str
    types: frozenset[str] = frozenset()
    ranks: tuple[int, int] | None = None
    optional: bool = False
    variadic: bool = False


def slot(name: str, types: str = "", ranks: int | tuple[int, int] | None = None) -> Slot:
    """A slot from its short form: `bias?` is optional, `values*` variadic; types by spaces."""
    bounds = (ranks, ranks) if isinstance(ranks, int) else ranks
    return Slot(
        name.rstrip("?*"), frozenset(types.split()), bounds, name.endswith("?"), name.endswith("*")
    )


@dataclass(frozen=True, slots=True)
class Derived:
    """A field of the options that repeats the element type of an operand or result.

    Attributes:
        field: the field of the options object.
        operand: number of the operand, or None.
        result: number of the result, or None.
    """

    field: str
    operand: int | None = None
    result: int | None = None


def version_1(facts: OpFacts) -> int:  # noqa: ARG001
    """The rule of ops that have only ever had one version."""
    return 1


@dataclass(frozen=True, slots=True)
class OpSpec:
    """A row of the table.

    Attributes:
        name: without the dialect (`fully_connected`).
        builtin: the builtin operator of the schema; empty for ops that exist only in MLIR.
        operands: in order; at most one is variadic.
        results: in order; at most one is variadic.
        attributes: in the order in which they are printed in documentation.
        options: the schema's table of options; empty if the op has none.
        derived: fields of the options that follow from types.
        version: the lowest version that a use of the op needs.
        pure: without side effects, so that it may go when nothing reads it.
        commutative: the first two operands may trade places.
        shapes: how result shapes follow from the operands; see `shapes.py`.
        regions: names of the regions, which call a function each.
    """

    name: str
    builtin: str = ""
    operands: tuple[Slot, ...] = ()
    results: tuple[Slot, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    options: str = ""
    derived: tuple[Derived, ...] = ()
    version: Callable[[OpFacts], int] = version_1
    pure: bool = True
    commutative: bool = False
    shapes: ShapeRule | None = None
    regions: tuple[str, ...] = ()
    by_name: dict[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {a.name: a for a in self.attributes})

    @property
    def full_name(self) -> str:
        """The name with its dialect (`tfl.fully_connected`)."""
        return f"tfl.{self.name}"

    def operand(self, position: int) -> Slot | None:
        """The slot that the operand at `position` fills; None past the last."""
        return _slot_at(self.operands, position)

    def result(self, position: int) -> Slot | None:
        """The slot that the result at `position` fills; None past the last."""
        return _slot_at(self.results, position)


Shape = tuple[int, ...]
ShapeRule = Callable[[ir.OpView], Sequence[Shape] | None]
"""Result shapes of an op, or None where they do not follow from what is known."""


def _slot_at(slots: tuple[Slot, ...], position: int) -> Slot | None:
    if position < len(slots):
        return slots[position]
    return slots[-1] if slots and slots[-1].variadic else None
