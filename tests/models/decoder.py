"""A Llama-architecture decoder whose KV caches are inputs and outputs.

Parameter names equal those of transformers' `LlamaForCausalLM`, so its checkpoints load as they
are. What differs is what a runtime wants to differ: keys are kept as [1, KV, S, H] and values as
[1, KV, H, S], so that no cache is ever transposed; the rotary table is read once a call; `Prefill`
computes no logits, and of the last layer only keys and values.

The caches are updated through litewright's `kv_cache_update`, a torch op that needs no other part
of the compiler.
"""

from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litewright.compiler.composites.kv_cache import kv_cache_update
from tests.models.decoder_config import DecoderConfig

Rotation: TypeAlias = tuple[Tensor, Tensor]
"""Cosines and sines of the positions of a call, [T, H] each."""
LayerCache: TypeAlias = tuple[Tensor, Tensor]
"""Keys [1, KV, S, H] and values [1, KV, H, S] of a layer."""
Device: TypeAlias = torch.device | str | None


def _linear(features_in: int, features_out: int, device: Device) -> nn.Linear:
    return nn.Linear(features_in, features_out, bias=False, device=device)


class RMSNorm(nn.Module):
    """Root-mean-square normalisation over the last axis, written as in transformers."""

    def __init__(self, size: int, eps: float, device: Device = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size, device=device))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        variance = x.pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(variance + self.eps))


class RotaryTable(nn.Module):
    """Cosines and sines of every position of the cache, as one table read by position.

    The table is a buffer that no checkpoint holds and that is always real, on whichever device
    the parameters are.
    """

    table: Tensor

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        exponents = torch.arange(0, config.head_dim, 2, device="cpu") / config.head_dim
        positions = torch.arange(config.cache_length, device="cpu").float()
        angles = positions[:, None] * (config.rope_theta**-exponents)[None]
        angles = torch.cat([angles, angles], -1)
        table = torch.cat([angles.cos(), angles.sin()], -1)
        self.register_buffer("table", table, persistent=False)

    def forward(self, input_pos: Tensor) -> Rotation:
        """input_pos: [T]."""
        cos, sin = F.embedding(input_pos, self.table).chunk(2, -1)
        return cos, sin


def _rotate_half(x: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def rotate(x: Tensor, rotation: Rotation) -> Tensor:
    """Rotary embedding of x: [1, heads, T, H], in halves as transformers does it."""
    cos, sin = rotation
    return x * cos + _rotate_half(x) * sin


class Attention(nn.Module):
    """Grouped-query attention over the cache."""

    def __init__(self, config: DecoderConfig, device: Device = None) -> None:
        super().__init__()
        self.head_dim = config.head_dim
        hidden = config.hidden_size
        queries = config.num_attention_heads * config.head_dim
        keys = config.num_key_value_heads * config.head_dim
        self.q_proj = _linear(hidden, queries, device)
        self.k_proj = _linear(hidden, keys, device)
        self.v_proj = _linear(hidden, keys, device)
        self.o_proj = _linear(queries, hidden, device)

    def _heads(self, x: Tensor) -> Tensor:
        """[1, T, heads * H] -> [1, heads, T, H]."""
        return x.view(*x.shape[:2], -1, self.head_dim).transpose(1, 2)

    def update_cache(
        self, x: Tensor, rotation: Rotation, input_pos: Tensor, cache: LayerCache
    ) -> LayerCache:
        """Write the keys and values of x: [1, T, hidden] at `input_pos`."""
        key = rotate(self._heads(self.k_proj(x)), rotation)
        value = self._heads(self.v_proj(x)).transpose(-1, -2)
        return (
            kv_cache_update(cache[0], key, input_pos, 2),
            kv_cache_update(cache[1], value, input_pos, 3),
        )

    def forward(
        self, x: Tensor, rotation: Rotation, input_pos: Tensor, mask: Tensor, cache: LayerCache
    ) -> tuple[Tensor, LayerCache]:
        query = rotate(self._heads(self.q_proj(x)), rotation)
        keys, values = self.update_cache(x, rotation, input_pos, cache)
        attended = F.scaled_dot_product_attention(
            query, keys, values.transpose(-1, -2), attn_mask=mask, enable_gqa=True
        )
        return self.o_proj(attended.transpose(1, 2).flatten(2)), (keys, values)


class SwiGLU(nn.Module):
    """The gated feed-forward network."""

    def __init__(self, config: DecoderConfig, device: Device = None) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = _linear(hidden, inner, device)
        self.up_proj = _linear(hidden, inner, device)
        self.down_proj = _linear(inner, hidden, device)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class DecoderLayer(nn.Module):
    """Attention and feed-forward network, each behind a norm and beside a residual."""

    def __init__(self, config: DecoderConfig, device: Device = None) -> None:
        super().__init__()
        self.self_attn = Attention(config, device)
        self.mlp = SwiGLU(config, device)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps, device)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps, device)

    def update_cache(
        self, x: Tensor, rotation: Rotation, input_pos: Tensor, cache: LayerCache
    ) -> LayerCache:
        """What a layer does when nobody needs its output."""
        return self.self_attn.update_cache(self.input_layernorm(x), rotation, input_pos, cache)

    def forward(
        self, x: Tensor, rotation: Rotation, input_pos: Tensor, mask: Tensor, cache: LayerCache
    ) -> tuple[Tensor, LayerCache]:
        attended, cache = self.self_attn(self.input_layernorm(x), rotation, input_pos, mask, cache)
        x = x + attended
        return x + self.mlp(self.post_attention_layernorm(x)), cache


class Transformer(nn.Module):
    """Embedding, layers and final norm: what transformers calls `LlamaModel`."""

    def __init__(self, config: DecoderConfig, device: Device = None) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, device=device)
        self.layers = nn.ModuleList(
            DecoderLayer(config, device) for _ in range(config.num_hidden_layers)
        )
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps, device)
        self.rotary = RotaryTable(config)

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, cache: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Hidden states [1, T, hidden] after the final norm, and the updated caches."""
        x, rotation, updated = self._run(tokens, input_pos, mask, cache, len(self.layers))
        del rotation
        return self.norm(x), updated

    def fill_cache(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, cache: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """The updated caches alone: the last layer computes its keys and values, no more."""
        last = len(self.layers) - 1
        x, rotation, updated = self._run(tokens, input_pos, mask, cache, last)
        layer = self.layers[last]
        assert isinstance(layer, DecoderLayer)
        before = (cache[f"kv_cache_k_{last}"], cache[f"kv_cache_v_{last}"])
        keys, values = layer.update_cache(x, rotation, input_pos, before)
        return {**updated, f"kv_cache_k_{last}": keys, f"kv_cache_v_{last}": values}

    def _run(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, cache: dict[str, Tensor], count: int
    ) -> tuple[Tensor, Rotation, dict[str, Tensor]]:
        """The first `count` layers."""
        rotation = self.rotary(input_pos)
        x = self.embed_tokens(tokens)
        updated: dict[str, Tensor] = {}
        for index in range(count):
            key, value = f"kv_cache_k_{index}", f"kv_cache_v_{index}"
            x, pair = self.layers[index](x, rotation, input_pos, mask, (cache[key], cache[value]))
            updated[key], updated[value] = pair
        return x, rotation, updated


class Decoder(nn.Module):
    """The decode signature: logits of the last token, and the updated caches.

    `device="meta"` leaves the parameters without storage, for a conversion from a checkpoint.
    """

    def __init__(self, config: DecoderConfig, device: Device = None) -> None:
        super().__init__()
        self.config = config
        self.model = Transformer(config, device)
        self.lm_head = _linear(config.hidden_size, config.vocab_size, device)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight
        self.eval().requires_grad_(False)

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, **kv_cache: Tensor
    ) -> dict[str, Tensor]:
        """tokens: [1, T], input_pos: [T], mask: [1, 1, T, S] -> logits [1, 1, vocab], caches."""
        hidden, updated = self.model(tokens, input_pos, mask, kv_cache)
        return {"logits": self.lm_head(hidden[:, -1:]), **updated}


class Prefill(nn.Module):
    """The prefill signature of a decoder: the same parameters under the same names, no logits."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.model = decoder.model
        self.eval()

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, **kv_cache: Tensor
    ) -> dict[str, Tensor]:
        """tokens: [1, T], input_pos: [T], mask: [1, 1, T, S] -> the updated caches."""
        return self.model.fill_cache(tokens, input_pos, mask, kv_cache)
