"""Names of tensors: where in the user's model a value comes from, unique within a subgraph.

Viewers draw the '/'-separated names as a tree and take ';' for a list of names. Names that were read
from a file of ours come out unchanged.
"""

from __future__ import annotations

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.origin import Origin, origin_of


class Names:
    """Hands out the names of one subgraph."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def of(self, location: ir.Location, otherwise: str) -> str:
        """A name made from a location; from `otherwise` where the location names nothing."""
        return self.unique(origin_of(location).name or otherwise)

    def unique(self, dotted: str) -> str:
        """A name made from a dotted path, with a number behind it if it is taken."""
        parts = dotted.replace(";", "_").replace("/", ".").split(".")
        base = ".".join(part for part in parts if part) or "tensor"
        name = _tensor_name(base)
        while name in self._taken:
            self._counts[base] = self._counts.get(base, 0) + 1
            name = _tensor_name(f"{base}_{self._counts[base]}")
        self._taken.add(name)
        return name


def _tensor_name(dotted: str) -> str:
    path, _, label = dotted.rpartition(".")
    return Origin(path, label).tensor_name
