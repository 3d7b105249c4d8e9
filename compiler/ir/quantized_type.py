"""Quantised element types, in the spelling of MLIR's quant dialect.

    tensor<4x!quant.uniform<i8:f32, 0.05:3>>                  one scale for the tensor
    tensor<3x4x!quant.uniform<i8:f32:0, {0.1, 0.2:1, 0.3}>>   one for each index of axis 0

real = scale * (q - zero_point); a zero point of 0 is not printed. jaxlib has no quant dialect, so such
a type is opaque to MLIR and this module reads and writes its text. Scales are 32-bit floats and come
back bit by bit: they are printed as the shortest decimal that names the float.

A weight argument may instead keep plain storage (`tensor<64x32xi8>`) and carry the attribute
`litewright.quant`, whose numbers are symbols of the `WeightStore` and so are made as late as the
weight itself:

    litewright.quant = {scales = "scales(w)", axis = 0 : i32}                    per index of an axis
    litewright.quant = {scales = "scales(w)", axis = 0 : i32, block_size = 32 : i32}      per block
    litewright.quant = {scales = "s", zero_points = "z", axis = 0 : i32}

`scales` is a float32 array with one number per index of `axis`, or per index and block along the last
axis (shape [indices, blocks]); `zero_points`, an integer array of that shape, is 0 where it is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .mlir import ir, op_name
from .types import element_of, tensor_type

QUANT = "litewright.quant"

_STORAGES = {"i2", "i4", "i8", "i16", "i32", "i64", "u2", "u4", "u8", "u16", "u32"}
_TYPE = re.compile(
    r"(?:quant\.)?uniform<(?P<storage>[iu]\d+)(?:<(?P<low>-?\d+):(?P<high>-?\d+)>)?"
    r":(?P<expressed>\w+)(?::(?P<axis>\d+))?,\s*(?P<rest>.*)>$",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class QuantizedType:
    """A quantised element type.

    Attributes:
        storage: MLIR's name of the integers in memory (`i8`, `ui8`).
        scales: one, or one per index of `axis`.
        zero_points: as many as scales.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        expressed: what the integers stand for.
        bounds: lowest and highest integer, where they are not those of the storage type.
    """

    storage: str
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int | None = None
    expressed: str = "f32"
    bounds: tuple[int, int] | None = None

    def __str__(self) -> str:
        storage = self.storage.replace("ui", "u")
        bounds = f"<{self.bounds[0]}:{self.bounds[1]}>" if self.bounds is not None else ""
        numbers = [_pair(s, z) for s, z in zip(self.scales, self.zero_points, strict=True)]
        if self.axis is None:
            return f"!quant.uniform<{storage}{bounds}:{self.expressed}, {numbers[0]}>"
        return f"!quant.uniform<{storage}{bounds}:{self.expressed}:{self.axis}, {{{', '.join(numbers)}}}>"

    def element_type(self) -> ir.Type:
        """The MLIR element type, in the current context."""
        return ir.OpaqueType.get("quant", str(self).removeprefix("!quant."))

    def storage_type(self) -> ir.Type:
        """The MLIR type of the integers."""
        return ir.Type.parse(self.storage)


@dataclass(frozen=True, slots=True)
class WeightQuantization:
    """What the attribute `litewright.quant` of a weight argument says.

    Attributes:
        scales: symbol of the scales.
        zero_points: symbol of the zero points; None if all are 0.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        block_size: elements of the last dimension that share a scale; None if all do.
    """

    scales: str
    zero_points: str | None = None
    axis: int | None = None
    block_size: int | None = None

    def attribute(self) -> ir.Attribute:
        """The attribute, in the current context."""
        i32 = ir.IntegerType.get_signless(32)
        entries: dict[str, ir.Attribute] = {"scales": ir.StringAttr.get(self.scales)}
        if self.zero_points is not None:
            entries["zero_points"] = ir.StringAttr.get(self.zero_points)
        if self.axis is not None:
            entries["axis"] = ir.IntegerAttr.get(i32, self.axis)
        if self.block_size is not None:
            entries["block_size"] = ir.IntegerAttr.get(i32, self.block_size)
        return ir.DictAttr.get(entries)


def is_quantized(element: ir.Type) -> bool:
    """Whether an element type is a quantised one."""
    return isinstance(element, ir.OpaqueType) and element.dialect_namespace == "quant"


def quantized_type_of(element: ir.Type) -> QuantizedType | None:
    """What a quantised element type says; None for any other element type.

    Raises:
        ValueError: a type of the quant dialect that this module does not know.
    """
    if not is_quantized(element):
        return None
    return parse(ir.OpaqueType(element).data)


def parse(text: str) -> QuantizedType:
    """Reads `!quant.uniform<...>`.

    Raises:
        ValueError: it is something else.
    """
    match = _TYPE.match(text.removeprefix("!"))
    if match is None or match["storage"] not in _STORAGES:
        raise ValueError(f"not a uniform quantised type: {text[:80]}")
    axis = int(match["axis"]) if match["axis"] is not None else None
    body = match["rest"].strip()
    if (axis is not None) != (body.startswith("{") and body.endswith("}")):
        raise ValueError(f"scales do not fit the axis: {text[:80]}")
    pairs = [_read_pair(item) for item in body.strip("{} ").split(",")]
    return QuantizedType(
        storage=match["storage"].replace("u", "ui"),
        scales=tuple(scale for scale, _ in pairs),
        zero_points=tuple(zero for _, zero in pairs),
        axis=axis,
        expressed=match["expressed"],
        bounds=(int(match["low"]), int(match["high"])) if match["low"] is not None else None,
    )


def storage_of(element: ir.Type) -> ir.Type:
    """The element type in memory: the integers of a quantised type, else the type itself."""
    quantized = quantized_type_of(element)
    return quantized.storage_type() if quantized is not None else element


def storage_type_of(value: ir.Value | ir.Type) -> ir.RankedTensorType:
    """The tensor type in memory of a tensor value or type."""
    kind = ir.RankedTensorType(value.type if isinstance(value, ir.Value) else value)
    return tensor_type(kind.shape, storage_of(kind.element_type))


def annotate_weight(argument: ir.Value, quantization: WeightQuantization) -> ir.Value:
    """Writes `litewright.quant` on a weight argument, which is returned."""
    owner, number = argument.owner, ir.BlockArgument(argument).arg_number
    assert isinstance(owner, ir.Block), "a weight is an argument"
    function = owner.owner
    entries = list(ir.ArrayAttr(function.attributes["arg_attrs"]))
    own = {each.name: each.attr for each in ir.DictAttr(entries[number])}
    entries[number] = ir.DictAttr.get(own | {QUANT: quantization.attribute()})
    function.attributes["arg_attrs"] = ir.ArrayAttr.get(entries)
    return argument


def weight_quantization_of(value: ir.Value) -> WeightQuantization | None:
    """What `litewright.quant` says about a weight argument; None where it is not there."""
    entries = _quantization_entries(value)
    if entries is None:
        return None

    def text(key: str) -> str | None:
        return ir.StringAttr(entries[key]).value if key in entries else None

    def number(key: str) -> int | None:
        return ir.IntegerAttr(entries[key]).value if key in entries else None

    return WeightQuantization(
        text("scales") or "", text("zero_points"), number("axis"), number("block_size")
    )


def element_is_quantized(value: ir.Value) -> bool:
    """Whether a value holds quantised numbers, by its type or by its argument's attribute."""
    return is_quantized(element_of(value)) or weight_quantization_of(value) is not None


def _quantization_entries(value: ir.Value) -> ir.DictAttr | None:
    owner = value.owner
    if not isinstance(owner, ir.Block) or op_name(owner.owner) != "func.func":
        return None
    own = owner.owner.attributes.get("arg_attrs")
    number = ir.BlockArgument(value).arg_number
    if own is None or number >= len(ir.ArrayAttr(own)):
        return None
    entry = ir.DictAttr(ir.ArrayAttr(own)[number])
    return ir.DictAttr(entry[QUANT]) if QUANT in entry else None


def _pair(scale: float, zero_point: int) -> str:
    number = np.format_float_scientific(np.float32(scale), unique=True, trim="0")
    return f"{number}:{zero_point}" if zero_point else number


def _read_pair(text: str) -> tuple[float, int]:
    scale, _, zero = text.strip().partition(":")
    return float(np.float32(float(scale))), int(zero or 0)
