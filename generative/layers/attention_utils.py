"""Tables that attention reads: cosines and sines of positions, masks."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..masking import MASKED


def build_rope_cache(  # noqa: PLR0917 (as others call it)
    size: int,
    dim: int,
    base: float = 10_000.0,
    condense_ratio: float = 1.0,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> tuple[Tensor, Tensor]:
    """Cosines and sines of rotary embeddings, in halves (Su et al. 2021, in the layout of GPT-NeoX).

    Args:
        size: positions.
        dim: width that is rotated, even.
        base: of the frequencies base ** (-2 i / dim).
        condense_ratio: divides positions (linear scaling).
        dtype: of the tables.
        device: of the tables.

    Returns:
        Two tensors [size, dim].
    """
    exponents = torch.arange(0, dim, 2, device=device).float() / dim
    positions = torch.arange(size, device=device).float() / condense_ratio
    angles = positions[:, None] * (base**-exponents)[None]
    angles = torch.cat([angles, angles], -1)
    return angles.cos().to(dtype), angles.sin().to(dtype)


def build_causal_mask_cache(
    size: int, dtype: torch.dtype = torch.float32, device: torch.device | str | None = None
) -> Tensor:
    """A mask [1, 1, size, size], added to scores: row i sees columns 0 to i."""
    hidden = torch.ones(size, size, dtype=torch.bool, device=device).triu(1)
    return torch.where(hidden, MASKED, 0.0).to(dtype)[None, None]


def build_sliding_window_mask_cache(
    size: int,
    window_size: int,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> Tensor:
    """A mask [1, 1, size, size], added to scores: row i sees columns i - window_size + 1 to i."""
    visible = torch.ones(size, size, dtype=torch.bool, device=device).tril().triu(1 - window_size)
    return torch.where(visible, 0.0, MASKED).to(dtype)[None, None]


def build_alibi_bias(n_heads: int, k_size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """What ALiBi adds to scores, [1, n_heads, 1, k_size] (Press et al. 2022): slope times position of the key.

    A softmax does not see what is added to a whole row, so that the query's position may be left out.
    """
    return (_slopes(n_heads)[:, None] * torch.arange(k_size)).to(dtype)[None, :, None]


def _slopes(heads: int) -> Tensor:
    """A geometric sequence, filled up from that of twice the length where heads are no power of two."""
    power = 2 ** math.floor(math.log2(heads))
    first = torch.tensor([2 ** (-8 * (i + 1) / power) for i in range(power)])
    more = torch.tensor([2 ** (-4 * (i + 1) / power) for i in range(2 * power)])[::2]
    return torch.cat([first, more[: heads - power]])
