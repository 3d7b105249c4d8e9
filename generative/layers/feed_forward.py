"""Feed-forward networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]


class SequentialFeedForward(nn.Module):
    """down(act(up(x)))."""

    def __init__(
        self, dim: int, hidden: int, activation: Activation, *, use_bias: bool = False
    ) -> None:
        super().__init__()
        self.act = activation
        self.w1 = nn.Linear(dim, hidden, bias=use_bias)
        self.w2 = nn.Linear(hidden, dim, bias=use_bias)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        return self.w2(self.act(self.w1(x)))


class GatedFeedForward(nn.Module):
    """down(act(gate(x)) * up(x)) (Shazeer 2020)."""

    def __init__(
        self, dim: int, hidden: int, activation: Activation, *, use_bias: bool = False
    ) -> None:
        super().__init__()
        self.act = activation
        self.w1 = nn.Linear(dim, hidden, bias=use_bias)
        self.w2 = nn.Linear(hidden, dim, bias=use_bias)
        self.w3 = nn.Linear(dim, hidden, bias=use_bias)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]; w3 is the gate, w1 goes up, w2 goes down."""
        return self.w2(self.act(self.w3(x)) * self.w1(x))


class MixtureOfExperts(nn.Module):
    """The outputs of the likeliest experts, weighted by the router (Mixtral's: softmax over the chosen).

    Every expert runs on every token: LiteRT has no product with a matrix chosen at run time.
    """

    def __init__(self, dim: int, experts: Sequence[nn.Module], per_token: int) -> None:
        super().__init__()
        self.router = nn.Linear(dim, len(experts), bias=False)
        self.experts = nn.ModuleList(experts)
        self.per_token = per_token

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        scores, chosen = self.router(x).topk(self.per_token, -1)
        shares = torch.softmax(scores, -1)
        spread = F.one_hot(chosen, len(self.experts)).to(x.dtype)
        weights = (spread * shares[..., None]).sum(-2)
        total = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            total = total + expert(x) * weights[..., index : index + 1]
        return total
