"""Changes of element type and scale."""

from __future__ import annotations

from . import shapes, versions
from .spec import Attribute, Default, OpSpec, slot

_CAST = (
    "f16 bf16 f8E4M3FN f8E5M2 f32 f64 i1 i2 i4 ui4 i16 ui16 i32 ui32 i64 ui8 i8 complex<f32> qi8 qui8"
)  # fmt: skip

OPS = (
    OpSpec(
        "cast", "CAST", (slot("input", _CAST),), (slot("output", _CAST),), options="CastOptions",
        version=versions.cast, shapes=shapes.same,
    ),
    OpSpec(
        "quantize", "QUANTIZE", (slot("input", "f32 f16 qi2 qi4 qui4 qi8 qui8 qi16 qi32"),),
        (slot("output", "qi2 qi4 qui4 qi8 qui8 qi16 qi32"),),
        (Attribute("qtype", "type", Default.RESULT_TYPE, field=None),), "QuantizeOptions", version=versions.quantize,
        shapes=shapes.same,
    ),
    OpSpec(
        "dequantize", "DEQUANTIZE", (slot("input", "qi2 qi4 qui4 qi8 qui8 qi16 qi32 f16 f8E4M3FN f8E5M2"),),
        (slot("output", "f32 f16"),), options="DequantizeOptions", version=versions.dequantize, shapes=shapes.same,
    ),
    OpSpec(
        "fake_quant", "FAKE_QUANT", (slot("input", "f32"),), (slot("output", "f32"),),
        (
            Attribute("min", "f32"),
            Attribute("max", "f32"),
            Attribute("num_bits", "i32"),
            Attribute("narrow_range", "bool", default=False),
        ),
        "FakeQuantOptions", version=versions.fake_quant, shapes=shapes.same,
    ),
    OpSpec("densify", "DENSIFY", (slot("input"),), (slot("output"),), options="DensifyOptions", shapes=shapes.same),
)  # fmt: skip
