"""What a .tflite says of its signatures, and how to make another subgraph its first.

Needs the flatbuffer schema that LiteRT ships, and no runtime.
"""

import mmap
import shutil
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ai_edge_litert import schema_py_generated as schema

_OP_CODES: Any = schema.BuiltinOperator
_OP_NAMES: dict[int, str] = {
    getattr(_OP_CODES, name): name for name in dir(_OP_CODES) if name.isupper()
}
_COMPOSITE = "STABLEHLO_COMPOSITE"
_SUBGRAPHS_FIELD, _SIGNATURES_FIELD = 8, 18
"""Vtable offsets of the fields of `Model`: 4 + 2 * the number of the field in the schema."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature's name, its subgraph, and its ops by name.

    `expanded` counts a composite as the ops of its decomposition, which is what runs where no
    delegate knows its name.
    """

    name: str
    subgraph: int
    ops: dict[str, int]
    expanded: int


def read_signatures(path: Path) -> list[Signature]:
    """The signatures of a file, in its order."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        model = schema.Model.GetRootAs(data, 0)
        return [_signature(model, index) for index in range(model.SignatureDefsLength())]


def _signature(model: Any, index: int) -> Signature:
    definition = model.SignatureDefs(index)
    subgraph = definition.SubgraphIndex()
    ops = Counter(_op_name(model, operator) for operator in _operators(model, subgraph))
    name = definition.SignatureKey().decode()
    return Signature(name, subgraph, dict(ops), _expanded(model, subgraph))


def _operators(model: Any, subgraph: int) -> list[Any]:
    graph = model.Subgraphs(subgraph)
    return [graph.Operators(index) for index in range(graph.OperatorsLength())]


def _op_name(model: Any, operator: Any) -> str:
    code = model.OperatorCodes(operator.OpcodeIndex())
    return _OP_NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]


def _expanded(model: Any, subgraph: int) -> int:
    """How many ops a subgraph holds once its composites are replaced by their decompositions."""
    count = 0
    for operator in _operators(model, subgraph):
        if _op_name(model, operator) != _COMPOSITE:
            count += 1
            continue
        options = schema.StableHLOCompositeOptions()
        table = operator.BuiltinOptions2()
        options.Init(table.Bytes, table.Pos)
        count += _expanded(model, options.DecompositionSubgraphIndex())
    return count


@contextmanager
def with_first_subgraph(path: Path, index: int) -> Generator[Path]:
    """The path of a file that is `path` with subgraph `index` in the first place.

    An interpreter tells the nodes of its first subgraph only. A copy without signatures, whose
    entries of the vector of subgraphs are exchanged, lives as long as the block.
    """
    if index == 0:
        yield path
        return
    copy = path.with_suffix(f".subgraph{index}.tflite")
    try:
        shutil.copyfile(path, copy)
        _exchange_first_subgraph(copy, index)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _exchange_first_subgraph(path: Path, index: int) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        table = schema.Model.GetRootAs(data, 0)._tab
        subgraphs = table.Vector(table.Offset(_SUBGRAPHS_FIELD))
        signatures = table.Vector(table.Offset(_SIGNATURES_FIELD)) - 4
        del table
        first, other = subgraphs, subgraphs + 4 * index
        targets = [place + _read(data, place) for place in (first, other)]
        _write(data, first, targets[1] - first)
        _write(data, other, targets[0] - other)
        _write(data, signatures, 0)


def _read(data: mmap.mmap, place: int) -> int:
    return int.from_bytes(data[place : place + 4], "little")


def _write(data: mmap.mmap, place: int, value: int) -> None:
    data[place : place + 4] = value.to_bytes(4, "little")
