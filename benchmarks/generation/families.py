"""Which models are measured: configurations of transformers, with few layers. Data, no code that needs torch."""

from dataclasses import dataclass
from typing import Any

VOCABULARY = 32_000
"""Of every family: with few layers, a real vocabulary of 256,000 would be most of the model."""


@dataclass(frozen=True, slots=True)
class Family:
    """A decoder, as a row of the table below.

    `config` names a class of transformers, `sizes` are its arguments beside the number of layers, which
    the class calls `layers_name`.
    """

    name: str
    title: str
    config: str
    layers: int
    sizes: dict[str, Any]
    layers_name: str = "num_hidden_layers"


def _sizes(hidden: int, inner: int, heads: int, groups: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": groups,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **more,
    }


FAMILIES = (
    Family(
        "skeleton",
        "TinyLlama's heads, matrices that stay in the processor's cache",
        "LlamaConfig",
        4,
        _sizes(64, 128, 32, 4, head_dim=64, vocab_size=4096),
    ),
    Family("tinyllama", "TinyLlama 1.1B", "LlamaConfig", 4, _sizes(2048, 5632, 32, 4)),
    Family(
        "gemma-2b",
        "Gemma 2B",
        "GemmaConfig",
        2,
        _sizes(2048, 16384, 8, 1, head_dim=256, tie_word_embeddings=True),
    ),
    Family(
        "phi-2", "Phi-2", "PhiConfig", 2, _sizes(2560, 10240, 32, 32, partial_rotary_factor=0.4)
    ),
    Family(
        "falcon-1b",
        "Falcon RW 1B",
        "FalconConfig",
        2,
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 2048,
            "num_attention_heads": 32,
            "alibi": True,
            "multi_query": False,
            "parallel_attn": False,
            "bias": True,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    Family(
        "stablelm-3b",
        "StableLM 3B",
        "StableLmConfig",
        2,
        _sizes(2560, 6912, 32, 32, partial_rotary_factor=0.25),
    ),
    Family("llama2-7b", "Llama 2 7B", "LlamaConfig", 1, _sizes(4096, 11008, 32, 32)),
)
DEFAULT_FAMILIES = ("skeleton", "tinyllama")


def family_of(name: str) -> Family:
    """The family of that name."""
    return next(each for each in FAMILIES if each.name == name)
