"""What models of others compute and our composites mean, as patterns to look for.

They are written as `transformers` writes these functions. Which of them are looked for without being
asked, `compiler/driver/marking.py` decides by the target.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .pattern import CompositePattern, Found

aten = torch.ops.aten

_NEEDS = frozenset({aten.matmul.default, aten.softmax.int})
_GROUPED, _PLAIN = 2, 4  # key heads for four query heads


def _rms_norm(x: Tensor, weight: Tensor, *, eps: float) -> Tensor:
    variance = x.float().pow(2).mean(-1, keepdim=True)
    return weight * (x.float() * torch.rsqrt(variance + eps)).to(x.dtype)


def _is_one_axis(found: Found) -> str | None:
    weight, x = found.tensors["weight"], found.tensors["x"]
    if weight.shape != x.shape[-1:]:
        return f"a factor of shape {list(weight.shape)} is no weight for {x.shape[-1]} channels"
    return None


RMS_NORM = CompositePattern(
    "litewright.rms_norm",
    _rms_norm,
    (torch.empty(2, 3, 8), torch.empty(8)),
    scalars={"eps": 1e-6},
    check=_is_one_axis,
)
"""The norm of Llama and its kin, and that of Gemma, whose weight is one plus a parameter."""


def _rotate_half(x: Tensor) -> Tensor:
    first, second = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return torch.cat((-second, first), dim=-1)


def _rotate_neighbours(x: Tensor) -> Tensor:
    return torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)


def _in_halves(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (x * cos) + (_rotate_half(x) * sin)


def _interleaved(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    return (x * cos) + (_rotate_neighbours(x) * sin)


_ROTATED = (torch.empty(1, 2, 3, 8), torch.empty(1, 1, 3, 8), torch.empty(1, 1, 3, 8))

ROTARY_EMBEDDING = CompositePattern(
    "litewright.rotary_embedding",
    _in_halves,
    _ROTATED,
    attributes={"interleaved": False},
    title="litewright.rotary_embedding of halves",
)
"""The rotation of Llama and its kin."""

INTERLEAVED_ROTARY_EMBEDDING = CompositePattern(
    "litewright.rotary_embedding",
    _interleaved,
    _ROTATED,
    attributes={"interleaved": True},
    title="litewright.rotary_embedding of neighbours",
)
"""The rotation of GPT-J and its kin."""


def _swiglu(gate: Tensor, up: Tensor) -> Tensor:
    return F.silu(gate) * up


SWIGLU = CompositePattern("litewright.swiglu", _swiglu, (torch.empty(2, 8), torch.empty(2, 8)))
"""The gate of Llama and its kin."""


def _repeated(heads: Tensor, times: int) -> Tensor:
    batch, groups, span, width = heads.shape
    if times == 1:
        return heads
    spread = heads[:, :, None, :, :].expand(batch, groups, times, span, width)
    return spread.reshape(batch, groups * times, span, width)


def _weights(query: Tensor, key: Tensor, scale: float) -> Tensor:
    return (
        torch.matmul(query, _repeated(key, query.shape[1] // key.shape[1]).transpose(2, 3)) * scale
    )


def _attended(query: Tensor, weights: Tensor, value: Tensor) -> Tensor:
    shares = F.softmax(weights, dim=-1, dtype=torch.float32).to(query.dtype)
    return torch.matmul(shares, _repeated(value, query.shape[1] // value.shape[1]))


def _eager(query: Tensor, key: Tensor, value: Tensor, *, scale: float) -> Tensor:
    return _attended(query, _weights(query, key, scale), value)


def _eager_masked(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, scale: float
) -> Tensor:
    return _attended(query, _weights(query, key, scale) + mask, value)


def _capped(query: Tensor, key: Tensor, value: Tensor, *, scale: float, logit_cap: float) -> Tensor:
    weights = torch.tanh(_weights(query, key, scale) / logit_cap) * logit_cap
    return _attended(query, weights, value)


def _capped_masked(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, scale: float, logit_cap: float
) -> Tensor:
    weights = torch.tanh(_weights(query, key, scale) / logit_cap) * logit_cap
    return _attended(query, weights + mask, value)


def _is_attention(found: Found) -> str | None:
    query, key, value = (found.tensors[name] for name in ("query", "key", "value"))
    if query.dim() != 4 or key.dim() != 4 or query.shape[0] != key.shape[0]:
        return f"queries {list(query.shape)} for keys {list(key.shape)}"
    if key.shape[:3] != value.shape[:3] or query.shape[1] % key.shape[1]:
        return f"keys {list(key.shape)} and values {list(value.shape)}"
    mask = found.tensors.get("mask")
    if mask is None:
        return None
    scores = (*query.shape[:3], key.shape[2])
    sizes = zip(reversed(mask.shape), reversed(scores), strict=False)
    fits = mask.dim() <= 4 and all(size in (1, wanted) for size, wanted in sizes)
    return None if fits and mask.is_floating_point() else f"a mask {list(mask.shape)}"


def _attention(*, capped: bool, masked: bool, groups: int) -> CompositePattern:
    function = (
        (_capped_masked if masked else _capped) if capped else (_eager_masked if masked else _eager)
    )
    heads = [torch.empty(1, 4, 3, 8), torch.empty(1, groups, 5, 8), torch.empty(1, groups, 5, 8)]
    kind = "soft-capped" if capped else "eager"
    name = "soft_capped_attention" if capped else "scaled_dot_product_attention"
    title = f"{kind} attention{' under a mask' if masked else ''}"
    return CompositePattern(
        f"{'litewright' if capped else 'aten'}.{name}",
        function,
        (*heads, *([torch.empty(1, 1, 3, 5)] if masked else [])),
        scalars={"scale": 0.5, **({"logit_cap": 30.0} if capped else {})},
        attributes={"is_causal": False, **({} if capped else {"enable_gqa": groups == _GROUPED})},
        check=_is_attention,
        needs=_NEEDS | {aten.tanh.default} if capped else _NEEDS,
        title=title if groups == _PLAIN else f"{title}, of groups of queries",
    )


ATTENTION = tuple(
    _attention(capped=capped, masked=masked, groups=groups)
    for capped in (True, False)
    for masked in (True, False)
    for groups in (_GROUPED, _PLAIN)
)
"""Attention written out: matmul, bound, mask, softmax, matmul; heads of keys repeated or not."""
