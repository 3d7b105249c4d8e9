"""The cache that transformers' code writes to while a step is captured: tensors in, tensors out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..layers.kv_cache import KVCacheEntry, update
from ..layers.ring_cache import Ring
from .library import Cache, CacheLayerMixin, DummyLayer

KEY, VALUE = "kv_cache_k_{}", "kv_cache_v_{}"
"""Names of a layer's cache, as inputs and as outputs; LiteRT-LM knows them."""


class StepLayer(CacheLayerMixin):
    """Keys [1, KV, S, H] and values [1, KV, H, S] of a layer, written from the first position of a step on.

    Values lie so that both products of attention read rows: no cache is ever transposed.
    """

    is_compileable = True
    is_sliding = False
    keys: Tensor
    values: Tensor

    def __init__(self, keys: Tensor, values: Tensor, input_pos: Tensor) -> None:
        super().__init__()
        self.keys, self.values = keys, values
        self.input_pos = input_pos
        self.is_initialized = True

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing: the tensors are there from the beginning."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Writes [1, KV, T, H] each, and returns all keys and values as [1, KV, S, H]."""
        cache = KVCacheEntry(self.keys, self.values)
        updated = update(cache, key_states, value_states, self.input_pos)
        self.keys, self.values = updated.k_cache, updated.v_cache
        return self.keys, self.values.transpose(2, 3)

    def get_mask_sizes(self, _query_length: int) -> tuple[int, int]:
        """Masks cover the whole cache."""
        return self.get_max_length(), 0

    def get_seq_length(self) -> int:
        """0: positions and masks are given, and what else a model counts from here must not vary."""
        return 0

    def get_max_length(self) -> int:
        """S."""
        return self.keys.shape[2]


class RingLayer(StepLayer):
    """A layer with a sliding window, whose R slots are fewer than the positions of a conversation."""

    is_sliding = True

    def __init__(self, keys: Tensor, values: Tensor, input_pos: Tensor, ring: Ring) -> None:
        super().__init__(keys, values, input_pos)
        self.ring = ring

    def update(
        self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Writes [1, KV, T, H] each, and returns all keys and values as [1, KV, R, H]."""
        cache = KVCacheEntry(self.keys, self.values)
        updated = self.ring.update(cache, key_states, value_states)
        self.keys, self.values = updated.k_cache, updated.v_cache
        return self.keys, self.values.transpose(2, 3)


class StepCache(Cache):
    """The caches of all layers during one step.

    Attributes:
        layer_type: of its layers.
    """

    layer_type: type[StepLayer] = StepLayer

    def __init__(
        self, tensors: Mapping[str, Tensor], input_pos: Tensor, ring: Ring | None = None
    ) -> None:
        """Takes the caches by name; those that are as long as the ring, if there is one, are rings.

        Layers that are left out keep nothing.
        """
        layers: list[CacheLayerMixin] = []
        for index in range(1 + max(int(name.rpartition("_")[2]) for name in tensors)):
            keys, values = tensors.get(KEY.format(index)), tensors.get(VALUE.format(index))
            if keys is None or values is None:
                layers.append(DummyLayer())
            elif ring is not None and keys.shape[2] == ring.length:
                layers.append(RingLayer(keys, values, input_pos, ring))
            else:
                layers.append(self.layer_type(keys, values, input_pos))
        super().__init__(layers=layers)
        self._first = input_pos[0]

    def get_seq_length(self, layer_idx: int | None = None) -> Any:
        """What the layers say; to a layer's own code, which names it, the first position of the step, a tensor.

        Attention of Llama 4 counts from there the positions by which it scales queries.
        """
        layer = self.layers[layer_idx or 0]
        return layer.get_seq_length() if layer_idx is None else self.get_query_offset(layer_idx)

    def get_query_offset(self, layer_idx: int = 0) -> Any:
        """The first position of the step, a tensor: masks of a layer's own count from here."""
        del layer_idx
        return self._first

    def tensors(self) -> dict[str, Tensor]:
        """What the step made of the caches, by name."""
        updated: dict[str, Tensor] = {}
        for index, layer in enumerate(self.layers):
            if isinstance(layer, StepLayer):
                updated[KEY.format(index)] = layer.keys
                updated[VALUE.format(index)] = layer.values
        return updated
