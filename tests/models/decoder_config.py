"""The sizes of a Llama-architecture decoder, the tensors of its checkpoint, its sample inputs.

Needs torch and nothing else, so that a peer's environment can import it too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

MASKED = -0.7 * torch.finfo(torch.float32).max
"""What an attention mask holds where nothing may be seen: the value LiteRT-LM writes."""


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Shapes and constants, named as in transformers' `LlamaConfig` where it has a name."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    cache_length: int
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5
    tie_word_embeddings: bool = False

    @classmethod
    def tiny(cls, *, layers: int = 2, cache_length: int = 16, tied: bool = False) -> Self:
        """A decoder that converts and runs in no time: 4 heads in 2 groups."""
        return cls(
            vocab_size=96,
            hidden_size=32,
            intermediate_size=56,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            cache_length=cache_length,
            tie_word_embeddings=tied,
        )

    @classmethod
    def tinyllama(cls, *, layers: int = 22, cache_length: int = 512) -> Self:
        """The shapes of TinyLlama-1.1B, with as many layers as asked."""
        return cls(
            vocab_size=32000,
            hidden_size=2048,
            intermediate_size=5632,
            num_hidden_layers=layers,
            num_attention_heads=32,
            num_key_value_heads=4,
            head_dim=64,
            cache_length=cache_length,
        )

    @classmethod
    def llama2_7b(cls, *, layers: int = 32, cache_length: int = 1280) -> Self:
        """The shapes of Llama-2-7B, with as many layers as asked."""
        return cls(
            vocab_size=32000,
            hidden_size=4096,
            intermediate_size=11008,
            num_hidden_layers=layers,
            num_attention_heads=32,
            num_key_value_heads=32,
            head_dim=128,
            cache_length=cache_length,
        )

    @property
    def queries_per_key(self) -> int:
        """How many query heads share one key head."""
        return self.num_attention_heads // self.num_key_value_heads

    def cache_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name to shape of every cache: keys [1, KV, S, H], values [1, KV, H, S]."""
        heads, length, width = self.num_key_value_heads, self.cache_length, self.head_dim
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.num_hidden_layers):
            shapes[f"kv_cache_k_{layer}"] = (1, heads, length, width)
            shapes[f"kv_cache_v_{layer}"] = (1, heads, width, length)
        return shapes

    def parameter_shapes(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Name and shape of every tensor of a checkpoint, in the order of transformers."""
        hidden, inner = self.hidden_size, self.intermediate_size
        queries = self.num_attention_heads * self.head_dim
        keys = self.num_key_value_heads * self.head_dim
        yield "model.embed_tokens.weight", (self.vocab_size, hidden)
        for layer in range(self.num_hidden_layers):
            prefix = f"model.layers.{layer}"
            yield f"{prefix}.self_attn.q_proj.weight", (queries, hidden)
            yield f"{prefix}.self_attn.k_proj.weight", (keys, hidden)
            yield f"{prefix}.self_attn.v_proj.weight", (keys, hidden)
            yield f"{prefix}.self_attn.o_proj.weight", (hidden, queries)
            yield f"{prefix}.mlp.gate_proj.weight", (inner, hidden)
            yield f"{prefix}.mlp.up_proj.weight", (inner, hidden)
            yield f"{prefix}.mlp.down_proj.weight", (hidden, inner)
            yield f"{prefix}.input_layernorm.weight", (hidden,)
            yield f"{prefix}.post_attention_layernorm.weight", (hidden,)
        yield "model.norm.weight", (hidden,)
        if not self.tie_word_embeddings:
            yield "lm_head.weight", (self.vocab_size, hidden)

    def to_hugging_face(self) -> dict[str, Any]:
        """The `config.json` of a checkpoint folder."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_act": "silu",
            "vocab_size": self.vocab_size,
            "hidden_size": self.hidden_size,
            "intermediate_size": self.intermediate_size,
            "num_hidden_layers": self.num_hidden_layers,
            "num_attention_heads": self.num_attention_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "head_dim": self.head_dim,
            "max_position_embeddings": self.cache_length,
            "rope_theta": self.rope_theta,
            "rms_norm_eps": self.rms_norm_eps,
            "tie_word_embeddings": self.tie_word_embeddings,
            "attention_bias": False,
            "mlp_bias": False,
        }

    def empty_caches(self) -> dict[str, Tensor]:
        """Zero caches, by name, in the order of the signature."""
        return {name: torch.zeros(shape) for name, shape in self.cache_shapes().items()}

    def mask(self, start: int, length: int) -> Tensor:
        """The causal mask [1, 1, length, cache] of tokens at positions start..start+length."""
        rows = torch.arange(start, start + length)[:, None]
        columns = torch.arange(self.cache_length)[None, :]
        return torch.where(columns <= rows, 0.0, MASKED)[None, None]

    def step_inputs(self, tokens: Tensor, start: int) -> dict[str, Tensor]:
        """The inputs of one call beside the caches; tokens: [1, length], at `start` onwards."""
        length = tokens.shape[1]
        return {
            "tokens": tokens.to(torch.int32),
            "input_pos": torch.arange(start, start + length, dtype=torch.int32),
            "mask": self.mask(start, length),
        }

    def sample_inputs(self, length: int) -> dict[str, Tensor]:
        """Inputs of a signature that takes `length` tokens at once: 1 for decode."""
        tokens = torch.arange(length)[None] % self.vocab_size
        return {**self.step_inputs(tokens, 0), **self.empty_caches()}
