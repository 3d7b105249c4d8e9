"""Attention and the blocks around it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from . import builder
from . import model_config as cfg
from .dot_product_attention import dot_product_attention
from .kv_cache import KVCacheEntry, KVCacheState, update
from .ring_cache import Ring
from .rotary_position_embedding import apply_rope

Rope = tuple[Tensor, Tensor]


class TransformerBlock(nn.Module):
    """Attention and feed-forward network, each beside a residual."""

    def __init__(
        self,
        config: cfg.ModelConfig | cfg.TransformerBlockConfig,
        model_config: cfg.ModelConfig | None = None,
    ) -> None:
        """Makes a block.

        Args:
            config: of the model, all of whose blocks are alike, or of the block.
            model_config: of the model, where `config` is the block's.
        """
        super().__init__()
        if isinstance(config, cfg.ModelConfig):
            config, model_config = config.block_config(0), config
        assert model_config is not None, "a block's own configuration comes with the model's"
        width = model_config.embedding_dim
        # Where the feed-forward network has no norm of its own, the norm behind attention is the one before it.
        is_own = config.ff_config.pre_ff_norm_config.type is not cfg.NormalizationType.NONE
        post = config.post_attention_norm_config
        before_ff = config.ff_config.pre_ff_norm_config if is_own else post
        self.parallel_residual = config.parallel_residual
        self.pre_atten_norm = builder.build_norm(width, config.pre_attention_norm_config)
        self.atten_func = CausalSelfAttention(width, config.attn_config, model_config.kv_cache_max)
        self.post_atten_norm = builder.build_norm(width, post if is_own else cfg.NO_NORM)
        self.pre_ff_norm = builder.build_norm(width, before_ff)
        self.ff = builder.build_ff(width, config.ff_config)
        self.post_ff_norm = builder.build_norm(width, config.ff_config.post_ff_norm_config)

    def forward(
        self,
        x: Tensor,
        rope: Rope | None = None,
        mask: Tensor | None = None,
        input_pos: Tensor | None = None,
        kv_cache: KVCacheEntry | None = None,
    ) -> Tensor | tuple[Tensor, KVCacheEntry]:
        """One layer on x [1, T, width].

        Args:
            x: as above.
            rope: cosines and sines of the positions, [T, R] each; None for no rotation.
            mask: [1, 1, T, S], added to scores; None to see everything. S is the length of the cache, also where that
                is a ring: see `build_ring_mask`.
            input_pos: [T], consecutive positions in the cache.
            kv_cache: the cache before this call. Without it, the block keeps its own.

        Returns:
            [1, T, width], and the cache after the call where one was given.
        """
        normed = self.pre_atten_norm(x)
        attended, cache = self.atten_func(normed, rope, mask, input_pos, kv_cache)
        if self.parallel_residual:
            made = x + attended + self.post_ff_norm(self.ff(normed))
        else:
            x = x + self.post_atten_norm(attended)
            made = x + self.post_ff_norm(self.ff(self.pre_ff_norm(x)))
        return made if kv_cache is None else (made, cache)


class _Projections(nn.Module):
    """Of queries of one sequence, keys and values of one that may be another, and of what attention makes of them."""

    def __init__(self, dim: int, cross_dim: int, config: cfg.AttentionConfig) -> None:
        super().__init__()
        self.config = config
        self.head_dim = config.head_dim or dim // config.num_heads
        queries, keys = config.num_heads * self.head_dim, config.groups * self.head_dim
        self.q_projection = nn.Linear(dim, queries, bias=config.qkv_use_bias)
        self.k_projection = nn.Linear(cross_dim, keys, bias=config.qkv_use_bias)
        self.v_projection = nn.Linear(cross_dim, keys, bias=config.qkv_use_bias)
        self.output_projection = nn.Linear(queries, dim, bias=config.output_proj_use_bias)

    def heads_of(self, x: Tensor) -> Tensor:
        """[B, T, heads * H] -> [B, heads, T, H]."""
        return x.view(*x.shape[:2], -1, self.head_dim).transpose(1, 2)

    def joined(self, attended: Tensor) -> Tensor:
        """[B, heads, T, H] -> [B, T, dim]."""
        return self.output_projection(attended.transpose(1, 2).flatten(2))


class CausalSelfAttention(_Projections):
    """Attention over a cache: of one, several or all heads of keys (MQA, GQA, MHA)."""

    def __init__(self, dim: int, config: cfg.AttentionConfig, cache_size: int) -> None:
        super().__init__(dim, dim, config)
        self.query_norm = builder.build_norm(self.head_dim, config.query_norm_config)
        self.key_norm = builder.build_norm(self.head_dim, config.key_norm_config)
        self.sinks = nn.Parameter(torch.zeros(config.num_heads)) if config.use_sinks else None
        self.kv_cache = (
            KVCacheState(config.ring_size or cache_size, config.groups, self.head_dim)
            if config.enable_kv_cache
            else None
        )

    def forward(
        self,
        x: Tensor,
        rope: Rope | None,
        mask: Tensor | None,
        input_pos: Tensor | None,
        kv_cache: KVCacheEntry | None = None,
    ) -> tuple[Tensor, KVCacheEntry]:
        """See `TransformerBlock.forward`; the cache is returned in any case."""
        query = self.query_norm(self.heads_of(self.q_projection(x)))
        key = self.key_norm(self.heads_of(self.k_projection(x)))
        value = self.heads_of(self.v_projection(x))
        if rope is not None:
            query, key = (apply_rope(each, *rope) for each in (query, key))
        cache = self._cached(key, value, input_pos, kv_cache)
        attended = dot_product_attention(
            query,
            cache.k_cache,
            cache.v_cache.transpose(2, 3),
            mask,
            scale=self.config.scale,
            softcap=self.config.logit_softcap,
            sinks=self.sinks,
        )
        return self.joined(attended), cache

    def _cached(
        self, key: Tensor, value: Tensor, input_pos: Tensor | None, given: KVCacheEntry | None
    ) -> KVCacheEntry:
        if input_pos is None or (given is None and self.kv_cache is None):
            return KVCacheEntry(key, value.transpose(2, 3))
        if given is not None:
            return self._updated(given, key, value, input_pos)
        assert self.kv_cache is not None, "asked for above"
        return self.kv_cache(self._updated(self.kv_cache.entry, key, value, input_pos))

    def _updated(
        self, cache: KVCacheEntry, key: Tensor, value: Tensor, input_pos: Tensor
    ) -> KVCacheEntry:
        if self.config.ring_size is None:
            return update(cache, key, value, input_pos)
        return Ring.of(self.config.ring_size, input_pos).update(cache, key, value)


class CrossAttention(_Projections):
    """Attention of one sequence over another, without a cache or positions."""

    def forward(self, x: Tensor, y: Tensor, mask: Tensor | None = None) -> Tensor:
        """x [B, T, dim] over y [B, S, cross_dim] -> [B, T, dim]; mask [.., T, S] is added to scores."""
        query, key, value = (
            self.heads_of(each)
            for each in (self.q_projection(x), self.k_projection(y), self.v_projection(y))
        )
        attended = dot_product_attention(
            query, key, value, mask, scale=self.config.scale, softcap=self.config.logit_softcap
        )
        return self.joined(attended)
