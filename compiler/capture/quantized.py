"""Quantised graphs, said in floats, integers of weights and `litewright::fake_quantize`.

A graph that torch's tools have quantised (PT2E; modules of torchao that were exported) holds the integers of
weights and ops that make floats of them, and the same for activations. Here such a weight becomes a
placeholder of floats, of which it is known what integers they are made of; a pair of conversions of an
activation becomes one op; and what finds scales as values come is left to kernels, which do just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import ExportGraphSignature, OutputSpec, TensorArgument
from torch.fx import Graph, Node

from ..composites.quantization import dequantize, fake_quantize, quantize
from ..diagnostics import UserError
from ..ir.torch_ops import Op, items_of, op_of, qualified_name, value_of
from ..weights.affine import Affine
from .quantized_ops import (
    Conversion,
    chooses,
    conversion_of,
    is_accessor,
    speaks_of_quantization,
)

aten = torch.ops.aten

# What moves elements of a constant about, or casts them.
_MOVING = frozenset({
    "aten.t", "aten.view", "aten.reshape", "aten.flatten", "aten.permute", "aten.transpose", "aten._to_copy",
    "aten.to", "aten.detach", "aten.clone", "aten.contiguous", "aten.squeeze", "aten.unsqueeze",
    "aten.lift_fresh_copy", "aten.zeros_like",
})  # fmt: skip
_CASTS = frozenset({"aten.to", "aten._to_copy", "aten.detach", "aten.clone", "aten.contiguous"})
_TURNS = frozenset({"aten.t", "aten.transpose", "aten.permute"})


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
    affines = _Resolver(graph, held).run()
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


@dataclass(eq=False, slots=True)
class _Resolver:
    """Rewrites one graph.

    Attributes:
        graph: that is rewritten.
        held: the tensors of its placeholders.
        known: tensors that were computed from these.
        affines: placeholders that have become floats.
        readers: who read these before.
    """

    graph: Graph
    held: Mapping[str, torch.Tensor]
    known: dict[Node, torch.Tensor | None] = field(default_factory=dict[Node, torch.Tensor | None])
    affines: dict[str, Affine] = field(default_factory=dict[str, Affine])
    readers: dict[Node, set[Node]] = field(default_factory=dict[Node, set[Node]])

    def run(self) -> dict[str, Affine]:
        """Rewrites all that is known.

        Raises:
            UserError: a weight is read as integers where it is read as floats too.
        """
        # They hold on to what goes.
        for node in list(self.graph.nodes):
            if op_of(node) is aten._assert_tensor_metadata.default:
                self.graph.erase_node(node)
        for node in list(self.graph.nodes):
            _products_of_integers(self, node)
        self._weights()
        for node in list(self.graph.nodes):
            self._activation(node)
        self._sweep()
        for placeholder, before in self.readers.items():
            if before & set(placeholder.users):
                raise UserError(
                    f"{placeholder.name}: ops that are not known read the integers of this weight, and others the "
                    "floats that they stand for; quantise the module for the CPU, by int8 or by groups of int4"
                )
        return self.affines

    # ---- weights ----

    def _weights(self) -> None:
        """Makes floats of the placeholders that conversions alone read."""
        readers: dict[Node, list[tuple[Node, Affine]]] = {}
        for node in self.graph.nodes:
            call = conversion_of(node)
            if call is None or call.kind != "dequantize":
                continue
            affine = self.affine(call)
            root = self.root(call.operand) if affine is not None else None
            if affine is not None and root is not None:
                readers.setdefault(root, []).append((node, affine))
        for root, found in readers.items():
            first = found[0][1]
            same = all(each.is_same(first) for _, each in found)
            if same and self.feeds_only(root, {node for node, _ in found}):
                self.become_floats(root, first, value_of(found[0][0]))
                for node, _ in found:
                    node.replace_all_uses_with(root)

    def affine(self, call: Conversion) -> Affine | None:
        """The constant that a call makes floats of; None if it is computed."""
        integers = self.constant(call.operand)
        scale = self._numbers(call.scale)
        zero = self._numbers(call.zero_point)
        if integers is None or scale is None or (zero is None and call.zero_point is not None):
            return None
        return Affine.of(integers, scale, call.block_size, zero_point=zero)

    def become_floats(self, placeholder: Node, affine: Affine, like: torch.Tensor) -> None:
        """Lets a placeholder stand for the floats of a constant; `like` is what readers took for these."""
        fake: Any = like
        self.readers.setdefault(placeholder, set(placeholder.users))
        with fake.fake_mode:
            placeholder.meta["val"] = torch.empty(affine.shape, dtype=like.dtype)
        self.affines[placeholder.name] = affine

    def root(self, node: Node) -> Node | None:
        """The one placeholder whose elements a constant holds, in its shape."""
        while node.op == "call_function":
            name = _name(node)
            if not is_accessor(node) and name not in _CASTS and conversion_of(node) is None:
                return None
            node = node.all_input_nodes[0]
        return node if node.op == "placeholder" and node.name in self.held else None

    def feeds_only(self, node: Node, readers: set[Node]) -> bool:
        """Whether all that is computed from a placeholder ends in some nodes."""
        return all(
            user in readers
            or (not user.users and user.op == "call_function")
            or (self.constant(user) is not None and self.feeds_only(user, readers))
            for user in node.users
        )

    def _numbers(self, given: Any) -> torch.Tensor | None:
        if isinstance(given, Node):
            return self.constant(given)
        return None if given is None else torch.tensor(given)

    def constant(self, node: Node) -> torch.Tensor | None:
        """The value of a node that depends on no input of the graph."""
        if node not in self.known:
            self.known[node] = self._evaluated(node)
        return self.known[node]

    def _evaluated(self, node: Node) -> torch.Tensor | None:
        if node.op == "placeholder":
            return self.held.get(node.name)
        if node.op == "get_attr":
            owner: Any = self.graph.owning_module
            found = getattr(owner, str(node.target), None)
            return found if isinstance(found, torch.Tensor) else None
        op, name = op_of(node), _name(node)
        call = conversion_of(node)
        is_quantize = call is not None and call.kind == "quantize"
        if op is None or not (is_accessor(node) or is_quantize or name in _MOVING):
            return None
        values = {operand: self.constant(operand) for operand in node.all_input_nodes}
        if any(value is None for value in values.values()):
            return None
        if is_accessor(node):
            inner = getattr(values[node.all_input_nodes[0]], str(node.args[1]))
            return inner if isinstance(inner, torch.Tensor) else None
        args: Any = torch.fx.map_arg(node.args, lambda operand: values[operand])
        kwargs: Any = torch.fx.map_arg(dict(node.kwargs), lambda operand: values[operand])
        with torch.no_grad():
            return op(*args, **kwargs)

    # ---- activations ----

    def _activation(self, node: Node) -> None:
        """Says a conversion in ops of ours."""
        call = conversion_of(node)
        if call is None:
            return
        before = conversion_of(call.operand)
        if before is not None and self._undoes(call, before):
            if self._is_chosen(before):
                node.replace_all_uses_with(before.operand)
                return
            if self._one_scale(before) is not None:
                node.replace_all_uses_with(self.rounded(node, before))
            return
        numbers = self._one_scale(call)
        if numbers is None or not node.users:
            return
        if call.kind == "dequantize":
            node.replace_all_uses_with(self.call(node, dequantize.op, call.operand, *numbers))
        elif any(conversion_of(user) is None for user in node.users):
            dtype = value_of(node).dtype
            args = (call.operand, *numbers, call.low, call.high)
            made = self.call(node, quantize.op, *args, dtype=dtype)
            node.replace_all_uses_with(made, lambda user: conversion_of(user) is None)

    def rounded(self, before: Node, call: Conversion) -> Node:
        """What the integers of a conversion stand for; the operand itself where kernels find the scale."""
        numbers = self._one_scale(call)
        if numbers is None:
            return call.operand
        args = (call.operand, *numbers, call.low, call.high)
        return self.call(before, fake_quantize.op, *args)

    def _undoes(self, after: Conversion, before: Conversion) -> bool:
        """Whether integers become floats by the numbers that they were made with."""
        if after.undoes(before):
            return True
        numbers = self._one_scale(after)
        return (
            (after.kind, before.kind) == ("dequantize", "quantize")
            and numbers is not None
            and numbers == self._one_scale(before)
        )

    def _is_chosen(self, call: Conversion) -> bool:
        """Whether the scale of a conversion is found for values as they come."""
        node = call.scale
        while isinstance(node, Node) and node.op == "call_function":
            if chooses(node):
                return True
            node = node.args[0] if node.args else None
        return False

    def _one_scale(self, call: Conversion) -> tuple[float, int] | None:
        """Scale and zero point of a conversion that has one of each, known now."""
        scale, zero = self._numbers(call.scale), self._numbers(call.zero_point)
        if scale is None or scale.numel() != 1 or (zero is None and call.zero_point is not None):
            return None
        return float(scale), int(zero) if zero is not None and zero.numel() else 0

    def call(self, like: Node, op: Op, *args: Any, **kwargs: Any) -> Node:
        """A call in front of a node, which is where it is said to come from."""
        with self.graph.inserting_before(like):
            made = self.graph.call_function(op, args, kwargs)
        fake: Any = value_of(like)
        values: Any = torch.fx.map_arg(args, value_of)
        with fake.fake_mode, torch.no_grad():
            made.meta = {**like.meta, "val": op(*values, **kwargs)}
        return made

    def _sweep(self) -> None:
        """Removes calls that nobody reads any more; in-place ops stay."""
        for node in reversed(list(self.graph.nodes)):
            is_known = speaks_of_quantization(node) or _name(node) in _MOVING | _LEFT_BEHIND
            if node.op == "call_function" and not node.users and is_known:
                self.graph.erase_node(node)


_LEFT_BEHIND = frozenset({"aten.mm", "aten._int_mm", "aten.mul", "aten.sub", "aten.sum", "getitem"})


def _name(node: Node) -> str:
    op = op_of(node)
    return qualified_name(op) if op is not None else getattr(node.target, "__name__", "")


# ---- products that torchao has written out -------------------------------------------------------


def _products_of_integers(resolver: _Resolver, node: Node) -> None:
    """mul(mm(x, to(t(integers))), scale) -> mm(x, t(floats)); with _int_mm, whose x was quantised, too.

    Source: `linear` of Int8Tensor, torchao/quantization/quantize_/workflows/int8/int8_tensor.py.
    """
    if op_of(node) is not aten.mul.Tensor or not isinstance(node.args[1], Node):
        return
    scale = resolver.constant(node.args[1])
    product = _behind_casts(node.args[0])
    if scale is None or product is None:
        return
    rows: Any = None
    if _name(product) == "aten.mm":
        rows = product.args[0]
    else:
        product, rows = _product_of_rows(resolver, product)
    if rows is None or product is None:
        return
    integers = _turned(product.args[1])
    values = resolver.constant(integers) if integers is not None else None
    root = resolver.root(integers) if integers is not None else None
    if values is None or root is None or values.dtype != torch.int8 or values.ndim != 2:
        return
    block = (1 if scale.numel() == values.shape[0] else values.shape[0], values.shape[1])
    if scale.numel() not in (1, values.shape[0]):
        return
    affine = Affine.of(values, scale, block)
    if root.name not in resolver.affines:
        resolver.become_floats(root, affine, value_of(node))
    turned = resolver.call(node, aten.t.default, root)
    node.replace_all_uses_with(resolver.call(node, aten.mm.default, rows, turned))


def _product_of_rows(resolver: _Resolver, scaled: Node) -> tuple[Node | None, Node | None]:
    """`_int_mm` in mul(_int_mm(...), scales of rows), and the floats of whose integers it is the product.

    Where rows have zero points, these times the sums of the matrix's rows are taken off.
    """
    sums: Any = None
    if _name(scaled) == "aten.sub":
        found, sums = _behind_casts(scaled.args[0]), scaled.args[1]
        if found is None:
            return None, None
        scaled = found
    product = _behind_casts(scaled.args[0]) if _name(scaled) == "aten.mul" else None
    if product is None or _name(product) != "aten._int_mm":
        return None, None
    if sums is not None and not _holds_sums_of(sums, _turned(product.args[1])):
        return None, None
    reshaped: Any = product.args[0]
    is_reshaped = _name(reshaped) in ("aten.reshape", "aten.view")
    call = conversion_of(reshaped.args[0]) if is_reshaped else None
    if call is None or call.kind != "quantize":
        return None, None
    rows = resolver.rounded(reshaped, call)
    return product, resolver.call(reshaped, aten.reshape.default, rows, reshaped.args[1])


def _holds_sums_of(given: Any, matrix: Node | None) -> bool:
    """Whether a product has the sums of a matrix among its factors."""
    node = _behind_casts(given)
    if node is None or matrix is None:
        return False
    if _name(node) == "aten.sum":
        return node.args[0] is matrix
    return _name(node) == "aten.mul" and any(_holds_sums_of(each, matrix) for each in node.args)


def _behind_casts(given: Any) -> Node | None:
    node = given if isinstance(given, Node) else None
    while node is not None and _name(node) in _CASTS:
        node = node.all_input_nodes[0]
    return node


def _turned(given: Any) -> Node | None:
    """The matrix of which a value is the transpose, as other numbers perhaps."""
    node = _behind_casts(given)
    if node is None or _name(node) not in _TURNS:
        return None
    return _behind_casts(node.all_input_nodes[0])
