"""What export_checkpoint accepts and refuses: refusals come before anything takes time, and leave nothing."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import litewright
from litewright.generative.huggingface import bundling
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.hooks import hooked
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.steps import sample_inputs
from litewright.tools.main import main
from tests.generative.architectures import POSITIONS, build

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "llama"
    build("llama").save_pretrained(folder)
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def unconverted(monkeypatch: pytest.MonkeyPatch) -> None:
    def convert(*_: Any, **__: Any) -> None:
        raise AssertionError("it has begun to convert")

    monkeypatch.setattr(bundling, "convert_checkpoint", convert)


def _refused(
    folder: Path,
    output: Path,
    message: str,
    *,
    prefill_lengths: tuple[int, ...] = (4,),
    cache_length: int = 16,
    **options: Any,
) -> None:
    with pytest.raises(litewright.LitewrightError, match=message):
        export_checkpoint(
            folder, output, prefill_lengths=prefill_lengths, cache_length=cache_length, **options
        )
    assert not output.parent.exists() or not list(output.parent.iterdir())


@pytest.mark.usefixtures("unconverted")
@pytest.mark.parametrize(
    ("prefills", "cache", "message"),
    [
        ((), 16, "at least one; given: none"),
        ((0,), 16, "must be positive, and at least one; given: 0"),
        ((4, -4), 16, "given: 4, -4"),
        ((4,), 0, "a cache of 0 positions holds no token"),
        ((4, 32, 8), 16, "a prefill of 32 tokens does not fit a cache of 16 positions"),
    ],
)
def test_lengths_that_cannot_be_are_refused_before_anything_is_converted(
    prefills: tuple[int, ...],
    cache: int,
    message: str,
    llama: Path,
    out: Path,
) -> None:
    _refused(llama, out / "m.tflite", message, prefill_lengths=prefills, cache_length=cache)


@pytest.mark.usefixtures("unconverted")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent/m.tflite", "there is no folder"),
        ("m.bin", r"must end in \.tflite, \.litertlm, \.task"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_converted(
    name: str, message: str, llama: Path, out: Path
) -> None:
    _refused(llama, out / name, message)


@pytest.mark.slow
def test_order_and_repetition_of_lengths_mean_nothing(llama: Path, out: Path) -> None:
    exported = export_checkpoint(
        llama, out / "m.tflite", prefill_lengths=(8, 4, 8), cache_length=16, proof=False
    )
    assert exported.model.prefill_lengths == (4, 8)
    assert list(exported.model.edge.signatures) == ["decode", "prefill_4", "prefill_8"]


@pytest.mark.slow
@pytest.mark.parametrize("prefills", [(16,), (4, 16), (1,)])
def test_a_prefill_may_be_as_long_as_the_cache(
    prefills: tuple[int, ...], llama: Path, out: Path
) -> None:
    exported = export_checkpoint(llama, out / "m.tflite", prefill_lengths=prefills, cache_length=16)
    assert exported.proof is not None
    assert exported.proof.error < 1e-5


def test_a_cache_of_one_position_is_enough_for_one_token(llama: Path, out: Path) -> None:
    exported = export_checkpoint(llama, out / "m.tflite", prefill_lengths=(1,), cache_length=1)
    assert exported.proof is not None
    assert exported.proof.error < 1e-5


@pytest.mark.parametrize("name", ["gpt2", "opt"])
def test_positions_that_a_table_lacks_are_refused(name: str, tmp_path: Path, out: Path) -> None:
    build(name).save_pretrained(tmp_path / name)
    message = f"a cache of {POSITIONS + 1} positions: the model has a table of {POSITIONS} "
    _refused(tmp_path / name, out / "m.tflite", message, cache_length=POSITIONS + 1)
    export_checkpoint(
        tmp_path / name,
        out / "m.tflite",
        prefill_lengths=(4,),
        cache_length=POSITIONS,
        proof=False,
    )


def test_positions_that_were_not_trained_are_a_warning(llama: Path, out: Path) -> None:
    with pytest.warns(UserWarning, match=f"the model was made for {POSITIONS} "):
        export_checkpoint(
            llama, out / "m.tflite", prefill_lengths=(4,), cache_length=POSITIONS + 1, proof=False
        )


def test_the_command_tells_warnings_in_a_line(llama: Path, out: Path) -> None:
    command = ["export-hf", str(llama), "-o", str(out / "m.tflite"), "--no-proof"]
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = CliRunner().invoke(main, [*command, "--prefill", "4", "--cache", str(POSITIONS + 1)])
    assert done.exit_code == 0, done.output
    first = f"Warning: a cache of {POSITIONS + 1} positions: the model was made for {POSITIONS} "
    assert next(line for line in done.stderr.splitlines() if "positions" in line).startswith(first)


@pytest.mark.slow
def test_the_command_reads_a_text_and_makes_rings(out: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(_FOLDER, tmp_path / "windowed"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "mistral", "sliding_window": 16}
    config["architectures"] = ["MistralForCausalLM"]
    (folder / "config.json").write_text(json.dumps(config))
    text = tmp_path / "text.txt"
    text.write_text("Return a new array of given shape and type, filled with zeros.")
    command = ["export-hf", str(folder), "-o", str(out / "m.tflite"), "--prefill", "8"]
    command += ["--cache", "48", "--ring", "--proof-text"]

    done = CliRunner().invoke(main, [*command, str(tmp_path / "absent.txt")])
    assert done.exit_code == 2
    assert "Invalid value for '--proof-text': cannot read" in done.output
    assert not list(out.iterdir())

    done = CliRunner().invoke(main, [*command, str(text), "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["rings"] == [24]
    assert facts["text"]["tokens"] > 8
    assert facts["text"]["perplexity"] == pytest.approx(facts["text"]["reference_perplexity"], 1e-4)
    assert any("ring of 24" in each["name"] for each in facts["trials"])


def test_caches_of_samples_take_no_memory() -> None:
    """Those of a conversation of a large model are gigabytes, and nothing but their shapes is wanted."""
    checkpoint = open_checkpoint(_FOLDER)
    with hooked(checkpoint.model, 64):
        inputs = sample_inputs(checkpoint.model, 8, 64)
    caches = {name: each for name, each in inputs.items() if name.startswith("kv_cache")}
    assert caches
    assert all(each.is_meta for each in caches.values())
