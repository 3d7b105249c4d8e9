"""Norms. Layer norm, group norm and RMS norm of torch are composites by themselves."""

import torch
from torch import Tensor

from .define import composite


@composite("litewright::rms_norm")
def rms_norm(x: Tensor, weight: Tensor | None = None, *, eps: float) -> Tensor:
    """x over the root of its mean square along the last axis, times a weight.

    `torch.nn.RMSNorm` over one axis is the same composite.

    Args:
        x: [..., C], float; statistics of float16 and bfloat16 are computed in float32.
        weight: [C].
        eps: added to the mean square.

    Returns:
        [..., C], of the dtype of x.
    """
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
    normal = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    return (normal if weight is None else normal * weight).to(x.dtype)
