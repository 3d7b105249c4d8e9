"""Trained weights: each algorithm is better than the one before, by the weights and by the model."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import litewright
from litewright.compiler.quantize.specs import CALIBRATED, Algorithm, QuantSpec, int4_blocks
from litewright.compiler.quantize.tensors import Array, quantize
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.checkpoint import open_checkpoint
from litewright.generative.huggingface.hooks import hooked
from litewright.generative.huggingface.loading import open_checkpoint as open_model
from litewright.generative.huggingface.steps import Step, sample_inputs, with_empty_caches
from litewright.generative.masking import MASKED
from litewright.quantize import Rule, mixed, recipe, recipe_of
from tests.models.encoder import SENTENCES, sentence_encoder, tokenize

FOLDER = Path(__file__).parents[2] / "data" / "docs-llama"
LENGTH, SCORED, SEEN = 128, 3, 12
OTHERS = (
    "The weather in the mountains changes quickly in autumn.",
    "Please send me the invoice before Friday.",
    "A function may return several values as a tuple.",
    "The committee rejected the proposal after a long debate.",
    "She plays the violin in an orchestra.",
    "What is the capital of the largest country in Africa?",
)


@cache
def projections() -> list[Array]:
    tensors = open_checkpoint(FOLDER)
    chosen = [name for name in tensors if name.endswith("_proj.weight")]
    return [tensors[name].read().astype(np.float32) for name in chosen]


def squared_error(spec: QuantSpec) -> float:
    total = 0.0
    for weight in projections():
        made = quantize(lambda a, b, w=weight: w[a:b], weight.shape, spec, 0)
        total += float(np.square(made.dequantized(0) - weight, dtype=np.float64).sum())
    return total


@pytest.mark.parametrize("size", [0, 32, 64, 128, 256])
def test_a_search_is_closer_to_trained_weights(size: int) -> None:
    def error(algorithm: Algorithm) -> float:
        if size:
            return squared_error(int4_blocks(size, algorithm))
        return squared_error(QuantSpec("int4", algorithm=algorithm))

    assert error("mse") < 0.85 * error("min_max")
    if size in {0, 128, 256}:
        assert error("octav") < 0.95 * error("min_max")
        assert error("mse") < error("octav")


def normed(tokens: Array) -> Array:
    """What the first layer's projections multiply: rows of the table, normed."""
    tensors = open_checkpoint(FOLDER)
    table = tensors["model.embed_tokens.weight"].read().astype(np.float32)
    gains = tensors["model.layers.0.input_layernorm.weight"].read().astype(np.float32)
    rows = table[tokens.reshape(-1)]
    return rows / np.sqrt(np.square(rows).mean(-1, keepdims=True)) * gains


@pytest.mark.parametrize("spec", [QuantSpec("int4"), int4_blocks(32), int4_blocks(128)], ids=str)
def test_with_data_products_come_closer_in_turn(spec: QuantSpec) -> None:
    weight = open_checkpoint(FOLDER)["model.layers.0.self_attn.q_proj.weight"].read()
    tokens = np.array(json.loads((FOLDER / "held_out_tokens.json").read_text())["held_out"])
    seen, fresh = normed(tokens[4096:]), normed(tokens[:4096])

    def error(algorithm: Algorithm) -> float:
        own = replace(spec, algorithm=algorithm)
        moments = seen.T @ seen if algorithm in CALIBRATED else None
        made = quantize(lambda a, b: weight[a:b], weight.shape, own, 0, moments)
        difference = made.dequantized(0) - weight.astype(np.float32)
        return float(np.square(fresh @ difference.T).mean())

    names: list[Algorithm] = ["min_max", "mse", "output_mse", "gptq"]
    errors = [error(name) for name in names]
    assert errors[1] < 0.95 * errors[0]
    assert errors[2] < (0.9 if spec.block_size else 0.97) * errors[1]
    assert errors[3] < 0.8 * errors[2]


def windows() -> Array:
    tokens = json.loads((FOLDER / "held_out_tokens.json").read_text())["held_out"]
    return np.array(tokens[: (SCORED + SEEN) * LENGTH], np.int32).reshape(-1, 1, LENGTH)


class Scorer:
    """Converts the model and tells how far its predictions are from those in float32."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "model.tflite"
        sample = with_empty_caches(sample_inputs(open_model(FOLDER).model, LENGTH, LENGTH))
        self._base = {name: value.numpy() for name, value in sample.items()}
        mask = np.triu(np.full((LENGTH, LENGTH), MASKED, np.float32), 1)
        self._base["mask"] = mask[None, None]
        self.size = 0
        self._reference = self._scores()

    def divergence(self, config: Any, **options: Any) -> float:
        """Mean Kullback-Leibler divergence from float32, in thousandths of a nat."""
        scores = self._scores(quant_config=config, **options)
        exact = self._reference
        return 1e3 * float((np.exp(exact) * (exact - scores)).sum(-1).mean())

    def samples(self) -> list[dict[str, Array]]:
        """Windows that are not scored."""
        return [{**self._base, "tokens": tokens} for tokens in windows()[SCORED:]]

    def _scores(self, **options: Any) -> Array:
        checkpoint = open_model(FOLDER)
        with hooked(checkpoint.model, LENGTH):
            inputs = sample_inputs(checkpoint.model, LENGTH, LENGTH)
            step = Step(checkpoint.model, with_logits=True)
            converter = litewright.signature("prefill", step, (), inputs)
            converter.convert(weights=checkpoint.weights, **options).export(self._path)
        self.size = self._path.stat().st_size
        runner = Runner(self._path)
        found = [
            torch.log_softmax(
                torch.from_numpy(runner.run({**self._base, "tokens": tokens})["logits"]).double(),
                -1,
            ).numpy()
            for tokens in windows()[:SCORED]
        ]
        return np.concatenate(found)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return Scorer(tmp_path_factory.mktemp("models"))


def test_predictions_of_a_trained_model(scorer: Scorer) -> None:
    half = scorer.divergence("fp16")
    eight = scorer.divergence("dynamic_int8")
    assert half < 0.01
    assert half < eight < 1.0
    plain = scorer.divergence(int4_blocks(32))
    size = scorer.size
    searched = scorer.divergence(int4_blocks(32, "mse"))
    assert scorer.size == size < 2_600_000
    assert eight < searched < 0.9 * plain


@pytest.mark.slow
def test_predictions_are_better_with_calibration(scorer: Scorer) -> None:
    searched = scorer.divergence(int4_blocks(32, "mse"))
    size = scorer.size
    calibrated = scorer.divergence(int4_blocks(32, "gptq"), calibration_data=scorer.samples())
    assert scorer.size == size
    assert calibrated < 0.8 * searched


@pytest.mark.slow
def test_a_table_of_8_bits_is_worth_its_bytes(scorer: Scorer) -> None:
    coarse = scorer.divergence(int4_blocks(32, "mse"))
    fine = scorer.divergence("int4_block32")
    assert fine < 0.6 * coarse


@pytest.mark.slow
def test_sentences_keep_their_meaning(tmp_path: Path) -> None:
    encoder = sentence_encoder()
    inputs = tokenize(SENTENCES, 24)
    expected = encoder(**inputs).detach().numpy()
    arrays = {name: value.numpy() for name, value in inputs.items()}

    def cosine(config: Any, **options: Any) -> float:
        path = tmp_path / "encoder.tflite"
        litewright.convert(encoder, (), inputs, quant_config=config, **options).export(path)
        (actual,) = Runner(path).run(arrays).values()
        norms = np.linalg.norm(actual, axis=-1) * np.linalg.norm(expected, axis=-1)
        return float(((actual * expected).sum(-1) / norms).mean())

    eight = cosine("dynamic_int8")
    # What 8 bits of activations cost is paid where values of attention are computed.
    unpacked = QuantSpec("int8", compute="float")
    careful = cosine(mixed({r"attention\.self\.value": unpacked}, recipe_of("dynamic_int8")))
    assert 0.9985 < eight < 0.999 <= careful
    # Or the large channels of norms are made smaller, and all products stay those of integers.
    equal = Rule(QuantSpec(), r"attention\.self|intermediate", equalise=0.5)
    seen = [{name: value.numpy() for name, value in tokenize(OTHERS, 24).items()}]
    equalised = cosine(recipe(equal, QuantSpec()), calibration_data=seen)
    assert equalised > careful
    assert cosine("weight_only_int8") > 0.9995
    plain = cosine(recipe(int4_blocks(32)))
    searched = cosine(recipe(int4_blocks(32, "mse")))
    assert plain < searched < eight
    assert searched > 0.96
