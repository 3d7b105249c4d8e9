"""Arithmetic, elementary functions and activations, element by element."""

from __future__ import annotations

from . import shapes, versions
from .attributes import ACTIVATION, POWER_OF_TWO_SCALES
from .facts import OpFacts
from .spec import Attribute, OpSpec, slot, version_1
from .versions import VersionRule, by_type


def _unary(
    name: str,
    types: str,
    *,
    version: VersionRule = version_1,
    options: str = "",
    attributes: tuple[Attribute, ...] = (),
) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("input" if attributes else "x", types),),
        results=(slot("y", types),),
        attributes=attributes,
        options=options,
        version=version,
        shapes=shapes.same,
    )


def _binary(
    name: str,
    types: str,
    *,
    version: VersionRule = version_1,
    options: str = "",
    attributes: tuple[Attribute, ...] = (),
    commutative: bool = False,
) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("lhs", types), slot("rhs", types)),
        results=(slot("output", types),),
        attributes=attributes,
        options=options,
        version=version,
        commutative=commutative,
        shapes=shapes.broadcast,
    )


def _divide(facts: OpFacts) -> int:
    return 2 if facts.broadcasts and facts.highest_rank > 4 else 1


_EXTREMES = versions.broadcasting({"i8": 2, "i16": 4}, wide=3)

OPS = (
    _binary(
        "add", "f32 f16 i16 i32 i64 qi8 qui8 qi16",
        version=versions.add, options="AddOptions", attributes=(ACTIVATION, POWER_OF_TWO_SCALES), commutative=True,
    ),
    _binary(
        "sub", "f32 f16 i32 i64 qi8 qui8 qi16",
        version=versions.sub, options="SubOptions", attributes=(ACTIVATION, POWER_OF_TWO_SCALES),
    ),
    _binary(
        "mul", "f32 f16 i16 i32 ui32 i64 qi8 qui8 qi16 complex<f32>",
        version=versions.mul, options="MulOptions", attributes=(ACTIVATION,), commutative=True,
    ),
    _binary("div", "f32 f16 i32 qui8 qi8 qi16", version=_divide, options="DivOptions", attributes=(ACTIVATION,)),
    _binary("floor_div", "f32 i8 i16 i32", version=by_type({"i8": 3, "i16": 3, "f32": 2}), options="FloorDivOptions"),
    _binary("floor_mod", "f32 i8 i16 i32 i64", version=by_type({"i8": 2, "i16": 2}), options="FloorModOptions"),
    _binary("pow", "f32 i32", options="PowOptions"),
    _binary(
        "maximum", "f32 f16 i32 i64 qi8 qui8 qi16",
        version=_EXTREMES, options="MaximumMinimumOptions", commutative=True,
    ),
    _binary(
        "minimum", "f32 f16 i32 i64 qi8 qui8 qi16",
        version=_EXTREMES, options="MaximumMinimumOptions", commutative=True,
    ),
    _binary(
        "squared_difference", "f32 i32 qi8",
        version=versions.INT8, options="SquaredDifferenceOptions", commutative=True,
    ),
    OpSpec(
        "atan2", "ATAN2", (slot("y", "f32 f64"), slot("x", "f32 f64")), (slot("output", "f32 f64"),),
        options="ATan2Options", shapes=shapes.broadcast,
    ),
    _binary("bitwise_xor", "i8 ui8 i16 ui16 i32 ui32", options="BitwiseXorOptions", commutative=True),
    _binary("right_shift", "i8 ui8 i16 ui16 i32 ui32", options="RightShiftOptions"),
    OpSpec(
        "add_n", "ADD_N", (slot("inputs*", "f32 i32"),), (slot("sum", "f32 i32"),),
        options="AddNOptions", shapes=shapes.same,
    ),
    _unary("abs", "f32 i16 i32 qi8 qi16", version=versions.absolute, options="AbsOptions"),
    _unary("neg", "f32 i32 i64", options="NegOptions"),
    _unary("exp", "f32 f16 qi8 qi16", version=by_type({"i8": 2, "i16": 2}), options="ExpOptions"),
    _unary("log", "f32 qi8", version=versions.INT8),
    _unary("sqrt", "f32 qi8 qi16", version=by_type({"i8": 2, "i16": 2})),
    _unary("rsqrt", "f32 qi8 qi16", version=versions.INT8_INT16),
    _unary("square", "f32", options="SquareOptions"),
    _unary("sin", "f32 f16", version=by_type({"f16": 2})),
    _unary("cos", "f32 f16", version=by_type({"f16": 2}), options="CosOptions"),
    _unary("round", "f32"),
    _unary("floor", "f32"),
    _unary("ceil", "f32"),
    _unary("sign", "f32 f64 i32", version=by_type({"i32": 2}), options="SignOptions"),
    _unary("tanh", "f32 f16 qi8 qui8 qi16", version=versions.INT8_INT16),
    _unary("logistic", "f32 qi8 qui8 qi16", version=versions.INT8_INT16),
    _unary("elu", "f32 i8 qi8"),
    _unary("relu", "f32 qui8 qi8 qi16", version=by_type({"i8": 2, "ui8": 2, "i16": 3})),
    _unary("relu6", "f32 qui8 qi8 qi16", version=versions.INT8_INT16),
    _unary("relu_n1_to_1", "f32 qui8 qi8"),
    _unary("relu_0_to_1", "f32 qui8 qi8"),
    _unary(
        "leaky_relu", "f32 qui8 qi8 qi16",
        version=by_type({"i16": 2}), options="LeakyReluOptions", attributes=(Attribute("alpha", "f32"),),
    ),
    OpSpec(
        "prelu", "PRELU", (slot("input", "f32 qi8 qui8"), slot("alpha", "f32 qi8 qui8")),
        (slot("output", "f32 qi8 qui8"),), shapes=shapes.broadcast,
    ),
    _unary("hard_swish", "f32 qui8 qi8", options="HardSwishOptions"),
    _unary(
        "gelu", "f32 f16 qi8 qui8",
        version=by_type({"f16": 3, "i8": 2, "ui8": 2}), options="GeluOptions",
        attributes=(Attribute("approximate", "bool", default=False),),
    ),
    _unary(
        "softmax", "f32 f16 qi8 qui8 qi16",
        version=by_type({"f16": 4, "i16": 3, "i8": 2}), options="SoftmaxOptions",
        attributes=(Attribute("beta", "f32", default=1.0),),
    ),
    _unary("log_softmax", "f32 qui8 qi8", version=versions.INT8, options="LogSoftmaxOptions"),
    OpSpec(
        "complex_abs", "COMPLEX_ABS", (slot("input", "complex<f32> complex<f64>"),),
        (slot("output", "f32 f64"),), shapes=shapes.same,
    ),
    OpSpec(
        "real", "REAL", (slot("input", "complex<f32> complex<f64>"),), (slot("output", "f32 f64"),), shapes=shapes.same,
    ),
    OpSpec(
        "imag", "IMAG", (slot("input", "complex<f32> complex<f64>"),), (slot("output", "f32 f64"),), shapes=shapes.same,
    ),
)  # fmt: skip
