"""A TinyLlama, written anew from building blocks as a user would."""

import torch
from torch import Tensor, nn

import litewright.generative.layers.attention_utils as attn_utils
import litewright.generative.layers.model_config as cfg
from litewright.generative.layers import builder
from litewright.generative.layers.attention import TransformerBlock
from litewright.generative.utilities import loader

NAMES = loader.ModelLoader.TensorNames(
    ff_up_proj="model.layers.{}.mlp.up_proj",
    ff_down_proj="model.layers.{}.mlp.down_proj",
    ff_gate_proj="model.layers.{}.mlp.gate_proj",
    attn_query_proj="model.layers.{}.self_attn.q_proj",
    attn_key_proj="model.layers.{}.self_attn.k_proj",
    attn_value_proj="model.layers.{}.self_attn.v_proj",
    attn_output_proj="model.layers.{}.self_attn.o_proj",
    pre_attn_norm="model.layers.{}.input_layernorm",
    pre_ff_norm="model.layers.{}.post_attention_layernorm",
    embedding="model.embed_tokens",
    final_norm="model.norm",
    lm_head="lm_head",
)


class TinyLlama(nn.Module):
    def __init__(self, config: cfg.ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.lm_head = nn.Linear(
            config.embedding_dim, config.vocab_size, bias=config.lm_head_use_bias
        )
        self.tok_embedding = nn.Embedding(config.vocab_size, config.embedding_dim, padding_idx=0)
        self.transformer_blocks = nn.ModuleList(
            TransformerBlock(config) for _ in range(config.num_layers)
        )
        self.final_norm = builder.build_norm(config.embedding_dim, config.final_norm_config)
        attention = config.block_config(0).attn_config
        self.rope_cache = attn_utils.build_rope_cache(
            size=config.kv_cache_max,
            dim=int((attention.rotary_percentage or 0) * config.head_dim),
            base=10_000,
            condense_ratio=1,
            dtype=torch.float32,
            device=torch.device("cpu"),
        )
        self.mask_cache = attn_utils.build_causal_mask_cache(
            size=config.kv_cache_max, dtype=torch.float32, device=torch.device("cpu")
        )

    @torch.inference_mode()
    def forward(self, tokens: Tensor, input_pos: Tensor) -> Tensor:
        cos, sin = (table.index_select(0, input_pos) for table in self.rope_cache)
        mask = self.mask_cache.index_select(2, input_pos)
        x = self.tok_embedding(tokens)
        for block in self.transformer_blocks:
            x = block(x, (cos, sin), mask, input_pos)
        return self.lm_head(self.final_norm(x))


def config(layers: int = 2, cache: int = 32) -> cfg.ModelConfig:
    """Its proportions, small."""
    norm = cfg.NormalizationConfig(type=cfg.NormalizationType.RMS_NORM)
    return cfg.ModelConfig(
        vocab_size=97,
        num_layers=layers,
        max_seq_len=64,
        embedding_dim=32,
        kv_cache_max_len=cache,
        attn_config=cfg.AttentionConfig(num_heads=4, num_query_groups=2, rotary_percentage=1.0),
        ff_config=cfg.FeedForwardConfig(
            type=cfg.FeedForwardType.GATED,
            activation=cfg.ActivationType.SILU,
            intermediate_size=48,
        ),
        pre_attention_norm_config=norm,
        pre_ff_norm_config=norm,
        final_norm_config=norm,
    )
