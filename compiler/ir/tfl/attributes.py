"""Attributes that many ops share."""

from __future__ import annotations

from .spec import Attribute

ACTIVATION = Attribute(
    "fused_activation_function",
    "enum",
    "NONE",
    cases=("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"),
)
PADDING = Attribute("padding", "enum", cases=("SAME", "VALID"))
KEEP_DIMS = Attribute("keep_dims", "bool", default=False)
ASYMMETRIC = Attribute("asymmetric_quantize_inputs", "bool", default=None)

# Not attributes of the official dialect, hence absent unless a file says otherwise.
POWER_OF_TWO_SCALES = Attribute("pot_scale_int16", "bool", default=None)
QUANTIZED_BIAS = Attribute("quantized_bias_type", "type", default=None)


def stride(dimension: str) -> Attribute:
    """`stride_h` and its like."""
    return Attribute(f"stride_{dimension}", "i32", default=1)


def dilation(dimension: str) -> Attribute:
    """`dilation_h_factor` and its like."""
    return Attribute(f"dilation_{dimension}_factor", "i32", default=1)


def filter_size(dimension: str) -> Attribute:
    """`filter_height` and its like."""
    return Attribute(f"filter_{dimension}", "i32")
