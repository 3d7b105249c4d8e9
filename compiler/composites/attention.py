"""Attention whose scores are bounded by tanh. Without the bound it is torch's own function."""

import torch
from torch import Tensor

from .define import composite


@composite("litewright::soft_capped_attention")
def soft_capped_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float,
    logit_cap: float,
    is_causal: bool = False,
) -> Tensor:
    """softmax(logit_cap * tanh(scale * query @ key.T / logit_cap) + mask) @ value, as Gemma 2 has it.

    Multi-head, grouped-query and multi-query attention are one op: N is a multiple of KV. Without the
    bound, use `torch.nn.functional.scaled_dot_product_attention`, which is a composite as well.

    Args:
        query: [B, N, T, H], float.
        key: [B, KV, S, H].
        value: [B, KV, S, V].
        mask: broadcastable to [B, N, T, S]; a float one is added, of a boolean one true is visible. A
            query from which a boolean one hides all gets zeros.
        scale: factor of the products.
        logit_cap: scores stay below it.
        is_causal: whether query i sees keys 0 to i alone.

    Returns:
        [B, N, T, V].
    """
    batch, heads, length, width = query.shape
    groups, span = key.shape[1], key.shape[2]
    # The heads of a group are rows of one matrix, so that keys are not repeated.
    rows = (query * scale).reshape(batch, groups, heads // groups * length, width)
    scores = (rows @ key.transpose(-1, -2)).reshape(batch, heads, length, span)
    scores = torch.tanh(scores / logit_cap) * logit_cap
    if is_causal:
        visible = torch.ones(length, span, dtype=torch.bool, device=query.device).tril()
        scores = torch.where(visible, scores, -torch.inf)
    if mask is None or mask.is_floating_point():
        shares = torch.softmax(scores if mask is None else scores + mask, -1)
    else:
        scores = torch.where(mask, scores, -torch.inf)
        shares = torch.where(mask.any(-1, keepdim=True), torch.softmax(scores, -1), 0)
    shares = shares.reshape(batch, groups, heads // groups * length, span)
    return (shares @ value).reshape(batch, heads, length, value.shape[-1])
