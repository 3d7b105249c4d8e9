"""Contractions, convolutions, pooling, normalisation and resizing."""

from __future__ import annotations

from . import shapes, versions
from .attributes import (
    ACTIVATION,
    ASYMMETRIC,
    PADDING,
    QUANTIZED_BIAS,
    dilation,
    filter_size,
    stride,
)
from .spec import Attribute, OpSpec, slot

_IMAGES = "f32 f16 qi8 qui8 qi16"
_KERNELS = "f32 f16 qi4 qi8 qui8"
_BIASES = "f32 f16 qi32 i32 qi64 i64"


def _convolution(
    name: str, version: versions.VersionRule, options: str, *extra: Attribute
) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(
            slot("input", _IMAGES, 4),
            slot("filter", _KERNELS, 4),
            slot("bias?", _BIASES, 1),
        ),
        results=(slot("output", _IMAGES, 4),),
        attributes=(
            dilation("h"),
            dilation("w"),
            ACTIVATION,
            PADDING,
            stride("h"),
            stride("w"),
            *extra,
        ),
        options=options,
        version=version,
        shapes=shapes.convolution,
    )


def _pool(name: str) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("input", _IMAGES, 4),),
        results=(slot("output", _IMAGES, 4),),
        attributes=(
            filter_size("height"),
            filter_size("width"),
            PADDING,
            stride("h"),
            stride("w"),
            ACTIVATION,
        ),
        options="Pool2DOptions",
        version=versions.INT8_INT16,
        shapes=shapes.pool,
    )


def _resize(name: str, options: str, version: versions.VersionRule) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("input", "f32 qui8 qi8 qi16", 4), slot("size", "i32", 1)),
        results=(slot("output", "f32 qui8 qi8 qi16", 4),),
        attributes=(
            Attribute("align_corners", "bool", default=False),
            Attribute("half_pixel_centers", "bool", default=False),
        ),
        options=options,
        version=version,
        shapes=shapes.resize,
    )


_VOLUME = (
    dilation("d"), dilation("h"), dilation("w"), ACTIVATION, PADDING, stride("d"), stride("h"), stride("w"),
)  # fmt: skip

OPS = (
    OpSpec(
        "fully_connected", "FULLY_CONNECTED",
        (slot("input", "f32 f16 qi8 qui8 qi16"), slot("filter", "f32 f16 qi2 qi4 qi8 qui8 qi16", 2),
         slot("bias?", _BIASES)),
        (slot("output*", "f32 f16 qi8 qui8 qi16"),),
        (
            ACTIVATION,
            Attribute("weights_format", "enum", "DEFAULT", cases=("DEFAULT", "SHUFFLED4x16INT8")),
            Attribute("keep_num_dims", "bool", default=False),
            ASYMMETRIC,
            QUANTIZED_BIAS,
            Attribute("quant_spec", "bytes", default=None),
        ),
        "FullyConnectedOptions", version=versions.fully_connected, shapes=shapes.fully_connected,
    ),
    OpSpec(
        "batch_matmul", "BATCH_MATMUL",
        (slot("x", "f32 f16 i8 qi8 qi16", (2, 5)), slot("y", "f32 f16 i8 qi8 qi16", (2, 5))),
        (slot("output", "f32 f16 i32 qi8 qi16"),),
        (Attribute("adj_x", "bool", default=False), Attribute("adj_y", "bool", default=False), ASYMMETRIC),
        "BatchMatMulOptions", version=versions.batch_matmul, shapes=shapes.batch_matmul,
    ),
    _convolution("conv_2d", versions.conv_2d, "Conv2DOptions", QUANTIZED_BIAS),
    _convolution(
        "depthwise_conv_2d", versions.depthwise_conv_2d, "DepthwiseConv2DOptions",
        Attribute("depth_multiplier", "i32", default=1),
    ),
    OpSpec(
        "transpose_conv", "TRANSPOSE_CONV",
        (slot("output_shape", "i32", 1), slot("weights", _KERNELS, 4), slot("input", _IMAGES, 4),
         slot("bias?", _BIASES)),
        (slot("output", _IMAGES, 4),), (PADDING, stride("h"), stride("w"), ACTIVATION, QUANTIZED_BIAS),
        "TransposeConvOptions", version=versions.transpose_conv, shapes=shapes.from_operand(0),
    ),
    OpSpec(
        "conv_3d", "CONV_3D", (slot("input", "f32", 5), slot("filter", "f32", 5), slot("bias?", "f32", 1)),
        (slot("output", "f32", 5),), _VOLUME, "Conv3DOptions",
    ),
    OpSpec(
        "conv_3d_transpose", "CONV_3D_TRANSPOSE",
        (slot("output_shape", "i32", 1), slot("filter", "f32", 5), slot("input", "f32", 5), slot("bias?", "f32", 1)),
        (slot("output", "f32", 5),), _VOLUME, "Conv3DOptions", shapes=shapes.from_operand(0),
    ),
    _pool("average_pool_2d"),
    _pool("max_pool_2d"),
    OpSpec(
        "l2_normalization", "L2_NORMALIZATION", (slot("input", "f32 qui8 qi8 qi16"),),
        (slot("output", "f32 qui8 qi8 qi16"),), (ACTIVATION,), "L2NormOptions", version=versions.INT8,
        shapes=shapes.same,
    ),
    OpSpec(
        "local_response_normalization", "LOCAL_RESPONSE_NORMALIZATION", (slot("input", "f32", 4),),
        (slot("output", "f32", 4),),
        (Attribute("radius", "i32"), Attribute("bias", "f32"), Attribute("alpha", "f32"), Attribute("beta", "f32")),
        "LocalResponseNormalizationOptions", shapes=shapes.same,
    ),
    _resize("resize_bilinear", "ResizeBilinearOptions", versions.resize),
    _resize("resize_nearest_neighbor", "ResizeNearestNeighborOptions", versions.resize_nearest),
    OpSpec(
        "rfft2d", "RFFT2D", (slot("input", "f32"), slot("fft_length", "i32", 1)), (slot("output", "complex<f32>"),),
        options="Rfft2dOptions",
    ),
)  # fmt: skip
