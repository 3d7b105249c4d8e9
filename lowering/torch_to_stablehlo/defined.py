"""Ops that were made of functions, as composites: the function, traced, is the decomposition."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.fx import GraphModule
from torch.utils import _pytree as pytree

from litewright.compiler.composites.define import DEFINITIONS
from litewright.compiler.diagnostics import Unsupported
from litewright.compiler.ir import hlo
from litewright.compiler.ir.fx import live_nodes, result_nodes
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
from litewright.compiler.weights.torch_source import array_of_tensor

from .composites import Attribute, ModuleBuilder
from .context import LoweringContext
from .elements import dtype_of_element, element_of_dtype
from .graph import Values, lower_nodes, without_rule


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


def lower_graph(
    builder: ModuleBuilder,
    graph_module: GraphModule,
    operands: Sequence[ir.Value],
    refused: list[Unsupported],
) -> list[ir.Value]:
    """Lowers a graph here and now, all of it with the current location; its results are values.

    Args:
        builder: the module that is being written.
        graph_module: its output is a flat tuple.
        operands: the values of its placeholders.
        refused: gains what cannot be lowered, and there are no results then.
    """
    nodes = list(live_nodes(graph_module))
    missing = without_rule(nodes, builder.rules)
    refused.extend(missing)
    if missing:
        return []
    placeholders = graph_module.graph.find_nodes(op="placeholder")
    values: Values = dict(zip(placeholders, operands, strict=True))
    for node in nodes:
        if node.op == "get_attr":
            values[node] = hlo.constant(array_of_tensor(_constant(graph_module, str(node.target))))
    nodes = [node for node in nodes if node.op != "get_attr"]
    lower_nodes(builder, nodes, values, refused, location=ir.Location.current)
    results = [values[node] for node in result_nodes(graph_module)]
    return [value for value in results if isinstance(value, ir.Value)]


def _constant(graph_module: GraphModule, name: str) -> torch.Tensor:
    """A tensor that the code of a function makes; tracing on fake tensors keeps what a number was."""
    tensor: torch.Tensor = getattr(graph_module, name)
    known = tensor.constant if isinstance(tensor, FakeTensor) else None
    return tensor if known is None else known
