"""Decoders of configurations say what the models of transformers say that they are configured after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import Tensor

import litewright
from litewright.generative.layers import model_config as cfg
from litewright.generative.layers.kv_cache import KVCache
from litewright.generative.layers.model_config import (
    ActivationType,
    AttentionType,
    FeedForwardType,
    NormalizationType,
)
from litewright.generative.layers.rotary_position_embedding import Llama3Scaling
from litewright.generative.utilities.loader import ModelLoader
from litewright.generative.utilities.model_builder import (
    DecoderOnlyModel,
    build_decoder_only_model,
)
from tests.generative.tiny_llama import NAMES
from tests.support.slow import slow_but
from tests.support.tolerances import TOLERANCES, relative_error

_LIBRARY: Any = transformers
_CACHE, _PREFILL, _LENGTH = 24, 8, 19
_RMS = cfg.NormalizationConfig(NormalizationType.RMS_NORM, epsilon=1e-6)
_LAYER = cfg.NormalizationConfig(NormalizationType.LAYER_NORM)
_GATED = cfg.FeedForwardConfig(FeedForwardType.GATED, ActivationType.SILU, 48)
_SIZES: dict[str, Any] = {
    "vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 48, "max_position_embeddings": 64, "head_dim": 8,
    "bos_token_id": 1, "eos_token_id": 2, "rms_norm_eps": 1e-6,
}  # fmt: skip
_ROPE = {"rope_type": "default", "rope_theta": 10_000.0}


def _config(
    attention: cfg.AttentionConfig, feed_forward: cfg.FeedForwardConfig = _GATED, **more: Any
) -> cfg.ModelConfig:
    block = cfg.TransformerBlockConfig(
        attention, replace(feed_forward, pre_ff_norm_config=_RMS), pre_attention_norm_config=_RMS
    )
    given: dict[str, Any] = {"block_configs": block, "final_norm_config": _RMS}
    return cfg.ModelConfig(
        vocab_size=97, num_layers=2, max_seq_len=64, embedding_dim=32, kv_cache_max_len=_CACHE,
        **(given | more),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Family:
    """A model of transformers, the configuration that is to say the same, and the names of its tensors."""

    original: Any
    config: cfg.ModelConfig
    names: ModelLoader.TensorNames = NAMES


_GROUPED = cfg.AttentionConfig(num_heads=4, num_query_groups=2, head_dim=8, rotary_percentage=1.0)


def _llama3() -> Family:
    rope = {
        "rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 16, "rope_theta": 10_000.0,
    }  # fmt: skip
    scaling = Llama3Scaling(factor=4.0, trained=16)
    attention = replace(_GROUPED, rotary_scaling=scaling)
    return Family(_LIBRARY.LlamaConfig(**_SIZES, rope_parameters=rope), _config(attention))


def _gemma2() -> Family:
    original = _LIBRARY.Gemma2Config(
        **_SIZES, sliding_window=6, attn_logit_softcapping=5.0, final_logit_softcapping=3.0,
        query_pre_attn_scalar=16,
    )  # fmt: skip
    norm = replace(_RMS, zero_centered=True)
    ff = cfg.FeedForwardConfig(
        FeedForwardType.GATED,
        ActivationType.GELU_TANH,
        48,
        pre_ff_norm_config=norm,
        post_ff_norm_config=norm,
    )
    seen = replace(_GROUPED, logit_softcap=5.0, scale=0.25)
    local = replace(seen, attn_type=AttentionType.LOCAL_SLIDING, sliding_window_size=6)
    blocks = [cfg.TransformerBlockConfig(each, ff, norm, norm) for each in (local, seen)]
    config = _config(
        seen,
        block_configs=blocks,
        final_norm_config=norm,
        embedding_scale=32**0.5,
        final_logit_softcap=3.0,
        lm_head_share_weight_with_embedding=True,
    )
    names = replace(
        NAMES,
        post_attn_norm="model.layers.{}.post_attention_layernorm",
        pre_ff_norm="model.layers.{}.pre_feedforward_layernorm",
        post_ff_norm="model.layers.{}.post_feedforward_layernorm",
        lm_head=None,
    )
    return Family(original, config, names)


def _qwen3() -> Family:
    attention = replace(_GROUPED, query_norm_config=_RMS, key_norm_config=_RMS)
    names = replace(
        NAMES,
        attn_query_norm="model.layers.{}.self_attn.q_norm",
        attn_key_norm="model.layers.{}.self_attn.k_norm",
    )
    return Family(_LIBRARY.Qwen3Config(**_SIZES), _config(attention), names)


def _phi() -> Family:
    sizes = {**_SIZES, "num_key_value_heads": 4, "hidden_act": "gelu_new"}
    original = _LIBRARY.PhiConfig(**sizes, rope_parameters=_ROPE | {"partial_rotary_factor": 0.5})
    attention = cfg.AttentionConfig(
        num_heads=4, rotary_percentage=0.5, qkv_use_bias=True, output_proj_use_bias=True
    )
    ff = cfg.FeedForwardConfig(
        FeedForwardType.SEQUENTIAL, ActivationType.GELU_TANH, 48, use_bias=True
    )
    block = cfg.TransformerBlockConfig(attention, ff, _LAYER, parallel_residual=True)
    config = _config(
        attention, block_configs=block, final_norm_config=_LAYER, lm_head_use_bias=True
    )
    names = replace(
        NAMES,
        attn_output_proj="model.layers.{}.self_attn.dense",
        ff_up_proj="model.layers.{}.mlp.fc1",
        ff_down_proj="model.layers.{}.mlp.fc2",
        ff_gate_proj=None,
        pre_ff_norm=None,
        final_norm="model.final_layernorm",
    )
    return Family(original, config, names)


def _mixtral() -> Family:
    original = _LIBRARY.MixtralConfig(
        **_SIZES,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=None,
        rope_parameters=_ROPE,
    )
    experts = replace(_GATED, num_experts=4, num_experts_per_token=2)
    path = "model.layers.{}.block_sparse_moe"
    names = replace(
        NAMES,
        ff_up_proj=f"{path}.experts.{{}}.w3",
        ff_down_proj=f"{path}.experts.{{}}.w2",
        ff_gate_proj=f"{path}.experts.{{}}.w1",
        ff_router=f"{path}.gate",
    )
    return Family(original, _config(_GROUPED, experts), names)


def _mpt() -> Family:
    original = _LIBRARY.MptConfig(
        vocab_size=97, d_model=32, n_layers=2, n_heads=4, expansion_ratio=2, max_seq_len=64,
        attn_config={"alibi": True, "attn_type": "multihead_attention"},
    )  # fmt: skip
    norm = replace(_LAYER, use_bias=False)
    attention = cfg.AttentionConfig(num_heads=4, use_alibi=True)
    ff = cfg.FeedForwardConfig(
        FeedForwardType.SEQUENTIAL, ActivationType.GELU, 128, pre_ff_norm_config=norm
    )
    block = cfg.TransformerBlockConfig(attention, ff, norm)
    config = _config(
        attention,
        block_configs=block,
        final_norm_config=norm,
        lm_head_share_weight_with_embedding=True,
    )
    path = "transformer.blocks.{}"
    names = ModelLoader.TensorNames(
        attn_fused_qkv_proj=f"{path}.attn.Wqkv",
        attn_output_proj=f"{path}.attn.out_proj",
        ff_up_proj=f"{path}.ffn.up_proj",
        ff_down_proj=f"{path}.ffn.down_proj",
        pre_attn_norm=f"{path}.norm_1",
        pre_ff_norm=f"{path}.norm_2",
        embedding="transformer.wte",
        final_norm="transformer.norm_f",
    )
    return Family(original, config, names)


FAMILIES = {
    "llama3": _llama3, "gemma2": _gemma2, "qwen3": _qwen3, "phi": _phi, "mixtral": _mixtral, "mpt": _mpt,
}  # fmt: skip


_ALWAYS = ("gemma2", "mpt")


@pytest.mark.parametrize(
    "name",
    slow_but(_ALWAYS, FAMILIES),
)
def test_a_decoder_of_a_configuration_says_what_the_original_says(
    name: str, tmp_path: Path
) -> None:
    family = FAMILIES[name]()
    torch.default_generator.manual_seed(0)
    original = _LIBRARY.AutoModelForCausalLM.from_config(
        family.original, attn_implementation="eager"
    ).eval()
    _randomise(original)
    original.save_pretrained(tmp_path)
    tokens = torch.randint(3, 97, (1, _LENGTH), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = original(tokens).logits
    model = build_decoder_only_model(tmp_path, family.config, family.names)
    assert (
        relative_error(_whole(model, tokens).numpy(), expected.numpy())
        <= TOLERANCES["float32 model"]
    )
    made = _on_litert(model, tokens, tmp_path / "model.tflite")
    assert relative_error(made, expected.numpy()) <= TOLERANCES["float32 model"]


def _randomise(original: torch.nn.Module) -> None:
    """Norms and biases too, which begin as ones and zeros; scores so large that a soft cap and ALiBi are seen."""
    with torch.no_grad():
        for name, parameter in original.named_parameters():
            wide = parameter.ndim > 1 and "embed" not in name and "wte" not in name
            parameter.add_(torch.randn_like(parameter) * (0.15 if wide else 0.1))


def _cache(model: DecoderOnlyModel) -> KVCache:
    return KVCache.from_model_config(_CACHE, model.config)


def _whole(model: DecoderOnlyModel, tokens: Tensor) -> Tensor:
    with torch.no_grad():
        made: Any = model(tokens, torch.arange(tokens.shape[1]), _cache(model))
    return made["logits"]


def _on_litert(model: DecoderOnlyModel, tokens: Tensor, path: Path) -> Any:
    """The logits by two prefills and single steps, with caches that go in and come out."""
    edge = (
        litewright.signature("prefill", model, _samples(_PREFILL, model))
        .signature("decode", model, _samples(1, model))
        .convert()
    )
    edge.export(path)
    session = litewright.Session(path)
    assert set(session.state) == {f"kv_cache_{kind}_{i}" for kind in "kv" for i in range(2)}
    chunks = [("prefill", 0), ("prefill", _PREFILL)]
    chunks += [("decode", start) for start in range(2 * _PREFILL, _LENGTH)]
    return np.concatenate([_step(session, name, tokens, start) for name, start in chunks], 1)


def _samples(length: int, model: DecoderOnlyModel) -> tuple[Any, ...]:
    return torch.zeros(1, length, dtype=torch.int64), torch.arange(length), _cache(model)


def _step(session: litewright.Session, name: str, tokens: Tensor, start: int) -> Any:
    length = _PREFILL if name == "prefill" else 1
    positions = np.arange(start, start + length)
    inputs = {"tokens": tokens[:, start : start + length].numpy(), "input_pos": positions}
    return session.run(inputs, name)["logits"]
