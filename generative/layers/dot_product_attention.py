"""The product that attention is, with what torch's own function lacks: bounded scores and sinks."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    *,
    scale: float | None = None,
    softcap: float | None = None,
    sinks: Tensor | None = None,
) -> Tensor:
    """Queries [B, N, T, H] over keys [B, KV, S, H] and values [B, KV, S, V]: [B, N, T, V].

    Args:
        query: as above; N is a multiple of KV.
        key: as above.
        value: as above.
        mask: [.., 1, T, S], or one row for all queries, added to scores; None to see everything.
        scale: 1 / sqrt(H) if not given.
        softcap: scores are c * tanh(score / c) before the mask is added (Gemma 2).
        sinks: [N], logits of sinks: they take part in the softmax, and nothing else comes of them (Xiao et al. 2024).
    """
    if softcap is None and sinks is None:
        return F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, scale=scale, enable_gqa=True
        )
    batch, heads, length, width = query.shape
    groups, span = key.shape[1:3]
    factor = float(width) ** -0.5 if scale is None else scale
    # The heads of a group are rows of one matrix, so that keys are not repeated.
    scores = (query * factor).reshape(batch, groups, -1, width) @ key.transpose(2, 3)
    if softcap is not None:
        scores = torch.tanh(scores * (1 / softcap)) * softcap
    if mask is not None and mask.shape[-3:-1] == (1, 1):
        scores = scores + mask
    elif mask is not None:
        # Heads are apart while it is added, so that a mask need not be repeated for them either.
        apart = scores.reshape(batch, heads, length, span) + mask
        scores = apart.reshape(scores.shape)
    if sinks is None:
        shares = torch.softmax(scores, -1)
    else:
        column = sinks.reshape(1, groups, -1, 1, 1).expand(batch, -1, -1, length, 1)
        column = column.reshape(batch, groups, -1, 1)
        shares = torch.softmax(torch.cat([scores, column], -1), -1)[..., :-1]
    return (shares @ value).reshape(batch, heads, length, -1)
