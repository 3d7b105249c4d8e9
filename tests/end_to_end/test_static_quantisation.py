"""Calibrated models whose activations are integers: what is left of them, on real weights."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.runtime import Runner
from litewright.generative.huggingface.hooks import hooked
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.steps import Step, sample_inputs, with_empty_caches
from litewright.generative.masking import MASKED
from litewright.quantize import Recipe, static_int8, static_int16x8
from tests.models.encoder import SENTENCES, SentenceEncoder, sentence_encoder, tokenize
from tests.support.tolerances import TOLERANCES

Array = np.ndarray[Any, np.dtype[Any]]

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "tests" / "data" / "docs-llama"


# ---- a network of convolutions -------------------------------------------------------------------


class Block(nn.Module):
    """A convolution and one by channel, with norms, beside a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first = nn.BatchNorm2d(channels)
        self.by_channel = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.second = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.first(self.dense(x)))
        return torch.relu(x + self.second(self.by_channel(inner)))


class Images(nn.Module):
    """Images [N, 3, 32, 32] to ten numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.blocks = nn.Sequential(Block(16), Block(16))
        self.wide = nn.Conv2d(16, 32, 1)
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.max_pool2d(self.blocks(self.stem(x)), 2)
        x = nn.functional.silu(self.wide(x))
        return self.head(x.mean((2, 3)))


@cache
def images() -> Images:
    torch.manual_seed(0)
    network = Images().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.running_mean, module.bias):
                assert tensor is not None
                tensor.data.normal_(0, 0.2)
            assert module.running_var is not None
            module.running_var.uniform_(0.5, 2)
    return network


def _images(count: int, seed: int) -> list[Array]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 3, 32, 32, generator=generator).numpy() for _ in range(count)]


def _converted_images(recipe: Recipe) -> litewright.EdgeModel:
    data = ((image,) for image in _images(12, seed=1))
    sample = (torch.zeros(1, 3, 32, 32),)
    return litewright.convert(images(), sample, quant_config=recipe, calibration_data=data)


@pytest.mark.parametrize("delegate", [True, False])
@pytest.mark.parametrize("ranges", ["min_max", "moving_average", "percentile", "mse"])
def test_images_of_8_bits(ranges: Any, *, delegate: bool, tmp_path: Path) -> None:
    _assert_images(static_int8(ranges), "static int8 model", tmp_path, delegate=delegate)


@pytest.mark.parametrize("delegate", [True, False])
def test_images_of_16_bits(*, delegate: bool, tmp_path: Path) -> None:
    _assert_images(static_int16x8(), "static int16x8 model", tmp_path, delegate=delegate)


def _assert_images(recipe: Recipe, kind: str, folder: Path, *, delegate: bool) -> None:
    edge = _converted_images(recipe)
    path = folder / "model.tflite"
    edge.export(path)
    assert not edge.notes
    runner = Runner(path, delegate=delegate)
    given = _images(8, seed=2)
    found = np.concatenate([np.asarray(runner.call((image,))) for image in given])
    with torch.no_grad():
        expected = images()(torch.from_numpy(np.concatenate(given))).numpy()
    assert np.linalg.norm(found - expected) / np.linalg.norm(expected) <= TOLERANCES[kind]
    assert (found.argmax(1) == expected.argmax(1)).mean() >= 7 / 8


def test_all_of_it_is_integers_and_the_delegate_takes_all(tmp_path: Path) -> None:
    edge = _converted_images(static_int8())
    path = tmp_path / "model.tflite"
    edge.export(path)
    placements = Runner(path).delegation().placements
    assert all(each.partition is not None for each in placements)
    names = [each.op for each in placements]
    assert (names[0], names[-1]) == ("QUANTIZE", "DEQUANTIZE")
    assert names.count("QUANTIZE") == names.count("DEQUANTIZE") == 1


def test_integers_may_be_shown_to_callers() -> None:
    shown = Recipe(static_int8().rules, "shown", interface="integer")
    floats, integers = _converted_images(static_int8()), _converted_images(shown)
    (signature,) = integers.signatures.values()
    assert signature.inputs[0].dtype == signature.outputs[0].dtype == np.int8
    text = str(integers.program)
    assert "tfl.quantize" not in text
    assert "tfl.dequantize" not in text
    image = _images(1, seed=3)[0]
    scheme = text[text.index("uniform<i8:f32, ") + 16 :].partition(">")[0]
    scale, _, zero = scheme.partition(":")
    given = np.clip(np.rint(image / float(scale)) + int(zero or 0), -128, 127).astype(np.int8)
    results = text[text.index(") -> (") :]
    scheme = results[results.index("uniform<i8:f32, ") + 16 :].partition(">")[0]
    scale, _, zero = scheme.partition(":")
    found = (integers(given).astype(np.float32) - int(zero or 0)) * float(scale)
    np.testing.assert_allclose(found, floats(image), atol=float(scale) * 1.01)


# ---- the sentence encoder ------------------------------------------------------------------------

LENGTH = 24


@cache
def encoder() -> SentenceEncoder:
    return sentence_encoder()


def _texts() -> list[str]:
    """First lines of docstrings of ours, which nobody has trained on."""
    lines = [
        line.strip().removeprefix('"""').partition('"""')[0]
        for path in sorted((ROOT / "compiler").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip().startswith('"""') and len(line) > 40
    ]
    return lines[::9]


@pytest.mark.parametrize(
    ("recipe", "least"),
    [
        pytest.param(static_int8(), 0.995, id="int8"),
        pytest.param(static_int16x8(), 0.999, id="int16x8", marks=pytest.mark.slow),
    ],
)
def test_sentences(recipe: Recipe, least: float) -> None:
    texts = _texts()
    data = [tuple(tokenize([text], LENGTH).values()) for text in texts[:24]]
    edge = litewright.convert(
        encoder(), (), tokenize(texts[:1], LENGTH), quant_config=recipe, calibration_data=data
    )
    tested = [*SENTENCES, *texts[30:50]]
    inputs = [tokenize([text], LENGTH) for text in tested]
    found = np.concatenate([edge(*(each.numpy() for each in given.values())) for given in inputs])
    expected = np.concatenate([encoder()(**given).numpy() for given in inputs])
    cosines = (found * expected).sum(1) / np.linalg.norm(found, axis=1)
    assert least < cosines.mean() < 1 - 1e-6
    similarity = found[: len(SENTENCES)] @ found[: len(SENTENCES)].T
    similarity -= 2 * np.eye(len(SENTENCES))
    assert similarity.argmax(1)[:4].tolist() == [1, 0, 3, 2]


# ---- the language model --------------------------------------------------------------------------

WINDOW = 128


def _windows() -> Array:
    tokens = json.loads((MODEL / "held_out_tokens.json").read_text())["held_out"]
    return np.array(tokens[: WINDOW * 10], np.int32).reshape(10, WINDOW)


def _language_model(recipe: Recipe | None, windows: Array) -> tuple[litewright.EdgeModel, Any]:
    checkpoint = open_checkpoint(MODEL)
    mask = np.triu(np.full((WINDOW, WINDOW), MASKED, np.float32), 1)[None, None]
    with hooked(checkpoint.model, WINDOW):
        sample = with_empty_caches(sample_inputs(checkpoint.model, WINDOW, WINDOW))
        base = {name: value.numpy() for name, value in sample.items()} | {"mask": mask}
        step = Step(checkpoint.model, with_logits=True)
        data = ({**base, "tokens": window[None]} for window in windows)
        edge = litewright.convert(
            step,
            (),
            sample,
            weights=checkpoint.weights,
            quant_config=recipe,
            calibration_data=data if recipe is not None else None,
        )
    return edge, base


def _scores(recipe: Recipe | None) -> Array:
    windows = _windows()
    edge, base = _language_model(recipe, windows[4:])
    logits = [
        edge(**{**base, "tokens": window[None]})["logits"][0].astype(np.float64)
        for window in windows[:4]
    ]
    scores = np.stack(logits)
    scores -= scores.max(-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


@pytest.mark.slow
def test_language() -> None:
    expected = _scores(None)
    for recipe, most in ((static_int8("mse"), 0.012), (static_int16x8(), 0.0005)):
        found = _scores(recipe)
        divergence = float((np.exp(expected) * (expected - found)).sum(-1).mean())
        assert 0 < divergence < most, recipe.name
