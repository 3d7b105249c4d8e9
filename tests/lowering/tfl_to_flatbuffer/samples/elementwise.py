"""Arithmetic, elementary functions and activations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, tensor_type
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample

_RANDOM = np.random.default_rng(0)
_SIGNED = _RANDOM.normal(scale=3, size=(2, 3, 5)).astype(np.float32)
_POSITIVE = np.abs(_SIGNED) + np.float32(0.25)
_ROW = _RANDOM.normal(scale=3, size=(1, 5)).astype(np.float32)
_WHOLE = np.array([[-7, -1, 0], [2, 5, 9]], np.int32)
_DIVISORS = np.array([[3, -2, 4]], np.int32)

Function = Callable[..., Any]


def _unary(
    name: str,
    function: Function,
    x: Array = _SIGNED,
    tolerance: str = "float32 op",
    **attributes: Any,
) -> Sample:
    def build(value: ir.Value) -> ir.Value:
        return tfl.emit(name, [value], value.type, **attributes)

    label = "".join(f"-{key}" for key in attributes)
    return Sample(f"{name}-{x.dtype}{label}", [x], build, [function(x).astype(x.dtype)], tolerance)


def _binary(
    name: str,
    function: Function,
    x: Array,
    y: Array,
    tolerance: str = "float32 op",
    **attributes: Any,
) -> Sample:
    expected = function(x, y)
    dtype = np.bool_ if expected.dtype == np.bool_ else x.dtype

    def build(a: ir.Value, b: ir.Value) -> ir.Value:
        element = element_of(a) if dtype != np.bool_ else ir.Type.parse("i1")
        return tfl.emit(name, [a, b], tensor_type(expected.shape, element), **attributes)

    return Sample(f"{name}-{x.dtype}", [x, y], build, [expected.astype(dtype)], tolerance)


def _gelu(x: Array) -> Array:
    from scipy.special import erf

    return x * 0.5 * (1 + erf(x / np.sqrt(2)))


def _gelu_tanh(x: Array) -> Array:
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _truncated_division(x: Array, y: Array) -> Array:
    return np.trunc(x / y)


_SMOOTH = "float32 transcendental"

SAMPLES = [
    _binary("add", np.add, _SIGNED, _ROW),
    _binary("add", np.add, _WHOLE, _DIVISORS, "exact"),
    _binary("add", np.add, _WHOLE.astype(np.int64), _DIVISORS.astype(np.int64), "exact"),
    Sample(
        "add-relu", [_SIGNED, _ROW],
        lambda x, y: tfl.emit("add", [x, y], x.type, fused_activation_function="RELU"),
        [np.maximum(_SIGNED + _ROW, 0)], "float32 op",
    ),
    _binary("sub", np.subtract, _SIGNED, _ROW),
    _binary("mul", np.multiply, _SIGNED, _ROW),
    _binary("mul", np.multiply, _WHOLE, _DIVISORS, "exact"),
    _binary("div", np.divide, _SIGNED, _ROW),
    _binary("div", _truncated_division, _WHOLE, _DIVISORS, "exact"),
    _binary("floor_div", np.floor_divide, _WHOLE, _DIVISORS, "exact"),
    _binary("floor_div", np.floor_divide, _SIGNED, _ROW),
    _binary("floor_mod", np.mod, _WHOLE, _DIVISORS, "exact"),
    _binary("floor_mod", np.mod, _WHOLE.astype(np.int64), _DIVISORS.astype(np.int64), "exact"),
    _binary("pow", np.power, _POSITIVE, _ROW / 4, _SMOOTH),
    _binary("pow", np.power, _WHOLE, np.array([[0, 3, 2]], np.int32), "exact"),
    _binary("maximum", np.maximum, _SIGNED, _ROW),
    _binary("minimum", np.minimum, _SIGNED, _ROW),
    _binary("maximum", np.maximum, _WHOLE, _DIVISORS, "exact"),
    _binary("minimum", np.minimum, _WHOLE.astype(np.int64), _DIVISORS.astype(np.int64), "exact"),
    _binary("squared_difference", lambda x, y: (x - y) ** 2, _SIGNED, _ROW),
    _binary("atan2", np.arctan2, _SIGNED, _SIGNED[::-1].copy(), _SMOOTH),
    _binary("bitwise_xor", np.bitwise_xor, _WHOLE, _DIVISORS, "exact"),
    _binary("right_shift", np.right_shift, _WHOLE, np.array([[1, 0, 2]], np.int32), "exact"),
    Sample(
        "add_n", [_SIGNED, _POSITIVE, _SIGNED], lambda *values: tfl.emit("add_n", values, values[0].type),
        [_SIGNED + _POSITIVE + _SIGNED], "float32 op",
    ),
    _unary("abs", np.abs),
    _unary("abs", np.abs, _WHOLE, "exact"),
    _unary("neg", np.negative),
    _unary("neg", np.negative, _WHOLE, "exact"),
    _unary("exp", np.exp, tolerance=_SMOOTH),
    _unary("log", np.log, _POSITIVE, _SMOOTH),
    _unary("sqrt", np.sqrt, _POSITIVE),
    _unary("rsqrt", lambda x: 1 / np.sqrt(x), _POSITIVE, _SMOOTH),
    _unary("square", np.square),
    _unary("sin", np.sin, tolerance=_SMOOTH),
    _unary("cos", np.cos, tolerance=_SMOOTH),
    _unary("round", np.round, np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.4], np.float32)),
    _unary("floor", np.floor),
    _unary("ceil", np.ceil),
    _unary("sign", np.sign),
    _unary("sign", np.sign, _WHOLE, "exact"),
    _unary("tanh", np.tanh, tolerance=_SMOOTH),
    _unary("logistic", lambda x: 1 / (1 + np.exp(-x)), tolerance=_SMOOTH),
    _unary("elu", lambda x: np.where(x > 0, x, np.expm1(x)), tolerance=_SMOOTH),
    _unary("relu", lambda x: np.maximum(x, 0)),
    _unary("relu6", lambda x: np.clip(x, 0, 6)),
    _unary("relu_n1_to_1", lambda x: np.clip(x, -1, 1)),
    _unary("relu_0_to_1", lambda x: np.clip(x, 0, 1)),
    _unary("leaky_relu", lambda x: np.where(x > 0, x, 0.3 * x), alpha=0.3),
    Sample(
        "prelu", [_SIGNED],
        lambda x: tfl.emit("prelu", [x, tfl.constant(_ROW)], x.type),
        [np.where(_SIGNED > 0, _SIGNED, _ROW * _SIGNED)], "float32 op",
    ),
    _unary("hard_swish", lambda x: x * np.clip(x + 3, 0, 6) / 6),
    _unary("gelu", _gelu, tolerance=_SMOOTH),
    _unary("gelu", _gelu_tanh, tolerance=_SMOOTH, approximate=True),
    _unary("softmax", _softmax, tolerance=_SMOOTH),
    _unary("softmax", lambda x: _softmax(x * 0.5), tolerance=_SMOOTH, beta=0.5),
    _unary("log_softmax", lambda x: np.log(_softmax(x)), tolerance=_SMOOTH),
]  # fmt: skip
