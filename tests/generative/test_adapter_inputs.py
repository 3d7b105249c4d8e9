"""Adapters as inputs of one base file: the logits are those that PyTorch computes with W + s B A."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

import litewright
from litewright.generative.generation.adapters import adapter_inputs, input_names, open_adapter
from litewright.generative.generation.generator import Generator
from litewright.generative.huggingface.adapter_inputs import AdapterInputs
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.tools.commands.export_hf import command
from tests.generative.architectures import build
from tests.support.tolerances import TOLERANCES, relative_error

_TEXT = [5, 17, 3, 88, 41, 9]
_ALPHA = 6
_ATTENTION = ("q_proj", "v_proj")
_LLAMA = (
    "model.layers.0.self_attn.q_proj",
    "model.layers.1.self_attn.v_proj",
    "model.layers.1.mlp.down_proj",
)
_GPT2 = ("transformer.h.0.attn.c_attn", "transformer.h.1.mlp.c_proj")


def _factors(
    model: Any, modules: tuple[str, ...], rank: int, seed: int
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    made: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for name in modules:
        module = model.get_submodule(name)
        outputs, inputs = module.weight.shape
        if not isinstance(module, torch.nn.Linear):
            inputs, outputs = outputs, inputs
        a = torch.randn(rank, inputs, generator=generator) * 0.3
        made[name] = a, torch.randn(outputs, rank, generator=generator) * 0.3
    return made


def _write(folder: Path, factors: dict[str, tuple[torch.Tensor, torch.Tensor]]) -> Path:
    folder.mkdir(parents=True)
    rank = next(iter(factors.values()))[0].shape[0]
    told = {"peft_type": "LORA", "r": rank, "lora_alpha": _ALPHA}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    tensors: dict[str, torch.Tensor] = {}
    for name, (a, b) in factors.items():
        tensors[f"base_model.model.{name}.lora_A.weight"] = a
        tensors[f"base_model.model.{name}.lora_B.weight"] = b
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def _logits(
    architecture: str, factors: dict[str, tuple[torch.Tensor, torch.Tensor]] | None = None
) -> Any:
    """PyTorch's, with the factors merged by hand."""
    model = build(architecture)
    for name, (a, b) in (factors or {}).items():
        module = model.get_submodule(name)
        change = _ALPHA / a.shape[0] * (b @ a)
        with torch.no_grad():
            module.weight += change if isinstance(module, torch.nn.Linear) else change.T
    with torch.no_grad():
        return model(torch.tensor([_TEXT])).logits[0, -1].numpy()


def _said(generator: Generator) -> Any:
    generator.feed(_TEXT)
    return generator.logits()


@pytest.mark.parametrize(
    ("architecture", "modules"),
    [("llama", _LLAMA), pytest.param("gpt2", _GPT2, marks=pytest.mark.slow)],
    ids=["llama", "gpt2"],
)
def test_two_adapters_over_one_file(
    architecture: str, modules: tuple[str, ...], tmp_path: Path
) -> None:
    model = build(architecture)
    model.save_pretrained(tmp_path / "base")
    first, second = _factors(model, modules, 4, 1), _factors(model, modules[:1], 2, 2)
    folders = _write(tmp_path / "first", first), _write(tmp_path / "second", second)
    converted = convert_checkpoint(
        tmp_path / "base", prefill_lengths=(4,), cache_length=16, lora_inputs=folders[0]
    )
    converted.edge.export(tmp_path / "model.tflite")
    expected = [_logits(architecture, each) for each in (None, first, second)]

    generator = Generator(tmp_path / "model.tflite", adapter=folders[0])
    said: list[Any] = []
    for adapter in (None, *folders):
        generator.adapt(adapter)
        said.append(_said(generator))

    for made, wanted in zip(said, expected, strict=True):
        assert relative_error(made, wanted) <= TOLERANCES["float32 model"]
    assert relative_error(expected[1], expected[0]) > 0.1
    assert relative_error(expected[2], expected[1]) > 0.1
    generator.reset()
    assert relative_error(_said(generator), expected[2]) <= TOLERANCES["float32 model"]
    begun = Generator(tmp_path / "model.tflite", adapter=folders[0])
    assert relative_error(_said(begun), expected[1]) <= TOLERANCES["float32 model"]


def test_names_are_those_that_litert_lm_knows(tmp_path: Path) -> None:
    assert input_names("model.layers.13.self_attn.q_proj") == (
        "lora_atten_q_a_prime_weight_13",
        "lora_atten_q_b_prime_weight_13",
    )
    assert input_names("model.layers.0.self_attn.o_proj")[1] == "lora_atten_o_b_prime_weight_0"
    assert input_names("model.layers.2.mlp.up_proj")[0] == (
        "lora_model_layers_2_mlp_up_proj_a_prime_weight"
    )
    build("llama").save_pretrained(tmp_path)
    wanted = AdapterInputs(8, _ATTENTION)
    converted = convert_checkpoint(
        tmp_path, prefill_lengths=(4,), cache_length=16, lora_inputs=wanted
    )
    for signature in converted.edge.signatures.values():
        inputs = {each.name: each.shape for each in signature.inputs}
        assert inputs["lora_atten_q_a_prime_weight_0"] == (32, 8)
        assert inputs["lora_atten_v_b_prime_weight_1"] == (8, 16)
        assert sum(name.startswith("lora_") for name in inputs) == 8


def test_an_adapter_of_another_model_is_told_whole(tmp_path: Path) -> None:
    model = build("llama")
    model.save_pretrained(tmp_path / "base")
    wanted = AdapterInputs(4, _ATTENTION)
    converted = convert_checkpoint(
        tmp_path / "base", prefill_lengths=(4,), cache_length=16, lora_inputs=wanted
    )
    converted.edge.export(tmp_path / "model.tflite")
    factors = _factors(model, _LLAMA, 4, 1)
    b = factors[_LLAMA[0]][1]
    factors[_LLAMA[0]] = torch.ones(4, 64), b
    factors["model.layers.1.self_attn.q_proj"] = torch.ones(5, 32), torch.ones(32, 5)
    other = _write(tmp_path / "other", factors)

    with pytest.raises(litewright.UserError) as raised:
        Generator(tmp_path / "model.tflite", adapter=other)

    told = str(raised.value)
    assert "q_proj.weight: factors are A [4, 64] and B [32, 4], not A [4, 32] and B [32, 4]" in told
    assert "model.layers.1.mlp.down_proj.weight: the model takes no factors for it" in told
    assert "layers.1.self_attn.q_proj.weight: rank 5, the model takes at most 4" in told
    assert "v_proj" not in told


def test_what_cannot_be_an_input_is_told(tmp_path: Path) -> None:
    folder = _write(tmp_path / "adapter", {_LLAMA[0]: (torch.ones(2, 32), torch.ones(32, 2))})
    save_file(
        {
            "base_model.model.model.norm.weight": torch.ones(32),
            "base_model.model.model.embed_tokens.lora_embedding_A": torch.ones(2, 97),
            "base_model.model.model.embed_tokens.lora_embedding_B": torch.ones(32, 2),
            f"base_model.model.{_LLAMA[1]}.lora_A.weight": torch.ones(2, 32),
        },
        folder / "adapter_model.safetensors",
    )
    with pytest.raises(litewright.UserError) as raised:
        adapter_inputs(open_adapter(folder), {"lora_x": (2, 2)}, "the model")
    told = str(raised.value)
    assert "model.norm.weight: trained as a whole" in told
    assert "embed_tokens.weight: the model takes no factors" in told
    assert "v_proj.weight: of its factors only lora_A" in told
    with pytest.raises(litewright.UserError, match="takes no adapters: export it"):
        adapter_inputs(open_adapter(folder), {}, "the model")


def test_targets_that_do_not_exist_are_told(tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path)
    with pytest.raises(
        litewright.UserError, match="is called norm, up_projection; there are down_proj, gate_"
    ):
        convert_checkpoint(
            tmp_path,
            prefill_lengths=(4,),
            cache_length=16,
            lora_inputs=AdapterInputs(4, ("q_proj", "norm", "up_projection")),
        )
    with pytest.raises(litewright.UserError, match="positive rank"):
        AdapterInputs(0, ("q_proj",))
    with pytest.raises(litewright.UserError, match="name the modules"):
        AdapterInputs(1, ())


@pytest.mark.slow
def test_the_commands(tmp_path: Path) -> None:
    model = build("llama")
    model.save_pretrained(tmp_path / "base")
    adapter = _write(tmp_path / "adapter", _factors(model, _LLAMA, 4, 1))
    sizes = ["--prefill", "4", "--cache", "16"]

    def run(output: str, *arguments: str) -> Any:
        start = [str(tmp_path / "base"), "-o", str(tmp_path / output), *sizes]
        return CliRunner().invoke(command, [*start, *arguments])

    result = run("own.tflite", "--lora", str(adapter), "--lora-as-inputs")
    assert result.exit_code == 0, result.output
    own = litewright.Session(tmp_path / "own.tflite").signatures["decode"].inputs
    assert sum(each.name.startswith("lora_") for each in own) == 6
    result = run("named.tflite", "--lora-rank", "2", "--lora-targets", "q_proj,v_proj")
    assert result.exit_code == 0, result.output
    named = litewright.Session(tmp_path / "named.tflite").signatures["decode"].inputs
    assert sum(each.name.startswith("lora_") for each in named) == 8
    for arguments, message in (
        (["--lora-rank", "2"], "belong together"),
        (["--lora-as-inputs"], "wants --lora DIR"),
    ):
        assert message in str(run("none.tflite", *arguments).exception)


class _Sum(torch.nn.Module):
    def forward(self, x: torch.Tensor, held: torch.Tensor) -> torch.Tensor:
        return x + held


def test_held_inputs_keep_their_values(tmp_path: Path) -> None:
    x = torch.ones(2, 3)
    converter = litewright.signature("a", _Sum(), (), {"x": x, "held": x})
    converter.signature("b", _Sum(), (), {"x": x, "held": x}).convert().export(
        tmp_path / "m.tflite"
    )
    session = litewright.Session(tmp_path / "m.tflite")
    one, two = np.ones((2, 3), np.float32), np.arange(6, dtype=np.float32).reshape(2, 3)

    def said(name: str, **inputs: Any) -> Any:
        return next(iter(session.run(inputs, name).values()))

    assert (said("a", x=one, held=one) == 2).all()
    session.hold({"held": two})
    assert (said("a", x=one) == two + 1).all()
    assert (said("b", x=two) == two + two).all()
    session.reset()
    assert (said("a", x=two) == two + two).all()
    session.hold({"held": two.T.reshape(2, 3)})
    assert (said("b", x=one) == two.T.reshape(2, 3) + 1).all()
    with pytest.raises(litewright.UserError, match="no signature has it"):
        session.hold({"other": one})
    with pytest.raises(litewright.UserError, match="held"):
        session.hold({"held": np.ones(3, np.float32)})
