"""Ops that were made of functions, as composites: the function, traced, is the decomposition."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx import GraphModule
from torch.utils import _pytree as pytree

from litewright.compiler.composites.define import DEFINITIONS
from litewright.compiler.diagnostics import Unsupported
from litewright.compiler.ir.fx_trace import trace
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import (
    Op,
    argument_types,
    items_of,
    qualified_name,
    tensors_of,
    value_of,
)
from litewright.compiler.ir.types import element_of, shape_of, tensor_type

from .composites import Attribute
from .context import LoweringContext
from .elements import dtype_of_element, element_of_dtype
from .graph import lower_graph


def defined(ctx: LoweringContext, *args: Any, **kwargs: Any) -> ir.Value | list[ir.Value]:
    """A composite named after the op: tensors are operands, everything else is an attribute."""
    meaning = DEFINITIONS.meaning(ctx.op)
    bound = inspect.signature(meaning).bind(*args, **kwargs)
    # The function's own defaults: a schema has numbers in place of dtypes.
    bound.apply_defaults()
    given = dict(bound.arguments)
    leaves, tree = pytree.tree_flatten(given)
    operands = [leaf for leaf in leaves if isinstance(leaf, ir.Value)]
    static = tuple(None if isinstance(leaf, ir.Value) else repr(leaf) for leaf in leaves)

    def decompose(*values: ir.Value) -> Sequence[ir.Value]:
        def call(*tensors: torch.Tensor) -> Any:
            filled = iter(tensors)
            mixed = [next(filled) if isinstance(leaf, ir.Value) else leaf for leaf in leaves]
            return meaning(**pytree.tree_unflatten(mixed, tree))

        with FakeTensorMode():
            fakes = [_fake(value) for value in values]
        return _lowered(ctx, trace(call, fakes, ctx.builder.rules), values)

    kinds = [tensor_type(tuple(t.shape), element_of_dtype(t.dtype)) for t in tensors_of(ctx.node)]
    made = ctx.composite(
        qualified_name(ctx.op),
        operands,
        attributes_of_call(ctx.op, given),
        decompose,
        kinds,
        form=(str(tree), static),
    )
    return made[0] if isinstance(value_of(ctx.node), torch.Tensor) else made


def attributes_of_call(op: Op, given: Mapping[str, Any]) -> dict[str, Attribute]:
    """The arguments of a call that are no tensors and not None, by name."""
    attributes: dict[str, Attribute] = {}
    for name, kind in argument_types(op).items():
        value = given[name]
        if value is not None and "Tensor" not in kind:
            attributes[name] = _attribute(value, is_float="float" in kind)
    return attributes


def _attribute(value: Any, *, is_float: bool) -> Attribute:
    items = items_of(value)
    if items is not None:
        return tuple(float(each) if is_float else each for each in items)
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    return float(value) if is_float else value


def _fake(value: ir.Value) -> torch.Tensor:
    return torch.empty(shape_of(value), dtype=dtype_of_element(element_of(value)))


def _lowered(
    ctx: LoweringContext, graph_module: GraphModule, operands: Sequence[ir.Value]
) -> list[ir.Value]:
    refused: list[Unsupported] = []
    results = lower_graph(ctx.builder, graph_module, operands, refused)
    if refused:
        listed = "; ".join(f"{each.op}: {each.hint}" if each.hint else each.op for each in refused)
        raise ctx.refuse(f"its decomposition holds what cannot be lowered: {listed}")
    return results
