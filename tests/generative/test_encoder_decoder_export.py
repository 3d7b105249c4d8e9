"""Encoder-decoder checkpoints to files: what is written is proved, and what is wrong is named and not written."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import litewright
from litewright.compiler.driver.extensions import REGISTRY
from litewright.generative.huggingface.encoder_decoder_export import export_encoder_decoder
from litewright.generative.huggingface.proof import Outcome
from litewright.tools.main import main
from tests.compiler.driver.wrong import wrong_mul
from tests.generative.encoder_decoders import save
from tests.support.tolerances import TOLERANCES

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


@pytest.mark.parametrize(("recipe", "allowed"), [("dynamic_int8", 5e-4), ("int4_block32", 0.05)])
def test_quantised_weights_are_close(t5: Path, tmp_path: Path, recipe: str, allowed: float) -> None:
    found = _outcomes(t5, tmp_path / "t5.tflite", quant_config=recipe)
    divergences = [each.divergence for each in found.values()]

    assert 1e-9 < max(divergences) < allowed


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
