"""What a pass changed, by module: the lines that went and the lines that came.

Values are named after where they come from, so a line says where it belongs, and no position is needed.
What is the same in many layers is kept once, with all the places where it happened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .origins import ROOT, Origins
from .snapshots import Operand, Row, Snapshot

LINES_BY_GROUP = 24
CHARACTERS_BY_PASS = 24_000

# What tells one layer from another: indices of modules, numbers of values and functions, folded weights.
_NUMBERED = re.compile(r"(?<=[._@])\d+(?=[._ ,)]|$)|(?<=literal:)\w+")
_CONSTANTS = frozenset({"constant", "pseudo_const", "pseudo_qconst", "no_value"})
_SHORT = 40


class Line(NamedTuple):
    """What one op computes.

    Attributes:
        module: where it comes from.
        name: of the value.
        text: how it is computed.
    """

    module: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} = {self.text}"


Lines = Mapping[str, Sequence[Line]]
"""By function."""


class _Names:
    """Names of values, `%model.norm.mul_1`, that stay the same when ops come, go and move elsewhere.

    Values of one origin are told apart by numbers. A value has the number of the one before that was computed
    in the same way, numbers apart; those that were not computed before have what numbers are left.
    """

    def __init__(self, before: Sequence[Line]) -> None:
        self._free: dict[str, list[str]] = {}
        self._same: dict[tuple[str, str], list[str]] = {}
        for line in before:
            base = _unnumbered(line.name)
            self._free.setdefault(base, []).append(line.name)
            self._same.setdefault((base, _unnumbered(line.text)), []).append(line.name)
        self._counts = Counter({base: len(names) for base, names in self._free.items()})

    def known(self, base: str, text: str) -> str | None:
        """The name of a value that was computed before; `text` without numbers."""
        names = self._same.get((base, text))
        if not names:
            return None
        self._free[base].remove(names[0])
        return names.pop(0)

    def new(self, base: str) -> str:
        """A name for a value that was not; to be asked for when all known ones are taken."""
        if self._free.get(base):
            return self._free[base].pop(0)
        self._counts[base] += 1
        number = self._counts[base] - 1
        return f"{base}{_MARK}{number}" if number else base


# Between a name and its number, so that no name of the model is taken for a numbered one.
_MARK = "~"
_MARKED = re.compile(_MARK + r"\d+")


def _unnumbered(text: str) -> str:
    return _MARKED.sub("", text)


def lines_of(snapshot: Snapshot, origins: Origins, before: Sequence[Line] = ()) -> list[Line]:
    """A line for each op and result: `%model.norm.mul = mul(%model.norm.rsqrt, 2) : f32[1,64]`.

    Constants stand where they are read, if they are short. `before` are the lines that an earlier snapshot had.
    """
    strings = origins.strings.items()
    bases = [_base(row, strings, origins) for row in snapshot["ops"]]
    names = _Names(before)
    plain = [_text(snapshot, row, strings, bases) for row in snapshot["ops"]]
    known = [
        base if text is None else names.known(base, text)
        for base, text in zip(bases, plain, strict=True)
    ]
    named = [name or names.new(base) for name, base in zip(known, bases, strict=True)]
    lines = [
        Line(origins.describe(row[0])[0], name, text)
        for row, name in zip(snapshot["ops"], named, strict=True)
        if (text := _text(snapshot, row, strings, named)) is not None
    ]
    arguments = snapshot["arguments"]
    return lines + [
        Line(ROOT, f"return {name}", _reference(value, arguments, named))
        for name, value in snapshot["results"]
    ]


def _base(row: Row, strings: Sequence[str], origins: Origins) -> str:
    """The name of a row's value without a number; a short constant is its own name."""
    origin, op, _, operands, attributes = row
    kind, given = strings[op], strings[attributes]
    _, path, label = origins.describe(origin)
    if not operands and kind in _CONSTANTS:
        name = ".".join(filter(None, (path, label or kind)))
        return given if 0 < len(given) <= _SHORT else f"%{name}"
    short = re.split(r"[ .]", kind)[-1]
    is_told = label == short or label.startswith(f"{short}_")
    return "%" + ".".join(filter(None, (path, label, "" if is_told else short)))


def _text(snapshot: Snapshot, row: Row, strings: Sequence[str], names: Sequence[str]) -> str | None:
    """How a row's value is computed; None for a constant."""
    _, op, types, operands, attributes = row
    kind, given = strings[op], strings[attributes]
    if not operands and kind in _CONSTANTS:
        return None
    read = ", ".join(_reference(each, snapshot["arguments"], names) for each in operands)
    braces = f" {{{given}}}" if given else ""
    return f"{kind}({read}){braces} : {strings[types]}"


def _reference(
    operand: Operand, arguments: Sequence[tuple[str, int, int]], names: Sequence[str]
) -> str:
    row, result = operand if isinstance(operand, tuple) else (operand, 0)
    name = f"%{arguments[-1 - row][0]}" if row < 0 else names[row]
    return f"{name}#{result}" if result else name


@dataclass(slots=True)
class Group:
    """Lines that changed in one way in one or several places.

    Attributes:
        lines: as they are in the first place, each behind `-` or `+`.
        places: function and module of each.
        omitted: how many more lines there are.
    """

    lines: list[str]
    places: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    omitted: int = 0


@dataclass(slots=True)
class Changes:
    """What a pass changed.

    Attributes:
        groups: in the order of the program.
        removed: how many lines went.
        added: how many came.
        omitted: how many groups are not shown, so that the page stays small.
    """

    groups: list[Group] = field(default_factory=list[Group])
    removed: int = 0
    added: int = 0
    omitted: int = 0

    def payload(self) -> Mapping[str, Any]:
        """Ready for JSON."""
        groups = [{"lines": g.lines, "places": g.places, "omitted": g.omitted} for g in self.groups]
        counts = {"removed": self.removed, "added": self.added, "omitted": self.omitted}
        return {"groups": groups, **counts}


def compare(before: Lines, after: Lines) -> Changes:
    """What became of the lines of a program. Lines that only moved did not change."""
    changes = Changes()
    found: dict[tuple[str, ...], Group] = {}
    for function in dict.fromkeys((*before, *after)):
        old, new = before.get(function, ()), after.get(function, ())
        gone, come = list(_left(old, new)), list(_left(new, old))
        changes.removed += len(gone)
        changes.added += len(come)
        for module, lines in _by_module(gone, come).items():
            key = tuple(_NUMBERED.sub("#", line) for line in lines)
            group = found.setdefault(key, Group(lines))
            group.places.append((function, module))
    changes.groups = _within_budget(found.values())
    changes.omitted = len(found) - len(changes.groups)
    return changes


def _left(lines: Sequence[Line], others: Sequence[Line]) -> Iterator[tuple[int, Line]]:
    """The lines that are not among the others, with their positions."""
    spare = Counter(others)
    for position, line in enumerate(lines):
        if spare[line]:
            spare[line] -= 1
        else:
            yield position, line


def _by_module(
    gone: Sequence[tuple[int, Line]], come: Sequence[tuple[int, Line]]
) -> dict[int, list[str]]:
    """Changed lines by module; a value that is computed in another way has its two lines together."""
    at = {line.name: position for position, line in gone}
    marked = [(position, 0, line.module, f"-{line}") for position, line in gone]
    # A new line stands with the old one of its name; otherwise about where it would stand in the old text.
    marked += [(at.get(line.name, n), 1, line.module, f"+{line}") for n, line in come]
    groups: dict[int, list[str]] = {}
    for _, _, module, text in sorted(marked):
        groups.setdefault(module, []).append(text.replace(_MARK, "_"))
    return groups


def _within_budget(groups: Iterable[Group]) -> list[Group]:
    kept: list[Group] = []
    spent = 0
    for group in groups:
        group.omitted = max(0, len(group.lines) - LINES_BY_GROUP)
        group.lines = group.lines[:LINES_BY_GROUP]
        spent += sum(map(len, group.lines))
        if spent > CHARACTERS_BY_PASS and kept:
            break
        kept.append(group)
    return kept
