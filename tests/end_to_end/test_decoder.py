"""A Llama-architecture decoder: two signatures over one set of weights, caches in and out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.runtime import Runner
from tests.models.checkpoint import write_random_checkpoint
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.support.agreement import assert_agrees
from tests.support.histogram import op_histogram

Step = Callable[[str, dict[str, torch.Tensor]], dict[str, torch.Tensor]]
PROMPT = 12
STEPS = 30


def convert(decoder: Decoder, weights: Path | None = None) -> EdgeModel:
    config = decoder.config
    return (
        litewright.signature("prefill", Prefill(decoder), (), config.sample_inputs(PROMPT))
        .signature("decode", decoder, (), config.sample_inputs(1))
        .convert(weights=weights)
    )


@pytest.fixture(scope="module")
def decoder() -> Decoder:
    torch.manual_seed(0)
    return Decoder(DecoderConfig.tiny(cache_length=64))


@pytest.fixture(scope="module")
def model(decoder: Decoder) -> EdgeModel:
    return convert(decoder)


def random_caches(config: DecoderConfig) -> dict[str, torch.Tensor]:
    return {name: torch.randn(shape) for name, shape in config.cache_shapes().items()}


def test_each_signature_equals_eager(decoder: Decoder, model: EdgeModel, tmp_path: Path) -> None:
    config = decoder.config
    tokens = torch.randint(0, config.vocab_size, (1, PROMPT))
    prefill = {**config.step_inputs(tokens, 3), **random_caches(config)}
    assert_agrees(model, Prefill(decoder), prefill, tmp_path, signature="prefill")
    decode = {**config.step_inputs(tokens[:, :1], 17), **random_caches(config)}
    assert_agrees(model, decoder, decode, tmp_path, signature="decode")


@pytest.mark.parametrize("delegate", [True, False])
def test_greedy_tokens_equal_eager(
    decoder: Decoder, model: EdgeModel, tmp_path: Path, delegate: bool
) -> None:
    model.export(tmp_path / "decoder.tflite")
    runner = Runner(tmp_path / "decoder.tflite", delegate=delegate)
    config = decoder.config
    prompt = torch.randint(0, config.vocab_size, (1, PROMPT + 1))

    def on_litert(signature: str, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        results = runner.run({n: t.numpy() for n, t in inputs.items()}, signature)
        return {name: torch.from_numpy(array) for name, array in results.items()}

    def in_torch(signature: str, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        module = decoder if signature == "decode" else Prefill(decoder)
        with torch.no_grad():
            return module(**inputs)

    def generate(call: Step) -> list[int]:
        caches = config.empty_caches()
        caches = call("prefill", {**config.step_inputs(prompt[:, :-1], 0), **caches})
        token, tokens = prompt[:, -1:], []
        for position in range(PROMPT, PROMPT + STEPS):
            results = call("decode", {**config.step_inputs(token, position), **caches})
            token = results.pop("logits").argmax(-1)
            caches = results
            tokens.append(int(token))
        return tokens

    expected = generate(in_torch)
    assert len(set(expected)) > 3, "the reference must not repeat one token"
    assert generate(on_litert) == expected


def test_signatures_share_weights(tmp_path: Path) -> None:
    """A second signature costs its graph, which is what a decoder of any size costs."""
    tiny = DecoderConfig.tiny(cache_length=64)
    large = Decoder(replace(tiny, hidden_size=512, intermediate_size=2048, vocab_size=8192))
    both, alone = tmp_path / "both.tflite", tmp_path / "alone.tflite"
    convert(large).export(both)
    inputs = large.config.sample_inputs(1)
    litewright.signature("decode", large, (), inputs).convert().export(alone)
    parameters = sum(p.numel() * 4 for p in large.parameters())
    assert alone.stat().st_size < parameters * 1.01
    assert both.stat().st_size < alone.stat().st_size * 1.01


def test_from_checkpoint_with_parameters_on_meta(tmp_path: Path) -> None:
    config = DecoderConfig.tiny(cache_length=64)
    write_random_checkpoint(tmp_path, config)
    from safetensors.torch import load_file

    reference = Decoder(config)
    reference.load_state_dict(
        {k: v.float() for k, v in load_file(tmp_path / "model.safetensors").items()}
    )
    model = convert(Decoder(config, device="meta"), weights=tmp_path)
    decode = {**config.step_inputs(torch.tensor([[5]]), 2), **random_caches(config)}
    assert_agrees(model, reference, decode, tmp_path, signature="decode")


def test_a_layer_costs_few_ops_and_no_transpose() -> None:
    counts = {}
    for layers in (2, 4):
        model = convert(Decoder(DecoderConfig.tiny(layers=layers, cache_length=64)))
        counts[layers] = op_histogram(model, "decode")
        assert counts[layers]["TRANSPOSE"] == 0
    assert (counts[4].total() - counts[2].total()) / 2 <= 55
