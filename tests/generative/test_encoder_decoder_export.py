"""Encoder-decoder checkpoints to files: what is written is proved, and what is wrong is named and not written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

import litewright
from litewright.compiler.driver.extensions import REGISTRY
from litewright.generative.generation.seq2seq import Seq2SeqGenerator
from litewright.generative.huggingface.encoder_decoder_export import export_encoder_decoder
from litewright.generative.huggingface.proof import Outcome
from litewright.tools.main import main
from tests.compiler.driver.wrong import wrong_mul
from tests.generative.encoder_decoders import build, save
from tests.support.tolerances import TOLERANCES, relative_error

_LENGTHS: dict[str, Any] = {"encoder_lengths": (8, 12), "cache_length": 16}


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with REGISTRY.isolated():
        yield


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t5")
    save("t5", folder)
    return folder


def _outcomes(folder: Path, output: Path, **options: Any) -> dict[str, Outcome]:
    exported = export_encoder_decoder(folder, output, **_LENGTHS, **options)
    assert exported.proof is not None
    return {each.trial.name: each for each in exported.proof.outcomes}


def test_every_encoder_is_tried_filled_and_half_filled(t5: Path, tmp_path: Path) -> None:
    found = _outcomes(t5, tmp_path / "t5.tflite", prefill_lengths=(4,))

    assert list(found) == [
        "encoder of 12, filled: prefill of 4, filled",
        "encoder of 12, filled: prefill of 4, half filled",
        "encoder of 12, filled: several chunks",
        "encoder of 12, filled: a greedy answer",
        "encoder of 12, filled: to the end of the cache",
        "encoder of 12, half filled: a greedy answer",
        "encoder of 8, filled: a greedy answer",
        "encoder of 8, half filled: a greedy answer",
    ]
    assert max(each.error for each in found.values()) <= TOLERANCES["float32 model"]
    assert [each.name for each in tmp_path.iterdir()] == ["t5.tflite"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "allowed"),
    [
        ("dynamic_int8", 5e-4),
        ("int4_block32", 0.05),
    ],
)
def test_quantised_weights_are_close(t5: Path, tmp_path: Path, recipe: str, allowed: float) -> None:
    found = _outcomes(t5, tmp_path / "t5.tflite", quant_config=recipe)
    divergences = [each.divergence for each in found.values()]

    assert 1e-9 < max(divergences) < allowed


@pytest.mark.slow
def test_adapters_are_merged(t5: Path, tmp_path: Path) -> None:
    name = "decoder.block.1.layer.1.EncDecAttention.v"
    generator = torch.Generator().manual_seed(7)
    down, up = (torch.randn(size, generator=generator) * 0.3 for size in ((4, 32), (32, 4)))
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    told = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
    (adapter / "adapter_config.json").write_text(json.dumps(told))
    factors = {"A": down, "B": up}
    save_file(
        {f"base_model.model.{name}.lora_{each}.weight": factors[each] for each in factors},
        adapter / "adapter_model.safetensors",
    )
    model = build("t5")
    tokens, source = torch.tensor([[0, 9, 7]]), torch.tensor([[5, 6, 8]])
    with torch.no_grad():
        before = model(source, decoder_input_ids=tokens).logits[0, -1].numpy()
        model.get_submodule(name).weight += 2 * (up @ down)
        expected = model(source, decoder_input_ids=tokens).logits[0, -1].numpy()

    found = _outcomes(t5, tmp_path / "t5.tflite", lora=adapter)
    runner = Seq2SeqGenerator(tmp_path / "t5.tflite")
    runner.encode(source.numpy())
    runner.feed(tokens[0].tolist())

    assert max(each.error for each in found.values()) <= TOLERANCES["float32 model"]
    assert relative_error(runner.logits(), expected) <= TOLERANCES["float32 model"]
    assert relative_error(before, expected) > 100 * TOLERANCES["float32 model"]


@pytest.mark.slow
def test_a_wrong_pass_is_named_with_its_op_and_module(t5: Path, tmp_path: Path) -> None:
    place = litewright.place(wrong_mul, stage="tfl")

    with pytest.raises(litewright.UserError) as raised:
        export_encoder_decoder(t5, tmp_path / "t5.tflite", passes=[place], **_LENGTHS)

    message = str(raised.value)
    assert re.search(r"encoder of 12, filled: a greedy answer: error \S+, first at", message)
    assert "first wrong: pass wrong-mul (tfl), in signature encode_12: cross_k_0" in message
    assert "first wrong op: tfl.mul\n  module  (the top module)\n" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["t5.litertlm", "t5.task"])
def test_bundles_are_refused(t5: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(litewright.UserError, match=r"run decoders alone.* name a \.tflite"):
        export_encoder_decoder(t5, tmp_path / name)


def test_a_folder_that_is_not_there_is_refused(t5: Path, tmp_path: Path) -> None:
    with pytest.raises(litewright.WriteError, match="there is no folder"):
        export_encoder_decoder(t5, tmp_path / "none" / "t5.tflite")
    with pytest.raises(litewright.UserError, match=r"there is no config\.json"):
        export_encoder_decoder(tmp_path, tmp_path / "t5.tflite")


@pytest.mark.slow
def test_the_command_knows_an_encoder_decoder(t5: Path, tmp_path: Path) -> None:
    output = tmp_path / "t5.tflite"
    arguments = ["export-hf", str(t5), "-o", str(output), "--lengths", "8,12", "--cache", "16"]

    done = CliRunner().invoke(main, [*arguments, "--json"], catch_exceptions=False)

    facts = json.loads(done.stdout)
    assert facts["architecture"] == "t5"
    assert (facts["lengths"], facts["cache"], facts["prefill"]) == ([8, 12], 16, [])
    assert max(each["error"] for each in facts["trials"]) <= TOLERANCES["float32 model"]
    refused = CliRunner().invoke(main, [*arguments, "--ring"])
    assert refused.exit_code == 2
    assert "--ring: not for the kind of model" in refused.stderr
