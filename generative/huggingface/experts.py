"""Mixtures of experts as plain matrix products."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def run_experts(
    experts: Any, hidden_states: Tensor, top_k_index: Tensor, top_k_weights: Tensor
) -> Tensor:
    """Every expert on every token, weighted by the router; those that it did not choose weigh nothing.

    LiteRT has no product with a matrix chosen at run time that reads quantised weights, so the choice saves
    no work here.

    Args:
        experts: the module of transformers, with its fused matrices.
        hidden_states: [T, hidden].
        top_k_index: [T, k], integers.
        top_k_weights: [T, k].

    Returns:
        [T, hidden].
    """
    first = experts.gate_up_proj if experts.has_gate else experts.up_proj
    count = first.shape[0]
    chosen = F.one_hot(top_k_index, count).to(hidden_states.dtype)
    shares = (chosen * top_k_weights[..., None].to(hidden_states.dtype)).sum(-2)
    total = torch.zeros_like(hidden_states)
    for index in range(count):
        made = _expert(experts, hidden_states, index)
        total = total + made * shares[:, index : index + 1]
    return total


def _expert(experts: Any, x: Tensor, index: int) -> Tensor:
    name = "gate_up_proj" if experts.has_gate else "up_proj"
    x = _project(experts, name, x, index)
    x = experts._apply_gate(x) if experts.has_gate else experts.act_fn(x)
    return _project(experts, "down_proj", x, index)


def _project(experts: Any, name: str, x: Tensor, index: int) -> Tensor:
    weight = getattr(experts, name)[index]
    bias = getattr(experts, f"{name}_bias")[index] if experts.has_bias else None
    return F.linear(x, weight.transpose(0, 1) if experts.is_transposed else weight, bias)
