"""Arithmetic with integers that torchao, or torch in taking it apart, has written out op by op."""

from __future__ import annotations

from typing import Any

import torch
from torch.fx import Node

from ..ir.torch_ops import op_of, value_of
from ..weights.affine import Affine
from .quantized_ops import conversion_of
from .resolver import Resolver, behind_casts, name_of

aten = torch.ops.aten

_TURNS = frozenset({"aten.t", "aten.transpose", "aten.permute"})
_VIEWS = frozenset({"aten.view", "aten.reshape"})


def rewrite_product(resolver: Resolver, node: Node) -> None:
    """mul(mm(x, to(t(integers))), scale) -> mm(x, t(floats)); with _int_mm, whose x was quantised, too.

    Source: `linear` of Int8Tensor, torchao/quantization/quantize_/workflows/int8/int8_tensor.py.
    """
    if op_of(node) is not aten.mul.Tensor or not isinstance(node.args[1], Node):
        return
    scale = resolver.constant(node.args[1])
    product = behind_casts(node.args[0])
    if scale is None or product is None:
        return
    rows: Any = None
    if name_of(product) == "aten.mm":
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
    if not resolver.affines.get(root.name, affine).is_same(affine) or len(product.users) > 1:
        return
    if root.name not in resolver.affines:
        resolver.become_floats(root, affine, value_of(node))
    turned = resolver.call(node, aten.t.default, root)
    node.replace_all_uses_with(resolver.call(node, aten.mm.default, rows, turned))


def _product_of_rows(resolver: Resolver, scaled: Node) -> tuple[Node | None, Node | None]:
    """`_int_mm` in mul(_int_mm(...), scales of rows), and the floats of whose integers it is the product.

    Where rows have zero points, these times the sums of the matrix's rows are taken off.
    """
    sums: Any = None
    if name_of(scaled) == "aten.sub":
        found, sums = behind_casts(scaled.args[0]), scaled.args[1]
        if found is None:
            return None, None
        scaled = found
    product = behind_casts(scaled.args[0]) if name_of(scaled) == "aten.mul" else None
    if product is None or name_of(product) != "aten._int_mm":
        return None, None
    if sums is not None and not _holds_sums_of(sums, _turned(product.args[1])):
        return None, None
    reshaped: Any = product.args[0]
    is_reshaped = name_of(reshaped) in ("aten.reshape", "aten.view")
    call = conversion_of(reshaped.args[0]) if is_reshaped else None
    if call is None or call.kind != "quantize":
        return None, None
    rows = resolver.rounded(reshaped, call)
    return product, resolver.call(reshaped, aten.reshape.default, rows, reshaped.args[1])


def _holds_sums_of(given: Any, matrix: Node | None) -> bool:
    """Whether a product has the sums of a matrix among its factors."""
    node = behind_casts(given)
    if node is None or matrix is None:
        return False
    if name_of(node) == "aten.sum":
        return node.args[0] is matrix
    return name_of(node) == "aten.mul" and any(_holds_sums_of(each, matrix) for each in node.args)


def _turned(given: Any) -> Node | None:
    """The matrix of which a value is the transpose, as other numbers perhaps."""
    node = behind_casts(given)
    if node is None or name_of(node) not in _TURNS:
        return None
    return behind_casts(node.all_input_nodes[0])


def rewrite_floats(resolver: Resolver, node: Node) -> None:
    """view(mul(sub(cast(view(integers)), zero points), scales)) -> floats.

    Source: `_dequantize_affine_no_dtype_check`, torchao/quantization/quant_primitives.py, as
    `run_decompositions` leaves it.
    """
    if op_of(node) is not aten.mul.Tensor or not isinstance(node.args[1], Node):
        return
    left, zero = node.args[0], None
    if isinstance(left, Node) and name_of(left) == "aten.sub":
        left, zero = left.args[0], behind_casts(left.args[1])
    integers = behind_casts(left)
    if not isinstance(left, Node) or integers is None or integers is left:
        return
    # Whoever else reads them wants the integers.
    if len(left.users) > 1 or len(node.all_input_nodes[0].users) > 1:
        return
    source = integers
    if name_of(source) in _VIEWS:
        source = source.all_input_nodes[0]
    root = resolver.root(source)
    scale = resolver.constant(node.args[1])
    offsets = resolver.constant(zero) if zero is not None else None
    if root is None or scale is None or (zero is not None and offsets is None):
        return
    values = resolver.constant(source)
    block = _blocks(tuple(value_of(integers).shape), tuple(scale.shape), values)
    readers = [node] if source is integers else list(node.users)
    fits = all(tuple(value_of(each).shape) == tuple(value_of(source).shape) for each in readers)
    if values is None or block is None or not fits or not resolver.feeds_only(root, {left}):
        return
    affine = Affine.of(values, scale, block, zero_point=offsets)
    resolver.become_floats(root, affine, value_of(node))
    for reader in readers:
        reader.replace_all_uses_with(root)


def _blocks(
    viewed: tuple[int, ...], scales: tuple[int, ...], integers: torch.Tensor | None
) -> tuple[int, ...] | None:
    """Elements of the integers that share a scale, which are multiplied in another shape perhaps."""
    if integers is None or integers.dtype != torch.int8 or len(scales) != len(viewed):
        return None
    if any(own not in (1, size) for own, size in zip(scales, viewed, strict=True)):
        return None
    shared = tuple(size // own for own, size in zip(scales, viewed, strict=True))
    shape = tuple(integers.shape)
    if viewed == shape:
        return shared
    groups_of_columns = len(shape) == 2 and len(viewed) == 3 and viewed[0] == shape[0]
    return (shared[0], shared[2]) if groups_of_columns and shared[1] == 1 else None
