"""A copy of a model in which another subgraph comes first.

LiteRT's Python interpreter shows the ops of subgraph 0 and of no other.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

_SUBGRAPHS_SLOT = 8  # vtable offset of `Model.subgraphs`: the third field


def with_subgraph_first(model: Path | bytes, index: int) -> Path | bytes:
    """The model itself for index 0, else its bytes with subgraphs 0 and `index` swapped.

    What other subgraphs call (decompositions of composites) keeps its number; signatures then point
    to the wrong subgraph, so the copy is good for looking at ops and for nothing else.
    """
    if index == 0:
        return model
    data = bytearray(model.read_bytes() if isinstance(model, Path) else model)
    first = _vector(data)
    other = first + 4 * index
    targets = [position + _u32(data, position) for position in (first, other)]
    # Offsets count from where they stand.
    struct.pack_into("<I", data, first, targets[1] - first)
    struct.pack_into("<I", data, other, targets[0] - other)
    return bytes(data)


def _vector(data: Any) -> int:
    """Where the first element of `Model.subgraphs` stands."""
    from ai_edge_litert import schema_py_generated as schema

    table = schema.Model.GetRootAs(data, 0)._tab
    return int(table.Vector(table.Offset(_SUBGRAPHS_SLOT)))


def _u32(data: bytes | bytearray, position: int) -> int:
    return int(struct.unpack_from("<I", data, position)[0])
