"""Contractions, convolutions, pooling and resizing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from litewright.compiler.ir import tfl
from litewright.compiler.ir.mlir import ir
from tests.lowering.tfl_to_flatbuffer.programs import Array, Sample, like

_RANDOM = np.random.default_rng(3)


def _normal(*shape: int) -> Array:
    return _RANDOM.normal(size=shape).astype(np.float32)


_X, _W, _B = _normal(2, 3, 4), _normal(5, 4), _normal(5)
_IMAGE, _KERNEL, _BIAS = _normal(1, 7, 6, 4), _normal(8, 3, 3, 4), _normal(8)
_DEEP = _normal(1, 3, 3, 8)
_VOLUME, _CUBES = _normal(1, 3, 4, 5, 2), _normal(2, 3, 2, 2, 5)
_DOWN = _normal(1, 2, 3, 3, 5)
_SIGNAL = _normal(1, 4, 8)
_UP = _normal(5, 2, 2, 4)
_LEFT, _RIGHT = _normal(2, 3, 4), _normal(2, 4, 5)


def _torch(array: Array) -> torch.Tensor:
    """NHWC to NCHW, or OHWI to OIHW."""
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def _numpy(tensor: torch.Tensor) -> Array:
    return tensor.permute(0, 2, 3, 1).contiguous().numpy()


def _same(array: Array) -> torch.Tensor:
    """Padding of a 3x3 window with stride 2 over 7x6 as TensorFlow places it."""
    return F.pad(_torch(array), (0, 1, 1, 1))


def _conv(x: ir.Value, shape: tuple[int, ...], **attributes: Any) -> ir.Value:
    operands = [x, tfl.constant(_KERNEL), tfl.constant(_BIAS)]
    return tfl.emit("conv_2d", operands, like(*shape), **attributes)


def _spectrum(x: ir.Value) -> list[ir.Value]:
    spectrum = tfl.emit(
        "rfft2d",
        [x, tfl.constant(np.array([4, 8], np.int32))],
        like(1, 4, 5, element="complex<f32>"),
    )
    return [tfl.emit(name, [spectrum], like(1, 4, 5)) for name in ("complex_abs", "real", "imag")]


SAMPLES = [
    Sample(
        "fully_connected", [_X],
        lambda x: tfl.emit("fully_connected", [x, tfl.constant(_W), tfl.constant(_B)], like(6, 5)),
        [_X.reshape(6, 4) @ _W.T + _B], "float32 op",
    ),
    Sample(
        "fully_connected-keep", [_X],
        lambda x: tfl.emit(
            "fully_connected", [x, tfl.constant(_W)], like(2, 3, 5), keep_num_dims=True,
            fused_activation_function="RELU",
        ),
        [np.maximum(_X @ _W.T, 0)], "float32 op",
    ),
    Sample(
        "batch_matmul", [_LEFT, _RIGHT], lambda x, y: tfl.emit("batch_matmul", [x, y], like(2, 3, 5)),
        [_LEFT @ _RIGHT], "float32 op",
    ),
    Sample(
        "batch_matmul-adjoint", [_LEFT, _RIGHT.transpose(0, 2, 1).copy()],
        lambda x, y: tfl.emit("batch_matmul", [x, y], like(2, 3, 5), adj_y=True), [_LEFT @ _RIGHT], "float32 op",
    ),
    Sample(
        "conv_2d", [_IMAGE], lambda x: _conv(x, (1, 5, 4, 8), padding="VALID"),
        [_numpy(F.conv2d(_torch(_IMAGE), _torch(_KERNEL), torch.from_numpy(_BIAS)))], "float32 op",
    ),
    Sample(
        "conv_2d-same-stride-relu", [_IMAGE],
        lambda x: _conv(x, (1, 4, 3, 8), padding="SAME", stride_h=2, stride_w=2, fused_activation_function="RELU"),
        [_numpy(F.relu(F.conv2d(_same(_IMAGE), _torch(_KERNEL), torch.from_numpy(_BIAS), stride=2)))],
        "float32 op",
    ),
    Sample(
        "conv_2d-dilated", [_IMAGE],
        lambda x: _conv(x, (1, 3, 2, 8), padding="VALID", dilation_h_factor=2, dilation_w_factor=2),
        [_numpy(F.conv2d(_torch(_IMAGE), _torch(_KERNEL), torch.from_numpy(_BIAS), dilation=2))], "float32 op",
    ),
    Sample(
        "conv_2d-grouped", [_IMAGE],
        lambda x: tfl.emit(
            "conv_2d", [x, tfl.constant(_KERNEL[..., :2].copy()), tfl.constant(_BIAS)], like(1, 5, 4, 8),
            padding="VALID",
        ),
        [_numpy(F.conv2d(_torch(_IMAGE), _torch(_KERNEL[..., :2]), torch.from_numpy(_BIAS), groups=2))],
        "float32 op",
    ),
    Sample(
        "depthwise_conv_2d", [_IMAGE],
        lambda x: tfl.emit(
            "depthwise_conv_2d", [x, tfl.constant(_DEEP), tfl.constant(_BIAS)], like(1, 5, 4, 8),
            padding="VALID", depth_multiplier=2,
        ),
        [_numpy(F.conv2d(
            _torch(_IMAGE), torch.from_numpy(_DEEP).permute(3, 0, 1, 2), torch.from_numpy(_BIAS), groups=4
        ))],
        "float32 op",
    ),
    Sample(
        "transpose_conv", [_IMAGE],
        lambda x: tfl.emit(
            "transpose_conv",
            [tfl.constant(np.array([1, 14, 12, 5], np.int32)), tfl.constant(_UP), x, tfl.constant(_B)],
            like(1, 14, 12, 5), padding="VALID", stride_h=2, stride_w=2,
        ),
        [_numpy(F.conv_transpose2d(
            _torch(_IMAGE), torch.from_numpy(_UP).permute(3, 0, 1, 2), torch.from_numpy(_B), stride=2
        ))],
        "float32 op",
    ),
    Sample(
        "conv_3d", [_VOLUME],
        lambda x: tfl.emit(
            "conv_3d", [x, tfl.constant(_CUBES), tfl.constant(_B)], like(1, 2, 2, 4, 5), padding="VALID"
        ),
        [F.conv3d(
            torch.from_numpy(_VOLUME).permute(0, 4, 1, 2, 3), torch.from_numpy(_CUBES).permute(4, 3, 0, 1, 2),
            torch.from_numpy(_B),
        ).permute(0, 2, 3, 4, 1).contiguous().numpy()],
        "float32 op",
    ),
    Sample(
        "conv_3d_transpose", [_DOWN],
        lambda x: tfl.emit(
            "conv_3d_transpose",
            [tfl.constant(np.array([1, 4, 5, 6, 2], np.int32)), tfl.constant(_CUBES), x], like(1, 4, 5, 6, 2),
            padding="VALID", stride_d=2, stride_h=1, stride_w=2,
        ),
        [F.conv_transpose3d(
            torch.from_numpy(_DOWN).permute(0, 4, 1, 2, 3), torch.from_numpy(_CUBES).permute(4, 3, 0, 1, 2),
            stride=(2, 1, 2),
        ).permute(0, 2, 3, 4, 1).contiguous().numpy()],
        "float32 op",
    ),
    Sample(
        "rfft2d", [_SIGNAL], _spectrum,
        [np.abs(np.fft.rfft2(_SIGNAL)).astype(np.float32), np.fft.rfft2(_SIGNAL).real.astype(np.float32),
         np.fft.rfft2(_SIGNAL).imag.astype(np.float32)],
        "float32 transcendental",
    ),
    Sample(
        "average_pool_2d", [_IMAGE],
        lambda x: tfl.emit(
            "average_pool_2d", [x], like(1, 3, 3, 4), filter_height=2, filter_width=2, stride_h=2, stride_w=2,
            padding="VALID",
        ),
        [_numpy(F.avg_pool2d(_torch(_IMAGE), 2))], "float32 op",
    ),
    Sample(
        "max_pool_2d", [_IMAGE],
        lambda x: tfl.emit(
            "max_pool_2d", [x], like(1, 6, 4, 4), filter_height=2, filter_width=3, padding="VALID",
            fused_activation_function="RELU",
        ),
        [_numpy(F.relu(F.max_pool2d(_torch(_IMAGE), (2, 3), stride=1)))],
    ),
    Sample(
        "l2_normalization", [_X], lambda x: tfl.emit("l2_normalization", [x], x.type),
        [_X / np.sqrt((_X**2).sum(-1, keepdims=True))], "float32 op",
    ),
    Sample(
        "local_response_normalization", [_IMAGE],
        lambda x: tfl.emit(
            "local_response_normalization", [x], x.type, radius=1, bias=2.0, alpha=0.25, beta=0.5
        ),
        [_IMAGE / np.sqrt(2 + 0.25 * sum(
            np.pad(_IMAGE, [(0, 0)] * 3 + [(1, 1)])[..., i : i + 4] ** 2 for i in range(3)
        ))],
        "float32 transcendental",
    ),
    Sample(
        "resize_bilinear-half", [_IMAGE],
        lambda x: tfl.emit(
            "resize_bilinear", [x, tfl.constant(np.array([14, 12], np.int32))], like(1, 14, 12, 4),
            half_pixel_centers=True,
        ),
        [_numpy(F.interpolate(_torch(_IMAGE), size=(14, 12), mode="bilinear"))], "float32 op",
    ),
    Sample(
        "resize_bilinear-corners", [_IMAGE],
        lambda x: tfl.emit(
            "resize_bilinear", [x, tfl.constant(np.array([13, 11], np.int32))], like(1, 13, 11, 4),
            align_corners=True,
        ),
        [_numpy(F.interpolate(_torch(_IMAGE), size=(13, 11), mode="bilinear", align_corners=True))],
        "float32 op",
    ),
    Sample(
        "resize_nearest_neighbor", [_IMAGE],
        lambda x: tfl.emit(
            "resize_nearest_neighbor", [x, tfl.constant(np.array([14, 12], np.int32))], like(1, 14, 12, 4)
        ),
        [_numpy(F.interpolate(_torch(_IMAGE), size=(14, 12), mode="nearest"))],
    ),
]  # fmt: skip
