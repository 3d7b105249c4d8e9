"""Makes parts of a model of their configurations."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright

from . import model_config as cfg
from .feed_forward import GatedFeedForward, MixtureOfExperts, SequentialFeedForward
from .normalization import RMSNorm


def build_norm(dim: int, config: cfg.NormalizationConfig) -> nn.Module:
    """A norm over `dim` numbers (channels, for a group norm).

    Raises:
        UserError: a group norm without `group_num`.
    """
    match config.type:
        case cfg.NormalizationType.NONE:
            return nn.Identity()
        case cfg.NormalizationType.RMS_NORM:
            return RMSNorm(dim, config.epsilon, zero_centered=config.zero_centered)
        case cfg.NormalizationType.LAYER_NORM:
            return nn.LayerNorm(dim, config.epsilon, bias=config.use_bias)
        case cfg.NormalizationType.GROUP_NORM:
            if config.group_num is None:
                raise litewright.UserError("a group norm needs group_num")
            return nn.GroupNorm(config.group_num, dim, config.epsilon)


def build_ff(dim: int, config: cfg.FeedForwardConfig) -> nn.Module:
    """A feed-forward network of width `dim`, or a mixture of several."""
    act = get_activation(config.activation_type)
    kind = GatedFeedForward if config.type is cfg.FeedForwardType.GATED else SequentialFeedForward

    def build() -> nn.Module:
        return kind(dim, config.intermediate_size, act, use_bias=config.use_bias)

    if config.num_experts == 1:
        return build()
    experts = [build() for _ in range(config.num_experts)]
    return MixtureOfExperts(dim, experts, config.num_experts_per_token)


def get_activation(kind: cfg.ActivationType) -> Callable[[Tensor], Tensor]:
    """The function of that name."""
    return _ACTIVATIONS[kind]


_ACTIVATIONS: dict[cfg.ActivationType, Callable[[Tensor], Tensor]] = {
    cfg.ActivationType.LINEAR: lambda x: x,
    cfg.ActivationType.SILU: F.silu,
    cfg.ActivationType.GELU: F.gelu,
    cfg.ActivationType.GELU_TANH: lambda x: F.gelu(x, approximate="tanh"),
    cfg.ActivationType.GELU_QUICK: lambda x: x * torch.sigmoid(1.702 * x),
    cfg.ActivationType.RELU: F.relu,
}
