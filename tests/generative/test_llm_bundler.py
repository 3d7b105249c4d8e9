"""Bundles and recipes under the names that models of others use."""

from pathlib import Path

import pytest

import litewright
from litewright.generative.bundle.reading import open_bundle
from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.generative.quantize import quant_recipes
from litewright.generative.utilities import llm_bundler

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundler") / "model.tflite"
    recipe = quant_recipes.full_linear_int8_dynamic_recipe()
    converted = convert_checkpoint(
        _FOLDER, prefill_lengths=(8,), cache_length=64, quant_config=recipe
    )
    converted.edge.export(path)
    return path


def _config(model: Path, output: Path, **changed: object) -> llm_bundler.BundleConfig:
    given = {
        "tflite_model": str(model),
        "tokenizer_model": str(_FOLDER / "tokenizer.json"),
        "start_token": "<s>",
        "stop_tokens": ["</s>"],
        "output_filename": str(output),
        "enable_bytes_to_unicode_mapping": True,
    }
    return llm_bundler.BundleConfig(**{**given, **changed})  # pyright: ignore[reportArgumentType]


@pytest.mark.slow
def test_a_bundle_of_int8_weights_writes_text(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.litertlm"
    llm_bundler.create_bundle(_config(model, path))
    metadata = open_bundle(path).metadata()
    assert metadata.start_token.token_str == "<s>"
    assert metadata.max_num_tokens == 64
    generator = TextGenerator(path)
    assert (generator.start_token, generator.stop_tokens) == (1, (2,))
    text = "".join(generator.generate("Return a new array of", limit=12))
    # What follows hangs on less than a tenth of a logit, even between floats.
    assert text.startswith(" the same shape as the ")
    assert path.stat().st_size < 0.4 * 17e6


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stop_tokens": []}, "needs stop_tokens"),
        ({"tflite_model": "absent.tflite"}, "no such file"),
        ({"output_filename": "model.zip"}, "must end in"),
        ({"output_filename": "model.task"}, "SentencePiece tokenizers alone"),
    ],
)
def test_what_cannot_be_bundled_is_refused(
    model: Path, tmp_path: Path, changed: dict[str, object], message: str
) -> None:
    with pytest.raises(litewright.UserError, match=message):
        llm_bundler.create_bundle(_config(model, tmp_path / "m.litertlm", **changed))
    assert not list(tmp_path.iterdir())
