"""What turns the states of tokens into one vector for each text: the modules of sentence-transformers."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

Pooling: TypeAlias = Literal[
    "cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"
]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)

_SMALLEST = 1e-9
"""What a sum of weights is at least, so that a text of no tokens is no division by zero."""


class Pool(nn.Module):
    """One vector, or several side by side, of the states of tokens.

    Attributes:
        modes: `cls` is the first token, `lasttoken` the last that the mask shows; `max` the largest of each
            number; `mean` the sum by the number of tokens, `mean_sqrt_len_tokens` by its root; `weightedmean`
            the mean where the n-th token counts n times (Muennighoff, 2022, SGPT).
    """

    def __init__(self, *modes: Pooling) -> None:
        super().__init__()
        self.modes = modes

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """[batch, length, width] and integers [batch, length] -> [batch, len(modes) * width], float32."""
        shown = mask.to(states.dtype)[..., None]
        pooled = [_pooled(mode, states, shown) for mode in self.modes]
        return pooled[0] if len(pooled) == 1 else torch.cat(pooled, 1)


def _pooled(mode: Pooling, states: Tensor, shown: Tensor) -> Tensor:
    """[batch, length, width] and [batch, length, 1] -> [batch, width]."""
    if mode == "cls":
        return states[:, 0]
    if mode == "max":
        return torch.where(shown > 0, states, torch.finfo(states.dtype).min).amax(1)
    if mode == "mean":
        return (states * shown).sum(1) / shown.sum(1).clamp(min=_SMALLEST)
    if mode == "mean_sqrt_len_tokens":
        return (states * shown).sum(1) / shown.sum(1).clamp(min=_SMALLEST).sqrt()
    numbered = shown * torch.arange(1.0, shown.shape[1] + 1)[None, :, None]
    if mode == "weightedmean":
        return (states * numbered).sum(1) / numbered.sum(1).clamp(min=_SMALLEST)
    # Every other token is multiplied by zero: a place that is not known before has no slice.
    last = (numbered == numbered.amax(1, keepdim=True)).to(states.dtype) * shown
    return (states * last).sum(1)


class Dense(nn.Module):
    """A linear layer with an activation.

    Attributes:
        linear: the layer.
        activation: of its results.
        residual: what is added to them: nothing if None.
    """

    def __init__(
        self, linear: nn.Linear, activation: nn.Module, residual: nn.Module | None
    ) -> None:
        super().__init__()
        self.linear, self.activation, self.residual = linear, activation, residual

    def forward(self, pooled: Tensor) -> Tensor:
        """[batch, in] -> [batch, out]."""
        made = self.activation(self.linear(pooled))
        return made if self.residual is None else made + self.residual(pooled)


class Norm(nn.Module):
    """A layer norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, pooled: Tensor) -> Tensor:
        """[batch, width] -> the same."""
        return self.norm(pooled)


class Normalize(nn.Module):
    """Vectors of length 1."""

    def forward(self, pooled: Tensor) -> Tensor:
        """[batch, width] -> the same."""
        return functional.normalize(pooled, dim=-1)
