"""What is asked of torch's ops and their schemas, in one typed place: torch keeps much of it private."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast

import torch
from torch import _decomp as decompositions
from torch._ops import HigherOrderOperator, OpOverload
from torch.fx import Node

Op = OpOverload[..., Any]

aten = torch.ops.aten

_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd  # pyright: ignore[reportPrivateUsage]

# Composite ops of torch that always make a new tensor, though their schemas do not promise it.
_FRESH = frozenset(
    {
        aten.batch_norm.default,
        aten.conv1d.default,
        aten.conv2d.default,
        aten.conv3d.default,
        aten.layer_norm.default,
        aten.linear.default,
        aten.matmul.default,
    }
)


def op_of(node: Node) -> Op | None:
    """The op that a node calls; None for `getitem`, higher-order ops and what is no call."""
    target: Any = node.target
    is_op = isinstance(target, OpOverload)
    known: Any = node.target
    return known if is_op else None


def spelling(node: Node) -> str:
    """What a node calls, for messages: `aten.nonzero.default`, `while_loop`."""
    target: Any = node.target
    return target.name() if isinstance(target, HigherOrderOperator) else str(target)


def value_of(node: Node) -> Any:
    """The fake value of a node: a tensor, or several."""
    return node.meta.get("val")


def tensors_of(node: Node) -> list[Any]:
    """The fake values of a node, always several."""
    value = value_of(node)
    return [value] if isinstance(value, torch.Tensor) else list(value)


def items_of(value: Any) -> list[Any] | None:
    """The elements of a list or tuple; None for anything else."""
    return list(cast(Sequence[Any], value)) if isinstance(value, list | tuple) else None


def qualified_name(op: Op) -> str:
    """`aten.add` of `aten.add.Tensor`."""
    return str(op).rpartition(".")[0]


def label(op: Op) -> str:
    """`add` of `aten.add_.Tensor`."""
    return qualified_name(op).rpartition(".")[2].strip("_")


def defaults(op: Op) -> dict[str, Any]:
    """The arguments of an op in order, with their defaults."""
    return {argument.name: argument.default_value for argument in _schema(op).arguments}


def argument_types(op: Op) -> dict[str, str]:
    """The arguments of an op in order, with their types: `Tensor`, `Optional[float]`, `List[int]`."""
    return {argument.name: str(argument.type) for argument in _schema(op).arguments}


def is_mutating(op: Op) -> bool:
    """Whether an op changes one of its arguments."""
    return _schema(op).is_mutable


def makes_new_tensors(op: Op) -> bool:
    """Whether no result of an op shares memory with an argument, for sure."""
    schema = _schema(op)
    if schema.is_mutable or any(result.alias_info is not None for result in schema.returns):
        return False
    return op in _FRESH or not op.has_kernel_for_dispatch_key(_COMPOSITE)


def functional_form(op: Op) -> Op | None:
    """`aten.relu` of `aten.relu_`; None where an op changes anything but its first argument."""
    namespace, _, name = qualified_name(op).rpartition(".")
    if namespace != "aten" or not is_mutating(op) or not name.endswith("_"):
        return None
    written = [a.alias_info is not None and a.alias_info.is_write for a in _schema(op).arguments]
    if not written[0] or any(written[1:]):
        return None
    packet = getattr(aten, name[:-1], None)
    return getattr(packet, str(op).rpartition(".")[2], None)


def decomposition_of(op: Op) -> Callable[..., Any]:
    """The function that torch itself decomposes an op by."""
    table: Any = getattr(decompositions, "decomposition_table")  # noqa: B009
    return table[op]


def core_decomposition_of(op: Op) -> Callable[..., Any] | None:
    """How `torch.export` takes an op apart on the way to core ATen; None for a core op."""
    if op.has_kernel_for_dispatch_key(_COMPOSITE):
        return op.decompose
    return _core_table().get(op)


@functools.cache
def _core_table() -> dict[Any, Callable[..., Any]]:
    table: Any = decompositions.core_aten_decompositions()
    return dict(table.items())


def _schema(op: Op) -> Any:
    return op._schema  # pyright: ignore[reportPrivateUsage]
