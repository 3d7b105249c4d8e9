"""The arguments of calls, in a form in which calls that mean the same are the same."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.ir.torch_ops import Op, defaults, items_of, op_of, value_of

aten = torch.ops.aten

COMMUTATIVE: frozenset[Op] = frozenset(
    {
        aten.add.Tensor,
        aten.bitwise_and.Tensor,
        aten.bitwise_or.Tensor,
        aten.bitwise_xor.Tensor,
        aten.eq.Tensor,
        aten.logical_and.default,
        aten.logical_or.default,
        aten.maximum.default,
        aten.minimum.default,
        aten.mul.Tensor,
        aten.ne.Tensor,
    }
)
# How something is computed, and where: torch.export and a plain trace do not agree on them.
_MEANINGLESS = frozenset(
    {
        "cudnn_enable",
        "cudnn_enabled",
        "device",
        "layout",
        "memory_format",
        "non_blocking",
        "pin_memory",
    }
)
_DIMENSIONS = frozenset({"axis", "dim", "dim0", "dim1", "dims"})


def arguments_of(node: Node) -> dict[str, Any]:
    """The arguments of a call by name, defaults filled in, dimensions and cuts counted from the start.

    Calls of something other than an op have numbers for names.
    """
    op = op_of(node)
    if op is None:
        return {**{str(i): a for i, a in enumerate(node.args)}, **node.kwargs}
    known = defaults(op)
    given: dict[str, Any] = {**known, **dict(zip(known, node.args, strict=False)), **node.kwargs}
    for name in _MEANINGLESS & given.keys():
        del given[name]
    first = next(iter(node.all_input_nodes), None)
    tensor = value_of(first) if first is not None else None
    if not isinstance(tensor, torch.Tensor):
        return given
    rank = tensor.dim() + (1 if op in (aten.unsqueeze.default, aten.stack.default) else 0)
    for name in _DIMENSIONS & given.keys():
        given[name] = _from_start(given[name], rank)
    if op in (aten.softmax.int, aten.log_softmax.int) and given["dtype"] == tensor.dtype:
        given["dtype"] = None
    if op is aten.slice.Tensor:
        size = int(tensor.shape[int(given["dim"])])
        given["start"] = _cut(given["start"] or 0, size)
        given["end"] = size if given["end"] is None else _cut(given["end"], size)
    return given


def _from_start(value: Any, rank: int) -> Any:
    items = items_of(value)
    if items is not None:
        return [_from_start(each, rank) for each in items]
    return value % rank if isinstance(value, int) and rank else value


def _cut(position: int, size: int) -> int:
    return max(0, min(size, position + size if position < 0 else position))
