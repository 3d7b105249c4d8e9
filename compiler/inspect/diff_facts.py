"""What a comparison of two programs says, as plain data: `dataclasses.asdict` of it is ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OpEntry:
    """An op of one of the two programs.

    Attributes:
        position: its number among the ops of its signature, from 0; constants do not count.
        op: `FULLY_CONNECTED`, or `stablehlo.dot_general`.
        module: path of the module that it comes from, empty for the top module or if unknown.
        origin: module path, label and source line, as far as known.
        types: of its results (`f32[1,128]`).
        attributes: as text, by name.
    """

    position: int
    op: str
    module: str
    origin: str
    types: tuple[str, ...]
    attributes: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.op} {', '.join(self.types)}"


@dataclass(frozen=True, slots=True)
class Change:
    """An op that both programs have, not in the same form.

    Attributes:
        a: the op in the first.
        b: the op in the second.
        what: the differences, a line each.
    """

    a: OpEntry
    b: OpEntry
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleCount:
    """A module of the model, without those inside of it.

    Attributes:
        module: its path.
        a: how many ops the first program has of it.
        b: how many the second has.
        same: how many are in both and the same.
        changed: how many are in both, in another form.
    """

    module: str
    a: int
    b: int
    same: int
    changed: int


@dataclass(frozen=True, slots=True)
class SignatureDiff:
    """A signature that both programs have.

    Attributes:
        a: its name in the first.
        b: its name in the second.
        interface: lines of the interface that are in one alone, `- ` or `+ ` in front.
        ops_a: how many ops the first has.
        ops_b: how many the second has.
        same: how many are the same.
        changed: ops in both, in another form.
        only_a: ops of the first without a partner.
        only_b: ops of the second without a partner.
        modules: counts by module, in the order in which they run.
    """

    a: str
    b: str
    interface: tuple[str, ...]
    ops_a: int
    ops_b: int
    same: int
    changed: tuple[Change, ...]
    only_a: tuple[OpEntry, ...]
    only_b: tuple[OpEntry, ...]
    modules: tuple[ModuleCount, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.interface or self.changed or self.only_a or self.only_b)


@dataclass(frozen=True, slots=True)
class ModelDiff:
    """Two programs compared.

    Attributes:
        signatures: those that both have.
        only_a: names of signatures that only the first has.
        only_b: names of signatures that only the second has.
        bytes_a: what weights and constants of the first take, in bytes.
        bytes_b: the same of the second.
    """

    signatures: tuple[SignatureDiff, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    bytes_a: int
    bytes_b: int

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_a or self.only_b) and all(each.is_same for each in self.signatures)
