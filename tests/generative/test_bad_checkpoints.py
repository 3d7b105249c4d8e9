"""Folders that are no sound checkpoint of a model that can be exported: one clear error each, and nothing is left."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from click.testing import CliRunner
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import litewright
from litewright.generative.huggingface.library import interfaces
from litewright.generative.huggingface.steps import cache_shapes
from litewright.tools.main import main

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"
_LIBRARY: Any = transformers
_SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound checkpoint, to be damaged."""
    return Path(shutil.copytree(_FOLDER, tmp_path / "checkpoint"))


def _refused(folder: Path, *options: str, output: str = "m.litertlm") -> str:
    """What the command says, having left nothing."""
    out = folder.parent / "out"
    out.mkdir()
    command = ["export-hf", str(folder), "-o", str(out / output), "--prefill", "8", "--cache", "32"]
    done = CliRunner().invoke(main, [*command, *options])
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    assert not list(out.iterdir())
    # torch prints a graph of its own above some errors.
    assert len(re.findall("^Error: ", done.output, re.MULTILINE)) == 1
    assert "Traceback" not in done.output
    return done.output.partition("Error: ")[2]


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def _config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text()) | changes
    (folder / "config.json").write_text(json.dumps(config))


def _shards(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    split = [dict(list(tensors.items())[:5]), dict(list(tensors.items())[5:])]
    places = {key: name for name, part in zip(names, split, strict=True) for key in part}
    save_file(split[0], folder / names[0], {"format": "pt"})
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _without_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.2.mlp.up_proj.weight"]
    tensors["model.layers.1.mlp.up_proj.weight"] = torch.zeros(5, 256)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


_DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "no checkpoint here: there is no config.json"),
    "no config.json": (lambda f: (f / "config.json").unlink(), "there is no config.json"),
    "config.json is no JSON": (
        lambda f: (f / "config.json").write_text('{"model_type": '),
        "config.json: no JSON: Expecting value",
    ),
    "config.json is a list": (
        lambda f: (f / "config.json").write_text("[]"),
        "config.json: no configuration: a list",
    ),
    "unknown architecture": (
        lambda f: _config(f, model_type="quux", architectures=["QuuxForCausalLM"]),
        "model type `quux` but Transformers does not recognize this architecture",
    ),
    "a size that is no number": (
        lambda f: _config(f, hidden_size="wide"),
        "cannot read config.json: Validation error for field 'hidden_size'",
    ),
    "sizes that do not fit": (
        lambda f: _config(f, hidden_size=250, num_attention_heads=7, head_dim=None),
        "cannot read config.json: .*hidden size .250. is not a multiple",
    ),
    "an activation that there is not": (
        lambda f: _config(f, hidden_act="quux"),
        "cannot build the model of config.json: .*quux",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "expected model.safetensors"),
    "a missing shard": (_shards, "1 of 2 shards are missing: model-00002-of-00002.safetensors"),
    "missing and misshapen tensors": (
        _without_a_tensor,
        r"layers.2.mlp.up_proj.weight is missing\n.*layers.1.mlp.up_proj.weight is \[5, 256\], not \[768",
    ),
    "no tokenizer": (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer for the bundle"),
    "a tokenizer that is no JSON": (
        lambda f: (f / "tokenizer.json").write_text('{"version": '),
        "cannot load the tokenizer",
    ),
    "generation_config.json is no JSON": (
        lambda f: (f / "generation_config.json").write_text("{"),
        "generation_config.json: no JSON",
    ),
    "a chat template that cannot be rendered": (
        lambda f: (f / "chat_template.jinja").write_text("{% for %}"),
        "the chat template cannot be rendered",
    ),
}


@pytest.mark.parametrize("damage", _DAMAGES)
def test_a_damaged_folder_is_refused_by_name(damage: str, folder: Path) -> None:
    change, message = _DAMAGES[damage]
    change(folder)
    said = _refused(folder)
    assert _says(message, said), said


@pytest.mark.parametrize(
    ("options", "output", "message"),
    [
        (("--cache", "4"), "m.litertlm", "a prefill of 8 tokens does not fit a cache of 4"),
        (("--prefill", "0"), "m.litertlm", "prefill lengths must be positive"),
        ((), "m.bin", r"the name must end in \.tflite"),
        ((), "absent/m.litertlm", "there is no folder"),
        ((), "m.task", "SentencePiece tokenizers alone"),
        (("--ring",), "m.litertlm", "the model has no sliding window"),
    ],
)
def test_what_cannot_be_made_is_refused(
    options: tuple[str, ...], output: str, message: str, folder: Path
) -> None:
    said = _refused(folder, *options, output=output)
    assert _says(message, said), said


class OddConfig(_LIBRARY.LlamaConfig):
    model_type = "odd"
    asks_for_numbers: bool = False


class OddModel(_LIBRARY.LlamaForCausalLM):
    """A model that uses what cannot be lowered, or asks for numbers while it is captured."""

    config_class = OddConfig

    def forward(self, input_ids: Tensor, **options: Any) -> Any:
        made: Any = super().forward(input_ids, **options)
        if getattr(self.config, "asks_for_numbers", False):
            if made.logits.sum() > 0:
                made.logits = made.logits + 1
        else:
            made.logits = torch.linalg.eigvals(made.logits[..., :4].reshape(-1, 2, 2)).real
        return made


@pytest.fixture
def odd() -> Iterator[None]:
    configs, models = _LIBRARY.AutoConfig, _LIBRARY.AutoModelForCausalLM
    configs.register("odd", OddConfig)
    models.register(OddConfig, OddModel)
    yield
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    known: Any = CONFIG_MAPPING
    known._extra_content.pop("odd")
    models._model_mapping._extra_content.pop(OddConfig)


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize(
    ("asks", "line"),
    [(False, "torch.linalg.eigvals(made"), (True, "if made.logits.sum() > 0:")],
)
def test_what_cannot_be_converted_names_the_line_of_the_model(
    asks: bool, line: str, tmp_path: Path
) -> None:
    config = OddConfig(**_SIZES, asks_for_numbers=asks)
    OddModel(config).save_pretrained(tmp_path / "odd")
    said = _refused(tmp_path / "odd", output="m.tflite")
    lines = Path(__file__).read_text().splitlines()
    number = next(n for n, text in enumerate(lines, 1) if line in text)
    assert f"{Path(__file__).name}:{number}" in said


_HEADS = {"num_attention_heads": 2, "intermediate_size": 24}
_NO_CACHES: dict[str, tuple[str, dict[str, Any], str]] = {
    "reads all at once": ("BertConfig", _HEADS, "BertLMHeadModel keeps no keys and values"),
    "has no caches": ("OpenAIGPTConfig", {}, "OpenAIGPTLMHeadModel keeps no keys and values"),
    "is a state space": ("MambaConfig", {}, "keeps no keys and values .* State spaces"),
    "has layers without": (
        "JambaConfig",
        {"num_attention_heads": 2, "num_key_value_heads": 1, "num_experts": 2},
        r"layers that keep no keys and values \(LinearAttentionLayer\)",
    ),
    "asks for numbers first": (
        "JetMoeConfig",
        {"num_local_experts": 2, "num_key_value_heads": 1, "kv_channels": 8},
        r"cannot be run without numbers, at \S+ \(JetMoe\w+, /\S+/modeling_jetmoe\.py:\d+\)",
    ),
}


@pytest.mark.parametrize("kind", _NO_CACHES)
def test_a_decoder_without_caches_is_refused_and_leaves_transformers_as_it_was(
    kind: str, tmp_path: Path
) -> None:
    config, sizes, message = _NO_CACHES[kind]
    before = _interfaces()
    made = getattr(_LIBRARY, config)(
        vocab_size=40, hidden_size=16, num_hidden_layers=1, n_head=2, n_embd=16, **sizes
    )
    _LIBRARY.AutoModelForCausalLM.from_config(made).save_pretrained(tmp_path / "model")
    said = _refused(tmp_path / "model", output="m.tflite")
    assert _says(message, said), said
    assert _interfaces() == before


class _Forgetful(nn.Module):
    """Makes a cache, and puts nothing into it."""

    def __init__(self) -> None:
        super().__init__()
        self.config = _LIBRARY.LlamaConfig(num_hidden_layers=2)

    def forward(self, **_: Any) -> SimpleNamespace:
        return SimpleNamespace(past_key_values=_LIBRARY.DynamicCache(config=self.config))


def test_a_cache_that_nothing_is_put_into_is_refused() -> None:
    with pytest.raises(litewright.UserError, match="_Forgetful puts no keys and values into"):
        cache_shapes(_Forgetful())


def _interfaces() -> dict[str, dict[str, Any]]:
    return {name: dict(mapping) for name, mapping in interfaces().items()}
