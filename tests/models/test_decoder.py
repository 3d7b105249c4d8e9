"""The decoder is transformers' Llama, with its caches outside."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig

PROMPT, STEPS = 8, 5
THETA = 300.0  # not the default, so that a checkpoint's own is seen to be used


def _config(*, tied: bool) -> DecoderConfig:
    return DecoderConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=56,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        cache_length=16,
        rope_theta=THETA,
        tie_word_embeddings=tied,
    )


def _reference(config: DecoderConfig) -> Any:
    """A `LlamaForCausalLM` with weights large enough for every part to matter."""
    transformers: Any = pytest.importorskip("transformers")
    settings = {
        name: value
        for name, value in config.to_hugging_face().items()
        if name not in {"architectures", "model_type"}
    }
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**settings)).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(0.0, 0.2, generator=generator)
            else:
                parameter.uniform_(0.5, 1.5, generator=generator)
    return model


@pytest.mark.parametrize("tied", [False, True])
def test_prefill_and_decode_equal_transformers(*, tied: bool) -> None:
    config = _config(tied=tied)
    reference = _reference(config)
    decoder = Decoder(config)
    decoder.load_state_dict(reference.state_dict(), strict=True)
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(config.vocab_size, (1, PROMPT + STEPS), generator=generator)
    with torch.inference_mode():
        expected: Tensor = reference(tokens).logits
        cache = Prefill(decoder)(
            **config.step_inputs(tokens[:, :PROMPT], 0), **config.empty_caches()
        )
        assert list(cache) == list(config.cache_shapes())
        for position in range(PROMPT, PROMPT + STEPS):
            step = config.step_inputs(tokens[:, position : position + 1], position)
            outputs: dict[str, Tensor] = decoder(**step, **cache)
            logits = outputs.pop("logits")
            torch.testing.assert_close(logits[:, 0], expected[:, position], atol=1e-4, rtol=0)
            cache = outputs


@pytest.mark.parametrize("tied", [False, True])
def test_parameters_are_those_of_the_checkpoint(*, tied: bool) -> None:
    config = _config(tied=tied)
    decoder = Decoder(config, device="meta")
    shapes = {name: tuple(value.shape) for name, value in decoder.named_parameters()}
    assert shapes == dict(config.parameter_shapes())
    assert {name for name, _ in Prefill(decoder).named_parameters()} <= set(shapes)


def test_parameters_on_meta_leave_the_rotary_table_real() -> None:
    decoder = Decoder(_config(tied=False), device="meta")
    assert all(parameter.is_meta for parameter in decoder.parameters())
    assert [(name, buffer.is_meta) for name, buffer in decoder.named_buffers()] == [
        ("model.rotary.table", False)
    ]


@pytest.mark.parametrize(("prefill", "length"), [(True, PROMPT), (False, 1)])
def test_exports_on_fake_tensors(*, prefill: bool, length: int) -> None:
    config = DecoderConfig.tinyllama(layers=2)
    with FakeTensorMode(allow_non_fake_inputs=True):
        decoder = Decoder(config)
        module: nn.Module = Prefill(decoder) if prefill else decoder
        inputs = config.sample_inputs(length)
        program = torch.export.export(module, (), inputs, strict=False)
    assert list(program.graph_signature.user_inputs) == list(inputs)
    logits = 0 if prefill else 1
    assert len(program.graph_signature.user_outputs) == logits + len(config.cache_shapes())
