"""Quantised graphs, said in floats, integers of weights and `litewright::fake_quantize`.

A graph that torch's tools have quantised (PT2E; modules of torchao that were exported) holds the integers of
weights and ops that make floats of them, and the same for activations. Here such a weight becomes a
placeholder of floats, of which it is known what integers they are made of; a pair of conversions of an
activation becomes one op; and what finds scales as values come is left to kernels, which do just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import ExportGraphSignature, OutputSpec, TensorArgument
from torch.fx import Graph, Node

from ..composites.quantization import dequantize, quantize
from ..diagnostics import UserError
from ..ir.torch_ops import items_of, op_of, value_of
from ..weights.affine import Affine
from .quantized_ops import (
    Conversion,
    chooses,
    conversion_of,
    speaks_of_quantization,
)
from .resolver import MOVING, Resolver, name_of
from .written_out import rewrite_floats, rewrite_product

aten = torch.ops.aten


def resolve_quantization(
    program: ExportedProgram, tensors: Mapping[str, torch.Tensor]
) -> tuple[ExportedProgram, dict[str, Affine]]:
    """A program without ops of quantisation, as far as these are known.

    Args:
        program: exported, not decomposed; its graph is changed.
        tensors: what its parameters, buffers and constants are, by fully-qualified name.

    Returns:
        The program, and by name the parameters and buffers that it now reads as floats.
    """
    graph = program.graph
    targets = {
        spec.arg.name: spec.target
        for spec in program.graph_signature.input_specs
        if spec.target is not None
    }
    held = {name: tensors[target] for name, target in targets.items() if target in tensors}
    of_integers = any(tensor.dtype == torch.int8 for tensor in held.values())
    if not of_integers and not any(speaks_of_quantization(node) for node in graph.nodes):
        return program, {}
    affines = _resolve(Resolver(graph, held))
    program.graph_module.recompile()
    found = {targets[name]: affine for name, affine in affines.items()}
    # Nobody reads them; should torch trace the graph once more, they have the right shapes and dtypes.
    floats = {
        targets[node.name]: torch.empty(affines[node.name].shape, dtype=value_of(node).dtype)
        for node in graph.find_nodes(op="placeholder")
        if node.name in affines
    }
    opened: Any = program
    state = {
        name: tensor if name not in floats else _as(tensor, floats[name])
        for name, tensor in program.state_dict.items()
    }
    constants = {name: floats.get(name, tensor) for name, tensor in program.constants.items()}
    signature = _with_results_of(graph, program.graph_signature)
    made = opened._update(program.graph_module, signature, state_dict=state, constants=constants)
    return made, found


def _as(stored: Any, floats: torch.Tensor) -> torch.Tensor:
    """Floats as a parameter, if what they stand for is one."""
    is_parameter = isinstance(stored, torch.nn.Parameter)
    return torch.nn.Parameter(floats, requires_grad=False) if is_parameter else floats


def _with_results_of(graph: Graph, signature: ExportGraphSignature) -> ExportGraphSignature:
    """A signature whose results have the names that they have in a graph by now."""
    results = items_of(graph.output_node().args[0]) or []
    specs: list[OutputSpec] = []
    for spec, result in zip(signature.output_specs, results, strict=True):
        named = isinstance(spec.arg, TensorArgument) and isinstance(result, Node)
        specs.append(replace(spec, arg=TensorArgument(result.name)) if named else spec)
    return ExportGraphSignature(list(signature.input_specs), specs)


def _resolve(resolver: Resolver) -> dict[str, Affine]:
    """Rewrites all that is known; the placeholders that have become floats.

    Raises:
        UserError: a weight is read as integers where it is read as floats too.
    """
    graph = resolver.graph
    # They hold on to what goes.
    for node in list(graph.nodes):
        if op_of(node) is aten._assert_tensor_metadata.default:
            graph.erase_node(node)
    for node in list(graph.nodes):
        rewrite_product(resolver, node)
        rewrite_floats(resolver, node)
    _rewrite_weights(resolver)
    for node in list(graph.nodes):
        _rewrite_activation(resolver, node)
    _sweep(graph)
    for placeholder, before in resolver.readers.items():
        if before & set(placeholder.users):
            raise UserError(
                f"{placeholder.name}: ops that are not known read the integers of this weight, and others the "
                "floats that they stand for; quantise the module for the CPU, by int8 or by groups of int4"
            )
    return resolver.affines


def _rewrite_weights(resolver: Resolver) -> None:
    """Makes floats of the placeholders that conversions alone read."""
    readers: dict[Node, list[tuple[Node, Affine]]] = {}
    for node in resolver.graph.nodes:
        call = conversion_of(node)
        if call is None or call.kind != "dequantize":
            continue
        affine = resolver.affine(call)
        root = resolver.root(call.operand) if affine is not None else None
        if affine is not None and root is not None:
            readers.setdefault(root, []).append((node, affine))
    for root, found in readers.items():
        first = found[0][1]
        same = all(each.is_same(first) for _, each in found)
        if same and resolver.feeds_only(root, {node for node, _ in found}):
            resolver.become_floats(root, first, value_of(found[0][0]))
            for node, _ in found:
                node.replace_all_uses_with(root)


def _rewrite_activation(resolver: Resolver, node: Node) -> None:
    """Says a conversion in ops of ours."""
    call = conversion_of(node)
    if call is None:
        return
    before = conversion_of(call.operand)
    if before is not None and _undoes(resolver, call, before):
        if _is_chosen(before):
            node.replace_all_uses_with(before.operand)
            return
        if resolver.one_scale(before) is not None:
            node.replace_all_uses_with(resolver.rounded(node, before))
        return
    numbers = resolver.one_scale(call)
    if numbers is None or not node.users:
        return
    if call.kind == "dequantize":
        node.replace_all_uses_with(resolver.call(node, dequantize.op, call.operand, *numbers))
    elif any(conversion_of(user) is None for user in node.users):
        dtype = value_of(node).dtype
        args = (call.operand, *numbers, call.low, call.high)
        made = resolver.call(node, quantize.op, *args, dtype=dtype)
        node.replace_all_uses_with(made, lambda user: conversion_of(user) is None)


def _undoes(resolver: Resolver, after: Conversion, before: Conversion) -> bool:
    """Whether integers become floats by the numbers that they were made with."""
    if after.undoes(before):
        return True
    numbers = resolver.one_scale(after)
    return (
        (after.kind, before.kind) == ("dequantize", "quantize")
        and numbers is not None
        and numbers == resolver.one_scale(before)
    )


def _is_chosen(call: Conversion) -> bool:
    """Whether the scale of a conversion is found for values as they come."""
    node = call.scale
    while isinstance(node, Node) and node.op == "call_function":
        if chooses(node):
            return True
        node = node.args[0] if node.args else None
    return False


def _sweep(graph: Graph) -> None:
    """Removes calls that nobody reads any more; in-place ops stay."""
    for node in reversed(list(graph.nodes)):
        is_known = speaks_of_quantization(node) or name_of(node) in MOVING | _LEFT_BEHIND
        if node.op == "call_function" and not node.users and is_known:
            graph.erase_node(node)


_LEFT_BEHIND = frozenset({"aten.mm", "aten._int_mm", "aten.mul", "aten.sub", "aten.sum", "getitem"})
