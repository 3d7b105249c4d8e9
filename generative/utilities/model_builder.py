"""A decoder of a configuration, with nothing left to write: `DecoderOnlyModel`."""

from __future__ import annotations

import os
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..layers import builder
from ..layers import model_config as cfg
from ..layers.attention import Rope, TransformerBlock
from ..layers.attention_utils import (
    build_alibi_bias,
    build_causal_mask_cache,
    build_rope_cache,
    build_sliding_window_mask_cache,
)
from ..layers.kv_cache import KVCache
from ..layers.ring_cache import build_ring_mask
from .loader import ModelLoader

_Model = TypeVar("_Model", bound="DecoderOnlyModel")


class DecoderOnlyModel(nn.Module):
    """A causal language model of a `ModelConfig`, whose parts are named as `ModelLoader` expects.

    Attributes:
        config: what it was made of.
    """

    def __init__(self, config: cfg.ModelConfig) -> None:
        """Makes a model with random weights, or with none under `torch.device("meta")`."""
        super().__init__()
        self.config = config
        width = config.embedding_dim
        self.tok_embedding = nn.Embedding(config.vocab_size, width)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(config.block_config(index), config)
            for index in range(config.num_layers)
        )
        self.final_norm = builder.build_norm(width, config.final_norm_config)
        self.lm_head = nn.Linear(width, config.vocab_size, bias=config.lm_head_use_bias)
        if config.lm_head_share_weight_with_embedding:
            self.lm_head.weight = self.tok_embedding.weight

    def forward(
        self,
        tokens: Tensor,
        input_pos: Tensor,
        kv_cache: KVCache | None = None,
        mask: Tensor | None = None,
    ) -> Tensor | dict[str, Tensor | KVCache]:
        """The logits of the tokens behind each.

        Args:
            tokens: [1, T].
            input_pos: [T], consecutive positions in the cache.
            kv_cache: the caches before this call. Without them, the model keeps its own.
            mask: [1, 1, T, S], added to scores, in place of the causal one; S is the length of the caches.
                Layers with a sliding window see nothing beyond it either way, and those whose cache is a ring make
                their mask themselves.

        Returns:
            [1, T, vocabulary]; with `kv_cache`, a dict of these `logits` and of the `kv_cache` after the call.
        """
        x = self.tok_embedding(tokens)
        if self.config.embedding_scale is not None:
            x = x * self.config.embedding_scale
        size = self._size(kv_cache)
        ropes: dict[cfg.AttentionConfig, Rope | None] = {}
        masks: dict[cfg.AttentionConfig, Tensor] = {}
        entries = list(kv_cache.caches) if kv_cache else []
        for index, block in enumerate(self.transformer_blocks):
            kind = self.config.block_config(index).attn_config
            if kind not in ropes:
                ropes[kind] = self._rope(kind, size, input_pos)
                masks[kind] = _mask(kind, size, input_pos, mask)
            rope, seen = ropes[kind], masks[kind]
            if entries:
                x, entries[index] = block(x, rope, seen, input_pos, entries[index])
            else:
                x = block(x, rope, seen, input_pos)
        logits = self._logits(x)
        return {"logits": logits, "kv_cache": KVCache(tuple(entries))} if entries else logits

    def _size(self, kv_cache: KVCache | None) -> int:
        """Positions of caches that are no rings."""
        for index, cache in enumerate(kv_cache.caches if kv_cache else ()):
            if self.config.block_config(index).attn_config.ring_size is None:
                return cache.k_cache.shape[2]
        return self.config.kv_cache_max

    def _rope(self, kind: cfg.AttentionConfig, size: int, positions: Tensor) -> Rope | None:
        width = kind.head_dim or self.config.embedding_dim // kind.num_heads
        dim = int(width * (kind.rotary_percentage or 0.0))
        if dim == 0:
            return None
        if kind.rotary_scaling is None:
            table = build_rope_cache(size, dim, kind.rotary_base)
        else:
            table = kind.rotary_scaling.tables(dim, kind.rotary_base, size)
        return table[0].index_select(0, positions), table[1].index_select(0, positions)

    def _logits(self, x: Tensor) -> Tensor:
        logits = self.lm_head(self.final_norm(x))
        cap = self.config.final_logit_softcap
        return logits if cap is None else torch.tanh(logits / cap) * cap


def _mask(kind: cfg.AttentionConfig, size: int, positions: Tensor, given: Tensor | None) -> Tensor:
    """What is added to scores: [1, 1, T, S], or [1, N, T, S] under ALiBi."""
    window = kind.sliding_window_size
    if kind.ring_size is not None and window is not None:
        return build_ring_mask(kind.ring_size, window, positions)
    if kind.attn_type is cfg.AttentionType.LOCAL_SLIDING and window is not None:
        mask = build_sliding_window_mask_cache(size, window).index_select(2, positions)
        mask = mask if given is None else torch.minimum(mask, given)
    else:
        mask = build_causal_mask_cache(size).index_select(2, positions) if given is None else given
    return mask + build_alibi_bias(kind.num_heads, size) if kind.use_alibi else mask


def build_decoder_only_model(
    checkpoint_path: str | os.PathLike[str],
    config: cfg.ModelConfig,
    tensor_names: ModelLoader.TensorNames,
    model_class: type[_Model] = DecoderOnlyModel,
) -> _Model:
    """A model with the weights of a checkpoint, in evaluation mode.

    Args:
        checkpoint_path: a folder in Hugging Face layout or a .safetensors file.
        config: of the model.
        tensor_names: what the checkpoint calls its modules.
        model_class: `DecoderOnlyModel`, or a class of your own made of it.

    Raises:
        UserError: the checkpoint does not fit the model; all that does not is named.
    """
    model = model_class(config)
    ModelLoader(checkpoint_path, tensor_names).load(model)
    return model.eval()
