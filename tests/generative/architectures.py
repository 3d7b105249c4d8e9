"""Small decoders with random weights: one of each architecture that is tried, as data."""

from typing import Any

import torch
import transformers

VOCABULARY = 97
POSITIONS = 64
_SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": POSITIONS,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_GPT = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": POSITIONS}
_GROUPED = {**_SIZES, "num_key_value_heads": 2, "intermediate_size": 48}
_FULL = {**_SIZES, "intermediate_size": 48}
_WINDOW = 8
_LAYERS = ["sliding_attention", "full_attention"]

# The last two layers read the keys and values of the first two; each layer has an embedding of its own.
_SHARING = {
    "head_dim": 8,
    "num_hidden_layers": 4,
    "num_kv_shared_layers": 2,
    "sliding_window": _WINDOW,
    "layer_types": _LAYERS * 2,
    "vocab_size_per_layer_input": VOCABULARY,
    "hidden_size_per_layer_input": 8,
    "final_logit_softcapping": 30.0,
}
_LATENT = {
    "q_lora_rank": 8,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
}
_ROUTED = {
    "n_routed_experts": 8,
    "num_experts_per_tok": 3,
    "moe_intermediate_size": 16,
    "n_shared_experts": 1,
}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", _GROUPED),
    "llama tied": ("LlamaConfig", {**_GROUPED, "tie_word_embeddings": True}),
    "llama4": (
        "Llama4TextConfig",
        {
            **_GROUPED,
            "head_dim": 8,
            "intermediate_size_mlp": 48,
            "num_local_experts": 4,
            "interleave_moe_layer_step": 2,
            # Chunks, one layer without rotation, and there queries scaled by their positions.
            "attention_chunk_size": _WINDOW,
            "no_rope_layers": [1, 0],
            "floor_scale": 5,
            "attn_scale": 0.5,
        },
    ),
    "mistral": ("MistralConfig", {**_GROUPED, "sliding_window": _WINDOW}),
    "mixtral": ("MixtralConfig", {**_GROUPED, "num_local_experts": 4}),
    "gemma": ("GemmaConfig", {**_GROUPED, "head_dim": 8}),
    "gemma2": ("Gemma2Config", {**_GROUPED, "head_dim": 8, "sliding_window": _WINDOW}),
    "gemma3": (
        "Gemma3TextConfig",
        {**_GROUPED, "head_dim": 8, "sliding_window": _WINDOW, "layer_types": _LAYERS},
    ),
    "gemma3n": (
        "Gemma3nTextConfig",
        {
            **_GROUPED,
            **_SHARING,
            "laurel_rank": 8,
            "activation_sparsity_pattern": [0.95, 0.0, 0.0, 0.0],
        },
    ),
    "gemma4": (
        "Gemma4TextConfig",
        {**_GROUPED, **_SHARING, "global_head_dim": 16, "use_double_wide_mlp": True},
    ),
    "gemma4 experts": (
        "Gemma4TextConfig",
        {
            **_GROUPED,
            "head_dim": 8,
            "global_head_dim": 16,
            "num_global_key_value_heads": 1,
            "attention_k_eq_v": True,
            "sliding_window": _WINDOW,
            "layer_types": _LAYERS,
            "hidden_size_per_layer_input": 0,
            "enable_moe_block": True,
            "num_experts": 4,
            "top_k_experts": 2,
            "moe_intermediate_size": 16,
        },
    ),
    "qwen2": ("Qwen2Config", _GROUPED),
    "qwen2_moe": (
        "Qwen2MoeConfig",
        {
            **_GROUPED,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 16,
            "shared_expert_intermediate_size": 16,
        },
    ),
    "qwen3": ("Qwen3Config", {**_GROUPED, "head_dim": 8}),
    "phi": ("PhiConfig", _FULL),
    "phi3": ("Phi3Config", _GROUPED),
    "falcon": ("FalconConfig", {**_SIZES, "multi_query": True, "alibi": False}),
    "falcon alibi": ("FalconConfig", {**_SIZES, "multi_query": False, "alibi": True}),
    "stablelm": ("StableLmConfig", _GROUPED),
    "gpt2": ("GPT2Config", {**_GPT, "pad_token_id": 0}),
    "gpt_neox": ("GPTNeoXConfig", _FULL),
    "gptj": ("GPTJConfig", {**_GPT, "rotary_dim": 4}),
    "mpt": (
        "MptConfig",
        {
            "vocab_size": VOCABULARY,
            "d_model": 32,
            "n_layers": 2,
            "n_heads": 4,
            "max_seq_len": POSITIONS,
        },
    ),
    "opt": ("OPTConfig", {**_SIZES, "ffn_dim": 48, "word_embed_proj_dim": 32}),
    "bloom": (
        "BloomConfig",
        {"vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 2, "n_head": 4},
    ),
    "starcoder2": ("Starcoder2Config", _GROUPED),
    "gpt_bigcode": ("GPTBigCodeConfig", _GPT),
    "olmo2": ("Olmo2Config", _GROUPED),
    "smollm3": ("SmolLM3Config", _GROUPED),
    "granite": ("GraniteConfig", _GROUPED),
    "cohere": ("CohereConfig", _GROUPED),
    "deepseek_v2": (
        "DeepseekV2Config",
        {
            **_FULL,
            **_LATENT,
            **_ROUTED,
            "num_key_value_heads": 4,
            "topk_method": "group_limited_greedy",
            "n_group": 4,
            "topk_group": 2,
            "first_k_dense_replace": 1,
        },
    ),
    "deepseek_v3": (
        "DeepseekV3Config",
        {
            **_FULL,
            **_LATENT,
            **_ROUTED,
            "num_key_value_heads": 4,
            "n_group": 4,
            "topk_group": 2,
            "first_k_dense_replace": 1,
        },
    ),
    "granite_swa": (
        "GraniteSWAConfig",
        {**_GROUPED, "sliding_window": _WINDOW, "layer_types": _LAYERS},
    ),
    "glm4_moe": (
        "Glm4MoeConfig",
        {
            **_GROUPED,
            **_ROUTED,
            "n_group": 4,
            "topk_group": 2,
            "head_dim": 8,
            "first_k_dense_replace": 1,
        },
    ),
}

MORE = (
    "apertus",
    "arcee",
    "biogpt",
    "bitnet",
    "codegen",
    "cohere2_moe",
    "ctrl",
    "diffllama",
    "doge",
    "dots1",
    "ernie4_5",
    "ernie4_5_moe",
    "exaone4",
    "flex_olmo",
    "glm",
    "glm4",
    "gpt-sw3",
    "granitemoe",
    "granitemoeshared",
    "helium",
    "hunyuan_v1_dense",
    "hunyuan_v1_moe",
    "jais2",
    "mimo_v2_flash",
    "minimax_m2",
    "ministral3",
    "modernbert-decoder",
    "nanochat",
    "nemotron",
    "olmo",
    "olmoe",
    "persimmon",
    "phimoe",
    "qwen3_moe",
    "seed_oss",
    "vaultgemma",
    "xglm",
)
"""Types of configurations that are tried too, in the sizes of all."""


def build(name: str) -> Any:
    """The model of that name, with weights that are the same in every process."""
    kind, sizes = CONFIGS[name]
    library: Any = transformers
    torch.default_generator.manual_seed(0)
    return library.AutoModelForCausalLM.from_config(getattr(library, kind)(**sizes)).eval()
