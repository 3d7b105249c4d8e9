"""What the ops say that torch's tools write for quantisation: `quantized_decomposed.*` and `torchao.*`.

Sources: torch/ao/quantization/fx/_decomposed.py, torchao/quantization/quant_primitives.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.fx import Node

from ..ir.torch_ops import defaults, op_of, qualified_name, value_of

_PACKAGES = ("quantized_decomposed.", "torchao.")
_KINDS: dict[str, Literal["quantize", "dequantize"]] = {
    "quantize": "quantize",
    "dequantize": "dequantize",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """A call that makes integers of floats, or floats of integers. real = scale * (q - zero_point).

    Attributes:
        kind: `quantize` or `dequantize`.
        operand: what it converts.
        scale: a node or a number.
        zero_point: a node or a number; None if it is 0.
        block_size: elements that share a scale, in each dimension.
        low: the lowest integer.
        high: the highest integer.
    """

    kind: Literal["quantize", "dequantize"]
    operand: Node
    scale: Any
    zero_point: Any
    block_size: tuple[int, ...]
    low: int
    high: int

    def undoes(self, other: Conversion) -> bool:
        """Whether this makes floats of the integers that `other` has made."""
        return (self.kind, other.kind) == ("dequantize", "quantize") and (
            (self.scale, self.zero_point, self.block_size)
            == (other.scale, other.zero_point, other.block_size)
        )


def speaks_of_quantization(node: Node) -> bool:
    """Whether a node calls an op of quantisation, or looks into a tensor that is made of others."""
    op = op_of(node)
    name = qualified_name(op) if op is not None else ""
    return name.startswith(_PACKAGES) or name == "export.access_subclass_inner_tensor"


def is_accessor(node: Node) -> bool:
    """Whether a node looks into a tensor that is made of others."""
    op = op_of(node)
    return op is not None and qualified_name(op) == "export.access_subclass_inner_tensor"


def chooses(node: Node) -> bool:
    """Whether a node finds scales for values as they come."""
    op = op_of(node)
    name = qualified_name(op) if op is not None else ""
    return name.startswith(_PACKAGES) and "choose_qparams" in name


def conversion_of(node: Node) -> Conversion | None:
    """What a call of an op of quantisation converts; None for any other node."""
    op = op_of(node)
    name = qualified_name(op) if op is not None else ""
    if op is None or not name.startswith(_PACKAGES):
        return None
    package, _, label = name.partition(".")
    word, _, grain = label.partition("_")
    kind = _KINDS.get(word)
    if kind is None or (package == "torchao" and grain != "affine"):
        return None
    given: dict[str, Any] = {
        **defaults(op),
        **dict(zip(defaults(op), node.args, strict=False)),
        **node.kwargs,
    }
    operand = given["input"]
    shape = tuple(value_of(operand).shape)
    block = _block(given, grain, shape)
    if block is None:
        return None
    dtype = next(given[key] for key in ("dtype", "input_dtype", "output_dtype") if key in given)
    bounds = torch.iinfo(dtype) if not dtype.is_floating_point else None
    low, high = given.get("quant_min"), given.get("quant_max")
    if bounds is not None:
        low, high = (bounds.min if low is None else low), (bounds.max if high is None else high)
    if not isinstance(low, int) or not isinstance(high, int):
        return None
    scale = given.get("scale", given.get("scales"))
    zero = given.get("zero_point", given.get("zero_points"))
    return Conversion(kind, operand, scale, zero, block, low, high)


def _block(given: dict[str, Any], grain: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Elements that share a scale, in each dimension."""
    match grain:
        case "affine":
            return tuple(given["block_size"])
        case "per_tensor":
            return shape
        case "per_channel":
            axis = given["axis"] % len(shape)
            return tuple(1 if d == axis else size for d, size in enumerate(shape))
        case "per_channel_group":
            return (*[1] * (len(shape) - 1), given["group_size"])
        case "per_token":
            return (*[1] * (len(shape) - 1), shape[-1])
        case _:
            return None
