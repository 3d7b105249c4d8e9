"""Checkpoints that transformers has saved of models that torchao has quantised."""

import copy
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import litewright
from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.generative.huggingface.loading import open_checkpoint
from tests.support.slow import slow_but
from tests.support.stored_integers import Array, stored_integers
from tests.support.tolerances import TOLERANCES, relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ao: Any = pytest.importorskip("torchao.quantization")
    from torchao.prototype.safetensors.safetensors_support import flatten_tensor_state_dict

small: Any = torch
TEXT = [5, 17, 3, 88, 41, 9, 60, 22]
PROJECTIONS = 14


def saved(folder: Path, config: Any) -> Any:
    """A small Llama, its projections quantised, as transformers writes it; and its twin of floats."""
    torch.manual_seed(3)
    facts = transformers.LlamaConfig(
        vocab_size=97,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
    )
    model: Any = transformers.LlamaForCausalLM(facts).eval()
    for parameter in model.parameters():
        parameter.data *= 3
    twin = copy.deepcopy(model)
    ao.quantize_(
        model,
        config,
        filter_fn=lambda m, name: isinstance(m, torch.nn.Linear) and name != "lm_head",
    )
    for name, parameter in model.named_parameters():
        if hasattr(parameter, "dequantize") and hasattr(parameter, "qdata"):
            twin.get_parameter(name).data = parameter.dequantize()
    twin.save_pretrained(folder)
    tensors, metadata = flatten_tensor_state_dict(
        {name: tensor.detach() for name, tensor in model.state_dict().items()}
    )
    save_file(tensors, folder / "model.safetensors", {**metadata, "format": "pt"})
    path = folder / "config.json"
    told = {
        **json.loads(path.read_text()),
        "quantization_config": transformers.TorchAoConfig(config).to_dict(),
    }
    path.write_text(json.dumps(told))
    return model, twin


def converted(folder: Path) -> tuple[Any, Array]:
    made = convert_checkpoint(folder, prefill_lengths=(8,), cache_length=16)
    made.edge.export(folder / "model.tflite")
    runner = Generator(folder / "model.tflite")
    runner.feed(TEXT)
    return made, runner.logits()


def logits(model: Any) -> Array:
    with torch.no_grad():
        return model(torch.tensor([TEXT])).logits[0, -1].numpy()


CONFIGS: dict[str, tuple[Any, str]] = {
    "int4": (ao.IntxWeightOnlyConfig(small.int4, ao.PerGroup(32)), ""),
    "8da4w": (ao.Int8DynamicActivationIntxWeightConfig(small.int4, ao.PerGroup(64)), ""),
    "int6": (ao.IntxWeightOnlyConfig(small.int6, ao.PerAxis(0)), ""),
    "int8": (ao.Int8WeightOnlyConfig(version=2), "-128"),
    "asymmetric": (
        ao.IntxWeightOnlyConfig(small.int4, ao.PerGroup(32), ao.MappingType.ASYMMETRIC), "zero points",
    ),
    "float8": (ao.Float8WeightOnlyConfig(), "float8"),
}  # fmt: skip


@pytest.mark.parametrize("name", slow_but(("int8", "int4"), CONFIGS))
def test_integers_of_the_file_are_those_of_the_checkpoint(name: str, tmp_path: Path) -> None:
    config, note = CONFIGS[name]
    model, twin = saved(tmp_path, config)
    made, actual = converted(tmp_path)
    limit = "float32 model" if note else "int8 activations"
    assert relative_error(actual, logits(twin)) <= (1 if note else 5) * TOLERANCES[limit]
    assert len(made.edge.notes) == (PROJECTIONS if note else 0)
    assert all(note in each for each in made.edge.notes)

    kept = {n: p for n, p in model.named_parameters() if hasattr(p, "qdata")}
    stored = stored_integers(tmp_path / "model.tflite")
    if name in ("asymmetric", "float8"):
        assert stored == []
        return
    assert len(stored) == len(kept) == PROJECTIONS
    for each, (path, parameter) in zip(stored, kept.items(), strict=True):
        assert np.array_equal(each.integers, parameter.qdata.numpy().astype(np.int64)), path
        scale = parameter.scale.numpy().reshape(each.scales.shape).astype(each.scales.dtype)
        assert np.array_equal(each.scales, scale), path


def test_what_transformers_itself_quantises_and_saves(tmp_path: Path) -> None:
    floats, folder = tmp_path / "floats", tmp_path / "quantised"
    _, twin = saved(floats, CONFIGS["int4"][0])
    twin.save_pretrained(floats)
    model: Any = transformers.LlamaForCausalLM.from_pretrained(
        floats, quantization_config=transformers.TorchAoConfig(CONFIGS["int4"][0])
    )
    model.save_pretrained(folder)
    weights = open_checkpoint(folder).weights
    path = "model.layers.1.mlp.up_proj.weight"
    assert np.array_equal(weights[path].read(), model.get_parameter(path).dequantize().numpy())
    assert sum(hasattr(each, "integers") for each in weights.values()) == PROJECTIONS


def test_the_command_line_takes_it(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from litewright.tools.main import main

    saved(tmp_path, CONFIGS["int4"][0])
    out = tmp_path / "model.tflite"
    arguments = ["export-hf", str(tmp_path), "-o", str(out), "--prefill", "8", "--cache", "16"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert len(stored_integers(out)) == PROJECTIONS


def rewritten(folder: Path, change: Any) -> None:
    path = folder / "model.safetensors"
    with safe_open(path, "pt") as opened:
        metadata = opened.metadata()
    tensors = load_file(path)
    change(tensors, metadata)
    save_file(tensors, path, metadata)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, _: t.pop("model.layers.0.mlp.up_proj._weight_scale"), "_weight_scale is missing"),
        (
            lambda t, _: t.update({"model.layers.0.mlp.up_proj._weight_scale": torch.ones(3, 4)}),
            r"scales do not fit \[256, 128\]",
        ),
        (
            lambda _, m: m.update(
                {k: v.replace("IntxUnpackedToInt8Tensor", "NF4Tensor") for k, v in m.items()}
            ),
            "a NF4Tensor of torchao cannot be read",
        ),
    ],
    ids=["missing", "scales", "class"],
)  # fmt: skip
def test_bad_checkpoints_are_refused(change: Any, message: str, tmp_path: Path) -> None:
    saved(tmp_path, CONFIGS["int4"][0])
    rewritten(tmp_path, change)
    with pytest.raises(litewright.LitewrightError, match=message):
        open_checkpoint(tmp_path)


def test_other_methods_are_refused_by_name(tmp_path: Path) -> None:
    saved(tmp_path, CONFIGS["int4"][0])
    path = tmp_path / "config.json"
    told = json.loads(path.read_text())
    told["quantization_config"] = {"quant_method": "compressed-tensors", "format": "pack-quantized"}
    path.write_text(json.dumps(told))
    with pytest.raises(litewright.UserError, match=r"'compressed-tensors'.* torchao can"):
        open_checkpoint(tmp_path)
