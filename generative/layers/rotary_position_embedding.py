"""Rotation of queries and keys by their positions, and the ways to stretch it to longer texts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def apply_rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotates the first numbers of each head, in halves; what is beyond the tables stays.

    Args:
        x: [B, heads, T, H].
        cos: [T, R], R at most H and even.
        sin: [T, R].
    """
    width = cos.shape[-1]
    turned, kept = x[..., :width], x[..., width:]
    first, second = turned.chunk(2, -1)
    turned = turned * cos + torch.cat([-second, first], -1) * sin
    return turned if kept.shape[-1] == 0 else torch.cat([turned, kept], -1)


def default_frequencies(dim: int, base: float) -> Tensor:
    """[dim / 2]: base ** (-2 i / dim) (Su et al. 2021)."""
    return base ** -(torch.arange(0, dim, 2).float() / dim)


def dynamic_frequencies(
    dim: int, base: float, *, factor: float, length: int, trained: int
) -> Tensor:
    """The base grows with the length of text beyond what the model was trained on ("dynamic NTK", 2023)."""
    length = max(length, trained)
    stretched = base * ((factor * length / trained) - (factor - 1)) ** (dim / (dim - 2))
    return default_frequencies(dim, stretched)


def llama3_frequencies(
    dim: int, base: float, *, factor: float, low: float, high: float, trained: int
) -> Tensor:
    """Those of Llama 3.1: slowed by `factor` where waves are long, blended in between.

    Waves longer than trained / low are slowed, those shorter than trained / high are left.
    """
    frequencies = default_frequencies(dim, base)
    lengths = 2 * math.pi / frequencies
    blend = ((trained / lengths - low) / (high - low)).clamp(0, 1)
    return frequencies * (blend + (1 - blend) / factor)


def yarn_frequencies(
    dim: int, base: float, *, factor: float, trained: int, fast: float = 32.0, slow: float = 1.0
) -> Tensor:
    """Those of YaRN (Peng et al. 2023): slowed by `factor` where waves are long, on a ramp in between.

    Waves that turn more than `fast` times over the trained length are left, those that turn less than
    `slow` times are slowed.
    """

    def place(turns: float) -> float:
        return dim * math.log(trained / (turns * 2 * math.pi)) / (2 * math.log(base))

    low, high = max(math.floor(place(fast)), 0), min(math.ceil(place(slow)), dim - 1)
    ramp = ((torch.arange(dim // 2).float() - low) / max(high - low, 1e-3)).clamp(0, 1)
    frequencies = default_frequencies(dim, base)
    return frequencies / factor * ramp + frequencies * (1 - ramp)


def yarn_attention_factor(factor: float) -> float:
    """What cosines and sines are multiplied by under YaRN: 0.1 ln(factor) + 1."""
    return 0.1 * math.log(factor) + 1 if factor > 1 else 1.0


def longrope_frequencies(dim: int, base: float, factors: Sequence[float]) -> Tensor:
    """Each frequency is divided by a factor of its own (LongRoPE, Ding et al. 2024)."""
    return default_frequencies(dim, base) / torch.tensor(factors)


def tables(frequencies: Tensor, size: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines [size, 2 len(frequencies)] of positions 0 to size - 1, times `scale`."""
    angles = torch.arange(size).float()[:, None] * frequencies[None]
    angles = torch.cat([angles, angles], -1)
    return angles.cos() * scale, angles.sin() * scale
