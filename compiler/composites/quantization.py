"""Quantisation of activations, as it stands in graphs that torch's tools have quantised.

real = scale * (q - zero_point). The arithmetic is that of torch's `quantized_decomposed` ops: products with
1 / scale, rounded to even.
"""

import torch
from torch import Tensor

from .define import composite


@composite("litewright::fake_quantize")
def fake_quantize(x: Tensor, scale: float, zero_point: int, low: int, high: int) -> Tensor:
    """x as integers from `low` to `high` hold it: quantised, and floats again.

    Args:
        x: any shape, float.
        scale: positive.
        zero_point: the integer that stands for 0.
        low: the lowest integer.
        high: the highest integer.

    Returns:
        Of the shape and dtype of x.
    """
    integers = torch.clamp(torch.round(x * (1.0 / scale)) + zero_point, low, high)
    return (integers - zero_point) * scale


@composite("litewright::quantize")
def quantize(
    x: Tensor, scale: float, zero_point: int, low: int, high: int, *, dtype: torch.dtype
) -> Tensor:
    """The integers of x, of `dtype`; see `fake_quantize`."""
    return torch.clamp(torch.round(x * (1.0 / scale)) + zero_point, low, high).to(dtype)


@composite("litewright::dequantize")
def dequantize(integers: Tensor, scale: float, zero_point: int) -> Tensor:
    """What integers stand for, float32."""
    return (integers.to(torch.float32) - zero_point) * scale
