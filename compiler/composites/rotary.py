"""Rotary position embeddings."""

import torch
from torch import Tensor

from .define import composite


@composite("litewright::rotary_embedding")
def rotary_embedding(x: Tensor, cos: Tensor, sin: Tensor, *, interleaved: bool = False) -> Tensor:
    """Pairs of elements of the last axis, turned by angles: x * cos + turned(x) * sin.

    Element i is paired with element i + H / 2, as transformers does it, or, interleaved, element 2 i with
    element 2 i + 1, as the paper and GPT-J do it. Both elements of a pair have the same angle in `cos` and
    `sin`.

    Args:
        x: [..., H], H even.
        cos: cosines, broadcastable to x.
        sin: sines, broadcastable to x.
        interleaved: whether neighbours are pairs.

    Returns:
        A tensor of the shape of x.
    """
    if interleaved:
        pairs = x.reshape(*x.shape[:-1], -1, 2)
        turned = torch.stack((-pairs[..., 1], pairs[..., 0]), -1).flatten(-2)
    else:
        first, second = x.chunk(2, -1)
        turned = torch.cat((-second, first), -1)
    return x * cos + turned * sin
