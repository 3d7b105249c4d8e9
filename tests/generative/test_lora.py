"""Adapters merged at export: the logits are those that PyTorch computes with W + s B A."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

import litewright
from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.lora import with_adapter
from litewright.tools.commands.export_hf import command
from tests.generative.architectures import build
from tests.support.tolerances import TOLERANCES, relative_error

_TEXT = [5, 17, 3, 88, 41, 9]
_RANK = 4
_LLAMA = ("model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj", "lm_head")
_GPT2 = ("transformer.h.0.attn.c_attn", "transformer.h.1.mlp.c_proj")


def _write(folder: Path, tensors: dict[str, torch.Tensor], **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    told = {"peft_type": "LORA", "r": _RANK, "lora_alpha": 6, **config}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def _factors(model: Any, modules: tuple[str, ...], transposed: bool) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    tensors: dict[str, torch.Tensor] = {}
    for name in modules:
        shape = model.get_submodule(name).weight.shape
        outputs, inputs = reversed(shape) if transposed else shape
        prefix = f"base_model.model.{name}"
        tensors[f"{prefix}.lora_A.weight"] = torch.randn(_RANK, inputs, generator=generator) * 0.2
        tensors[f"{prefix}.lora_B.weight"] = torch.randn(outputs, _RANK, generator=generator) * 0.2
    return tensors


def _logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([_TEXT])).logits[0, -1]


@pytest.mark.parametrize(
    ("architecture", "modules", "config", "scale"),
    [
        pytest.param("llama", _LLAMA, {}, 6 / 4, marks=pytest.mark.slow),
        ("llama", _LLAMA, {"use_rslora": True, "alpha_pattern": {"lm_head": 12}}, 6 / 2),
        ("gpt2", _GPT2, {"fan_in_fan_out": True}, 6 / 4),
    ],
    ids=["linear", "rank-stabilised", "inputs first"],
)
def test_logits_change_as_torch_says(
    architecture: str,
    modules: tuple[str, ...],
    config: dict[str, Any],
    scale: float,
    tmp_path: Path,
) -> None:
    model = build(architecture)
    model.save_pretrained(tmp_path / "base")
    before = _logits(model)
    transposed = bool(config.get("fan_in_fan_out"))
    tensors = _factors(model, modules, transposed)
    adapter = _write(tmp_path / "adapter", tensors, **config)
    for name in modules:
        prefix = f"base_model.model.{name}"
        change = tensors[f"{prefix}.lora_B.weight"] @ tensors[f"{prefix}.lora_A.weight"]
        with torch.no_grad():
            factor = 2 * scale if name in config.get("alpha_pattern", {}) else scale
            model.get_submodule(name).weight += factor * (change.T if transposed else change)
    expected = _logits(model).numpy()

    made = convert_checkpoint(
        tmp_path / "base", prefill_lengths=(4,), cache_length=16, lora=adapter
    )
    made.edge.export(tmp_path / "model.tflite")
    runner = Generator(tmp_path / "model.tflite")
    runner.feed(_TEXT)

    assert relative_error(runner.logits(), expected) <= TOLERANCES["float32 model"]
    assert relative_error(before.numpy(), expected) > 0.1


def test_parameters_that_were_trained_whole_stand_for_the_old_ones(tmp_path: Path) -> None:
    model = build("llama")
    model.save_pretrained(tmp_path / "base")
    norm = torch.rand(32, generator=torch.Generator().manual_seed(1))
    adapter = _write(tmp_path / "adapter", {"base_model.model.model.norm.weight": norm})

    merged = with_adapter(open_checkpoint(tmp_path / "base"), adapter)

    assert (merged.weights["model.norm.weight"].read() == norm.numpy()).all()


def test_embeddings_have_their_inputs_first(tmp_path: Path) -> None:
    model = build("llama")
    model.save_pretrained(tmp_path / "base")
    generator = torch.Generator().manual_seed(2)
    a, b = torch.randn(_RANK, 97, generator=generator), torch.randn(32, _RANK, generator=generator)
    prefix = "base_model.model.model.embed_tokens.lora_embedding"
    adapter = _write(tmp_path / "adapter", {f"{prefix}_A": a, f"{prefix}_B": b})

    merged = with_adapter(open_checkpoint(tmp_path / "base"), adapter)

    expected = model.model.embed_tokens.weight.detach() + 1.5 * (b @ a).T
    found = torch.from_numpy(merged.weights["model.embed_tokens.weight"].read())
    torch.testing.assert_close(found, expected)


def test_an_adapter_of_another_model_is_told_whole(tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path / "base")
    prefix = "base_model.model.model.layers"
    tensors = {
        f"{prefix}.0.self_attn.q_proj.lora_A.weight": torch.ones(4, 64),
        f"{prefix}.0.self_attn.q_proj.lora_B.weight": torch.ones(64, 4),
        f"{prefix}.7.mlp.up_proj.lora_A.weight": torch.ones(4, 32),
        f"{prefix}.7.mlp.up_proj.lora_B.weight": torch.ones(48, 4),
        f"{prefix}.1.mlp.up_proj.lora_A.weight": torch.ones(4, 32),
    }
    adapter = _write(tmp_path / "adapter", tensors)
    arguments = [
        str(tmp_path / "base"),
        "-o",
        str(tmp_path / "model.tflite"),
        "--lora",
        str(adapter),
        *("--prefill", "8", "--cache", "16"),
    ]

    result = CliRunner().invoke(command, arguments)

    assert isinstance(result.exception, litewright.UserError)
    told = str(result.exception)
    assert "q_proj.weight is [32, 32], its factors are A [4, 64] and B [64, 4]" in told
    assert "model.layers.7.mlp.up_proj.weight: the model has no such parameter" in told
    assert "model.layers.1.mlp.up_proj.weight: of its factors only lora_A" in told
    assert not (tmp_path / "model.tflite").exists()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"use_dora": True}, "adapters with use_dora are not known here"),
        ({"peft_type": "IA3"}, "no peft_type LORA"),
        ({"lora_alpha": None}, "no number lora_alpha"),
    ],
)
def test_other_adapters_are_refused(config: dict[str, Any], message: str, tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path / "base")
    adapter = _write(tmp_path / "adapter", {"x": torch.ones(1)}, **config)

    with pytest.raises(litewright.UserError, match=message):
        with_adapter(open_checkpoint(tmp_path / "base"), adapter)


def test_shared_parameters_are_refused(tmp_path: Path) -> None:
    model = build("llama tied")
    model.save_pretrained(tmp_path / "base")
    adapter = _write(tmp_path / "adapter", _factors(model, ("lm_head",), transposed=False))

    shared = re.escape("lm_head.weight: shared with model.embed_tokens.weight")
    with pytest.raises(litewright.UserError, match=shared):
        with_adapter(open_checkpoint(tmp_path / "base"), adapter)


def test_an_adapter_without_tensors_is_refused(tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path / "base")
    adapter = _write(tmp_path / "adapter", {})

    with pytest.raises(litewright.UserError, match="the adapter holds no tensors"):
        with_adapter(open_checkpoint(tmp_path / "base"), adapter)


def test_a_folder_without_an_adapter_is_refused(tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path / "base")

    with pytest.raises(litewright.UserError, match=r"there is no adapter_config\.json"):
        with_adapter(open_checkpoint(tmp_path / "base"), tmp_path)
