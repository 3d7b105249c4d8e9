"""The rows of an FX graph; beside `snapshots.py`, since these need torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch.fx import Node

from ...ir.fx import FxProgram
from ...ir.fx_origin import origin_of_node
from ...ir.torch_ops import items_of, op_of, qualified_name, spelling, value_of
from .origins import Origins
from .snapshots import Operand, Row, Snapshot

_REPEATED = re.compile(r"@\d+$")
_SHORT = {"bfloat16": "bf16", "bool": "i1"}
_WIDTH = re.compile(r"^(float|uint|int)(?=\d)")
_LETTERS = {"float": "f", "uint": "ui", "int": "i"}


def snapshot(program: FxProgram, origins: Origins) -> Snapshot:
    """See `snapshots.snapshot_of_graph`."""
    references: dict[Node, int] = {}
    arguments: list[tuple[str, int, int]] = []
    inputs = {each.placeholder: each.name for each in program.inputs}
    for name, node in program.placeholders.items():
        references[node] = -1 - len(arguments)
        kind = origins.strings.number(_type_text(value_of(node)))
        shown = inputs.get(name) or (program.held[name].name if name in program.held else name)
        arguments.append((shown, kind, int(name not in inputs)))
    rows: list[Row] = []
    for node in calls_of(program):
        _note_classes(node, origins)
        rows.append(_row(node, references, origins))
        references[node] = len(rows) - 1
    results: list[tuple[str, Operand]] = [
        (name, references[node])
        for name, node in zip(program.outputs, program.results, strict=True)
    ]
    return {"arguments": arguments, "ops": rows, "results": results}


def calls_of(program: FxProgram) -> list[Node]:
    """The nodes that get a row, in order."""
    return [node for node in program.graph_module.graph.nodes if node.op == "call_function"]


def _row(node: Node, references: Mapping[Node, int], origins: Origins) -> Row:
    number = origins.strings.number
    operands: list[Operand] = []
    texts: list[str] = []
    for key, argument in (*((None, a) for a in node.args), *node.kwargs.items()):
        nodes = _nodes_in(argument)
        operands += [references[each] for each in nodes if each in references]
        if not nodes:
            texts.append(str(argument) if key is None else f"{key}={argument}")
    types = number(_type_text(value_of(node)))
    origin = origins.origin(origin_of_node(node))
    return (origin, number(kind_of(node)), types, operands, number(", ".join(texts)))


def kind_of(node: Node) -> str:
    """What a node calls, ATen's namespace left out."""
    op = op_of(node)
    if op is not None:
        return qualified_name(op).removeprefix("aten.")
    return str(getattr(node.target, "__name__", spelling(node)))


def _nodes_in(argument: Any) -> list[Node]:
    if isinstance(argument, Node):
        return [argument]
    return [node for item in items_of(argument) or () for node in _nodes_in(item)]


def _note_classes(node: Node, origins: Origins) -> None:
    stack: Mapping[str, tuple[str, Any]] = node.meta.get("nn_module_stack") or {}
    for path, kind in stack.values():
        name = kind if isinstance(kind, str) else getattr(kind, "__name__", "")
        origins.set_class(_REPEATED.sub("", path), name.rpartition(".")[2])


def _type_text(value: Any) -> str:
    """`f32[1,64]`; of several values, all."""
    if isinstance(value, torch.Tensor):
        name = str(value.dtype).removeprefix("torch.")
        short = _SHORT.get(name) or _WIDTH.sub(lambda found: _LETTERS[found[1]], name)
        return f"{short}[{','.join(map(str, value.shape))}]"
    return ", ".join(_type_text(item) for item in items_of(value) or ()) or type(value).__name__
