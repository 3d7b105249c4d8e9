"""Gated activations. GELU, exact and by tanh, and SiLU of torch are composites or ops by themselves."""

import torch.nn.functional as F
from torch import Tensor

from .define import composite


@composite("litewright::swiglu")
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) * up.

    Args:
        gate: any shape, float.
        up: of the same shape.

    Returns:
        A tensor of that shape.
    """
    return F.silu(gate) * up
