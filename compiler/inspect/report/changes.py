"""What a pass changed, by module: the lines that went and the lines that came.

Values are named after where they come from, so a line says where it belongs, and no position is needed.
What is the same in many layers is kept once, with all the places where it happened.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .origins import Origins
from .snapshots import Operand, Snapshot

LINES_BY_GROUP = 24
CHARACTERS_BY_PASS = 24_000

_VALUE = re.compile(r"%[\w.$-]+")
# What tells one layer from another: indices of modules, and the numbers of values and functions.
_NUMBERED = re.compile(r"(?<=[._@])\d+(?=[._ ,)]|$)")

Line = tuple[int, str]
"""A module, and the text of an op in it."""

Lines = Mapping[str, Sequence[Line]]
"""By function."""


def lines_of(snapshot: Snapshot, origins: Origins) -> list[Line]:
    """A line for each op and result: `%model.norm.mul = mul(%model.norm.rsqrt, 2) : f32[1,64]`.

    Constants stand where they are read, if they are short.
    """
    strings = origins.strings.items()
    names: list[str] = []
    arguments = [f"%{name}" for name, _, _ in snapshot["arguments"]]
    counts = Counter[str]()

    def text_of(reference: Operand) -> str:
        row, result = reference if isinstance(reference, tuple) else (reference, 0)
        name = arguments[-1 - row] if row < 0 else names[row]
        return f"{name}#{result}" if result else name

    lines: list[Line] = []
    for origin, op, types, operands, attributes in snapshot["ops"]:
        kind, given = strings[op], strings[attributes]
        module, path, label = origins.describe(origin)
        if not operands and kind in _CONSTANTS:
            short = 0 < len(given) <= _SHORT
            names.append(given if short else f"%{'.'.join(filter(None, (path, label or kind)))}")
            continue
        is_told = label == kind or label.startswith(f"{kind}_")
        base = ".".join(filter(None, (path, label, "" if is_told else kind.split()[-1])))
        names.append(f"%{base}_{counts[base]}" if counts[base] else f"%{base}")
        counts[base] += 1
        read = ", ".join(map(text_of, operands))
        braces = f" {{{given}}}" if given else ""
        lines.append((module, f"{names[-1]} = {kind}({read}){braces} : {strings[types]}"))
    lines += [(0, f"return {name} = {text_of(value)}") for name, value in snapshot["results"]]
    return lines


_CONSTANTS = frozenset({"constant", "pseudo_const", "pseudo_qconst", "no_value"})
_SHORT = 40


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
    marked = [(position, 0, module, f"-{text}") for position, (module, text) in gone]
    at = {_value(text): position for position, (_, text) in gone}
    # A new line stands with the old one of its name; otherwise about where it would stand in the old text.
    marked += [
        (at.get(_value(text), position), 1, module, f"+{text}") for position, (module, text) in come
    ]
    groups: dict[int, list[str]] = {}
    for _, _, module, line in sorted(marked):
        groups.setdefault(module, []).append(line)
    return groups


def _value(text: str) -> str:
    found = _VALUE.match(text)
    return found[0] if found is not None else text.partition("=")[0]


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
