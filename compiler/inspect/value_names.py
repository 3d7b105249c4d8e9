"""Names of values in printed programs that stay the same when ops come and go elsewhere.

MLIR numbers values of one origin in the order in which they are printed, so that removing one op renames all
behind it. Here a value is called after its origin and its op, and numbered among equals alone.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

_FUNCTION = re.compile(r"^ *func\.func ")
_DEFINITION = re.compile(r'^ *%([\w.$-]+?)(?:_(\d+))?(?::\d+)? = "?(?:[\w$]+\.)?([\w.$]+)')
_VALUE = re.compile(r"%([\w.$-]+)")


def with_stable_names(text: str) -> str:
    """The text of a module with its values renamed; it means the same."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if _FUNCTION.match(line)]
    bounds = [0, *starts, len(lines)]
    parts = (lines[start:end] for start, end in itertools.pairwise(bounds))
    return "\n".join(line for part in parts for line in _renamed(part))


def _renamed(lines: list[str]) -> list[str]:
    names: dict[str, str] = {}
    counts = Counter[str]()
    for line in lines:
        found = _DEFINITION.match(line)
        if found is not None:
            origin, number, op = found.groups()
            old = origin if number is None else f"{origin}_{number}"
            base = (
                origin if origin.rpartition(".")[2] == op or origin.isdigit() else f"{origin}.{op}"
            )
            if not origin.isdigit():
                names[old] = f"{base}_{counts[base]}" if counts[base] else base
                counts[base] += 1
    kept = {old for line in lines for old in _VALUE.findall(line) if old not in names}
    taken = {name for name in names.values() if name in kept}
    final = {old: f"{new}_of_op" if new in taken else new for old, new in names.items()}
    return [_VALUE.sub(lambda found: "%" + final.get(found[1], found[1]), line) for line in lines]
