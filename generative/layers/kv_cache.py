"""Keys and values of earlier calls: as state of a module, or handed in and out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from litewright.composites import kv_cache_update

from . import model_config as cfg


@dataclass(frozen=True, slots=True)
class KVCacheEntry:
    """The cache of one layer: keys [1, KV, S, H], values [1, KV, H, S].

    Values lie so that both products of attention read rows: no cache is ever transposed.
    """

    k_cache: Tensor
    v_cache: Tensor

    @classmethod
    def empty(cls, size: int, groups: int, head_dim: int) -> KVCacheEntry:
        """Zeros, for `size` positions."""
        return cls(torch.zeros(1, groups, size, head_dim), torch.zeros(1, groups, head_dim, size))


@dataclass(frozen=True, slots=True)
class KVCache:
    """The caches of all layers."""

    caches: tuple[KVCacheEntry, ...]

    @classmethod
    def from_model_config(cls, kv_cache_max: int, config: cfg.ModelConfig) -> KVCache:
        """Zeros, for `kv_cache_max` positions of a model, and `ring_size` in layers that have one."""
        blocks = [config.block_config(index).attn_config for index in range(config.num_layers)]
        return cls(
            tuple(
                KVCacheEntry.empty(
                    each.ring_size or kv_cache_max,
                    each.groups,
                    each.head_dim or config.embedding_dim // each.num_heads,
                )
                for each in blocks
            )
        )


def update(cache: KVCacheEntry, keys: Tensor, values: Tensor, input_pos: Tensor) -> KVCacheEntry:
    """The cache with [1, KV, T, H] each written from position `input_pos[0]` on."""
    return KVCacheEntry(
        kv_cache_update(cache.k_cache, keys, input_pos, 2),
        kv_cache_update(cache.v_cache, values.transpose(2, 3), input_pos, 3),
    )


class KVCacheState(nn.Module):
    """A cache that a module keeps: buffers, which become state of the signature."""

    state_names: ClassVar = {"k_cache": "kv_cache_k_{}", "v_cache": "kv_cache_v_{}"}
    k_cache: Tensor
    v_cache: Tensor

    def __init__(self, size: int, groups: int, head_dim: int) -> None:
        super().__init__()
        empty = KVCacheEntry.empty(size, groups, head_dim)
        self.register_buffer("k_cache", empty.k_cache, persistent=False)
        self.register_buffer("v_cache", empty.v_cache, persistent=False)

    @property
    def entry(self) -> KVCacheEntry:
        """All that there is."""
        return KVCacheEntry(self.k_cache, self.v_cache)

    def forward(self, updated: KVCacheEntry) -> KVCacheEntry:
        """Keeps what was made of `entry`, and returns it."""
        self.k_cache.copy_(updated.k_cache)
        self.v_cache.copy_(updated.v_cache)
        return updated


def _flatten(cache: KVCache) -> tuple[list[Tensor], int]:
    tensors = [t for each in cache.caches for t in (each.k_cache, each.v_cache)]
    return tensors, len(cache.caches)


def _flatten_with_keys(cache: KVCache) -> tuple[list[Any], int]:
    tensors, count = _flatten(cache)
    names = [name for i in range(count) for name in (f"k_{i}", f"v_{i}")]
    keys: list[Any] = [pytree.MappingKey(name) for name in names]
    return list(zip(keys, tensors, strict=True)), count


def _unflatten(tensors: Iterable[Any], count: int) -> KVCache:
    values = list(tensors)
    pairs = [KVCacheEntry(values[2 * i], values[2 * i + 1]) for i in range(count)]
    return KVCache(tuple(pairs))


pytree.register_pytree_node(
    KVCache,
    _flatten,
    _unflatten,
    serialized_type_name="litewright.generative.layers.kv_cache.KVCache",
    flatten_with_keys_fn=_flatten_with_keys,
)
