"""Rotation of queries and keys by their positions, and the ways to stretch it to longer texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

import litewright


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


def longrope_attention_factor(factor: float, trained: int) -> float:
    """What cosines and sines are multiplied by under LongRoPE: sqrt(1 + ln(factor) / ln(trained))."""
    return math.sqrt(1 + math.log(factor) / math.log(trained)) if factor > 1 else 1.0


def tables(frequencies: Tensor, size: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    """Cosines and sines [size, 2 len(frequencies)] of positions 0 to size - 1, times `scale`."""
    angles = torch.arange(size).float()[:, None] * frequencies[None]
    angles = torch.cat([angles, angles], -1)
    return angles.cos() * scale, angles.sin() * scale


@dataclass(frozen=True, slots=True)
class LinearScaling:
    """Positions are divided by `factor` (Chen et al. 2023)."""

    factor: float

    def tables(self, dim: int, base: float, size: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [size, dim]."""
        return tables(default_frequencies(dim, base) / self.factor, size)


@dataclass(frozen=True, slots=True)
class DynamicScaling:
    """See `dynamic_frequencies`; the text is taken to be as long as the table.

    Attributes:
        factor: how much longer than what the model was trained on.
        trained: positions that it was trained on.
    """

    factor: float
    trained: int

    def tables(self, dim: int, base: float, size: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [size, dim]."""
        frequencies = dynamic_frequencies(
            dim, base, factor=self.factor, length=size, trained=self.trained
        )
        return tables(frequencies, size)


@dataclass(frozen=True, slots=True)
class Llama3Scaling:
    """See `llama3_frequencies`.

    Attributes:
        factor: by which long waves are slowed.
        trained: positions that the model was trained on.
        low: waves longer than trained / low are long.
        high: waves shorter than trained / high are short.
    """

    factor: float
    trained: int
    low: float = 1.0
    high: float = 4.0

    def tables(self, dim: int, base: float, size: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [size, dim]."""
        frequencies = llama3_frequencies(
            dim, base, factor=self.factor, low=self.low, high=self.high, trained=self.trained
        )
        return tables(frequencies, size)


@dataclass(frozen=True, slots=True)
class YarnScaling:
    """See `yarn_frequencies` and `yarn_attention_factor`.

    Attributes:
        factor: by which long waves are slowed.
        trained: positions that the model was trained on.
        fast: turns over `trained` from which on a wave is short.
        slow: turns below which it is long.
    """

    factor: float
    trained: int
    fast: float = 32.0
    slow: float = 1.0

    def tables(self, dim: int, base: float, size: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [size, dim]."""
        frequencies = yarn_frequencies(
            dim, base, factor=self.factor, trained=self.trained, fast=self.fast, slow=self.slow
        )
        return tables(frequencies, size, yarn_attention_factor(self.factor))


@dataclass(frozen=True, slots=True)
class LongRopeScaling:
    """See `longrope_frequencies`; the long factors serve where the table is longer than the trained text.

    Attributes:
        short: divisors, one for each frequency.
        long: likewise.
        trained: positions that the model was trained on.
        factor: how much longer texts may get; of `longrope_attention_factor`.
    """

    short: tuple[float, ...]
    long: tuple[float, ...]
    trained: int
    factor: float = 1.0

    def tables(self, dim: int, base: float, size: int) -> tuple[Tensor, Tensor]:
        """Cosines and sines [size, dim].

        Raises:
            UserError: there are not dim / 2 factors.
        """
        factors = self.long if size > self.trained else self.short
        if 2 * len(factors) != dim:
            raise litewright.UserError(
                f"{len(factors)} factors for a rotation of width {dim}: there must be {dim // 2}"
            )
        frequencies = longrope_frequencies(dim, base, factors)
        return tables(frequencies, size, longrope_attention_factor(self.factor, self.trained))


RopeScaling = LinearScaling | DynamicScaling | Llama3Scaling | YarnScaling | LongRopeScaling
"""How a rotation is stretched to longer texts."""
