"""Tiny models of architectures in use, random weights: what passes meet outside of tests written for them.

Those of transformers need that package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from .decoder import Decoder
from .decoder_config import DecoderConfig
from .resnet import randomise_batch_norms, resnet18


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """A model with inputs by name."""

    module: nn.Module
    inputs: Mapping[str, Tensor]


class Chosen(nn.Module):
    """A model of transformers, one result of it."""

    def __init__(self, model: nn.Module, result: str, **fixed: Any) -> None:
        super().__init__()
        self.model, self.result, self.fixed = model.eval(), result, fixed

    def forward(self, **inputs: Tensor) -> Tensor:
        return self.model(**inputs, **self.fixed)[self.result]


_SIZES: Mapping[str, Any] = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
}  # fmt: skip


def _tokens(length: int, vocabulary: int = 64) -> Tensor:
    return torch.randint(1, vocabulary, (1, length))


def _resnet() -> Sample:
    module = randomise_batch_norms(resnet18(width=8)).eval()
    return Sample(module, {"x": torch.randn(1, 3, 32, 48)})


def _decoder() -> Sample:
    config = DecoderConfig.tiny(layers=2, tied=True)
    inputs = {**config.step_inputs(torch.tensor([[3]]), 5), **config.empty_caches()}
    return Sample(Decoder(config).eval(), inputs)


def _llama() -> Sample:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(**_SIZES, vocab_size=64, num_key_value_heads=2)
    return Sample(
        Chosen(LlamaForCausalLM(config), "logits", use_cache=False), {"input_ids": _tokens(7)}
    )


def _gemma() -> Sample:
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    config = Gemma3TextConfig(**_SIZES, vocab_size=64, num_key_value_heads=1, head_dim=8)
    config.sliding_window = 4
    return Sample(
        Chosen(Gemma3ForCausalLM(config), "logits", use_cache=False), {"input_ids": _tokens(7)}
    )


def _bert() -> Sample:
    from transformers import BertConfig, BertModel

    module = Chosen(BertModel(BertConfig(**_SIZES, vocab_size=64)), "last_hidden_state")
    mask = torch.ones(2, 9, dtype=torch.int64)
    mask[1, 6:] = 0
    tokens = torch.cat([_tokens(9), _tokens(9)])
    return Sample(module, {"input_ids": tokens, "attention_mask": mask})


def _whisper() -> Sample:
    from transformers import WhisperConfig, WhisperModel

    config = WhisperConfig(
        d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=48, vocab_size=64,
        num_mel_bins=8, max_source_positions=12, max_target_positions=16,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    inputs = {"input_features": torch.randn(1, 8, 24), "decoder_input_ids": _tokens(5)}
    return Sample(Chosen(WhisperModel(config), "last_hidden_state", use_cache=False), inputs)


def _t5() -> Sample:
    from transformers import T5Config, T5Model

    config = T5Config(
        d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4, vocab_size=64,
        relative_attention_num_buckets=8, relative_attention_max_distance=12,
    )  # fmt: skip
    inputs = {"input_ids": _tokens(7), "decoder_input_ids": _tokens(5)}
    return Sample(Chosen(T5Model(config), "last_hidden_state", use_cache=False), inputs)


def _vit() -> Sample:
    from transformers import ViTConfig, ViTModel

    config = ViTConfig(**_SIZES, image_size=16, patch_size=4)
    module = Chosen(ViTModel(config), "last_hidden_state")
    return Sample(module, {"pixel_values": torch.randn(1, 3, 16, 16)})


def _gpt2() -> Sample:
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes: dict[str, Any] = {"n_embd": 32, "n_layer": 2, "n_head": 4}
    tokens: dict[str, Any] = {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2}
    config = GPT2Config(**sizes, **tokens, n_positions=32)
    return Sample(
        Chosen(GPT2LMHeadModel(config), "logits", use_cache=False), {"input_ids": _tokens(7)}
    )


def _bloom() -> Sample:
    from transformers import BloomConfig, BloomForCausalLM

    config = BloomConfig(hidden_size=32, n_layer=2, n_head=4, vocab_size=64)
    return Sample(
        Chosen(BloomForCausalLM(config), "logits", use_cache=False), {"input_ids": _tokens(7)}
    )


def _roberta() -> Sample:
    from transformers import RobertaConfig, RobertaModel

    module = Chosen(RobertaModel(RobertaConfig(**_SIZES, vocab_size=64)), "last_hidden_state")
    mask = torch.ones(1, 9, dtype=torch.int64)
    return Sample(module, {"input_ids": _tokens(9), "attention_mask": mask})


def _deberta() -> Sample:
    from transformers import DebertaV2Config, DebertaV2Model

    relative: dict[str, Any] = {"position_buckets": 8, "max_relative_positions": 16}
    config = DebertaV2Config(
        **_SIZES, **relative, vocab_size=64, relative_attention=True, pos_att_type=["c2p", "p2c"]
    )
    mask = torch.ones(1, 9, dtype=torch.int64)
    inputs = {"input_ids": _tokens(9), "attention_mask": mask}
    return Sample(Chosen(DebertaV2Model(config), "last_hidden_state"), inputs)


def _swin() -> Sample:
    from transformers import SwinConfig, SwinModel

    config = SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4
    )
    module = Chosen(SwinModel(config), "last_hidden_state")
    return Sample(module, {"pixel_values": torch.randn(1, 3, 32, 32)})


def _mobilenet() -> Sample:
    from transformers import MobileNetV1Config, MobileNetV1Model

    model = MobileNetV1Model(MobileNetV1Config(depth_multiplier=0.25, image_size=32))
    module = Chosen(randomise_batch_norms(model), "last_hidden_state")
    return Sample(module, {"pixel_values": torch.randn(1, 3, 32, 32)})


ARCHITECTURES: Mapping[str, Callable[[], Sample]] = {
    "resnet": _resnet,
    "decoder": _decoder,
    "llama": _llama,
    "gemma": _gemma,
    "bert": _bert,
    "whisper": _whisper,
    "t5": _t5,
    "vit": _vit,
    "gpt2": _gpt2,
    "bloom": _bloom,
    "roberta": _roberta,
    "deberta": _deberta,
    "swin": _swin,
    "mobilenet": _mobilenet,
}


def architecture(name: str) -> Sample:
    """The model of a name, the same each time."""
    torch.manual_seed(0)
    return ARCHITECTURES[name]()
