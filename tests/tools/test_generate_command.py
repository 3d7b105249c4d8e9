"""`litewright generate` and `litewright bundle` on the small trained model, as a user types them."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from click.testing import CliRunner, Result

from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.tools.main import main

_FOLDER = Path(__file__).parents[1] / "data" / "docs-llama"
_LIBRARY: Any = transformers
_PROMPT = "Return a new array of"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generate") / "docs.litertlm"
    export_checkpoint(_FOLDER, path, prefill_lengths=(8,), cache_length=64, proof=False)
    return path


def _run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=stdin)


def _text(bundle: Path, *options: object) -> str:
    """What is written on the prompt, 24 tokens at most."""
    command = ("generate", bundle, "--prompt", _PROMPT, "--tokens", 24, "--quiet", *options)
    done = _run(*command)
    assert done.exit_code == 0, done.output
    assert not done.stderr
    return done.stdout.removesuffix("\n")


def _by_torch(**options: Any) -> str:
    tokenizer = _LIBRARY.AutoTokenizer.from_pretrained(_FOLDER)
    model = _LIBRARY.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    tokens = tokenizer(_PROMPT, return_tensors="pt")
    made = model.generate(**tokens, max_new_tokens=24, do_sample=False, **options)
    return tokenizer.decode(made[0, tokens.input_ids.shape[1] :], skip_special_tokens=True)


def test_text_is_greedy_unless_asked(bundle: Path) -> None:
    greedy = _text(bundle)
    assert greedy == _by_torch()
    for options in (("--top-k", 1), ("--top-p", 1e-6)):
        assert _text(bundle, "--temperature", 2.0, "--seed", 3, *options) == greedy


def test_a_repetition_penalty_is_that_of_transformers(bundle: Path) -> None:
    penalised = _text(bundle, "--repetition-penalty", 1.8)
    assert penalised == _by_torch(repetition_penalty=1.8)
    assert penalised != _text(bundle)


def test_equal_seeds_write_equal_texts(bundle: Path) -> None:
    one, again, other = (_text(bundle, "--temperature", 1.5, "--seed", seed) for seed in (5, 5, 6))
    assert one == again != other


def test_a_stop_text_ends_the_answer_and_is_left_out(bundle: Path) -> None:
    greedy = _text(bundle)
    stop = greedy[len(greedy) // 2 :][:6]
    assert _text(bundle, "--stop", "never said", "--stop", stop) == greedy[: greedy.index(stop)]


def test_the_speed_of_both_is_told_beside_the_text(bundle: Path) -> None:
    done = _run("generate", bundle, "--prompt", "-", "--tokens", 5, stdin=_PROMPT)
    assert done.exit_code == 0, done.output
    assert _by_torch().startswith(done.stdout.removesuffix("\n"))
    assert "prefill 4 tokens, " in done.stderr
    assert "decode 5 tokens, " in done.stderr


def test_text_comes_piece_by_piece(bundle: Path) -> None:
    generator = TextGenerator(bundle)
    pieces = generator.generate(_PROMPT, limit=40)
    first = next(pieces)
    assert generator.speed.decoded < 4
    assert len(first + "".join(pieces)) > len(first)


def test_what_only_encoder_decoders_take_is_refused(bundle: Path) -> None:
    done = _run("generate", bundle, "--prompt", "x", "--begin", "y")
    assert done.exit_code == 2
    assert "--audio and --begin are for encoder-decoders" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--prompt", ""), "give at least one token"),
        (("--prompt", "array " * 64), "do not fit a cache of 64"),
        (("--prompt", "x", "--stop", ""), "an empty stop text"),
        (("--prompt", "x", "--seed", -1), "seed must be 0 or more"),
        (("--prompt", "x", "--top-k", -1), "top_k must be"),
        (("--prompt", "x", "--tokenizer", "absent"), "no such tokenizer"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(
    bundle: Path, options: tuple[object, ...], told: str
) -> None:
    done = _run("generate", bundle, *options)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_a_bundle_is_shown_and_taken_apart(bundle: Path, tmp_path: Path) -> None:
    done = _run("bundle", "inspect", bundle, "--extract", tmp_path / "parts")
    assert done.exit_code == 0, done.output
    assert "max_num_tokens: 64" in done.stdout
    tokenizer = tmp_path / "parts" / "tokenizer.json"
    assert tokenizer.read_bytes() == (_FOLDER / "tokenizer.json").read_bytes()
    model = tmp_path / "parts" / "model.tflite"
    assert _text(model, "--tokenizer", tokenizer.parent) == _text(bundle)
    without = _run("generate", model, "--prompt", _PROMPT)
    assert (without.exit_code, "name its tokenizer.json" in without.stderr) == (1, True)


@pytest.mark.parametrize("command", ["generate", "inspect"])
def test_a_bundle_cut_short_is_one_clear_error(bundle: Path, tmp_path: Path, command: str) -> None:
    cut = tmp_path / "cut.litertlm"
    cut.write_bytes(bundle.read_bytes()[:1_000_000])
    given = {
        "generate": ("generate", cut, "--prompt", "x"),
        "inspect": ("bundle", "inspect", cut, "--extract", tmp_path / "parts"),
    }
    done = _run(*given[command])
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert "cut short or damaged" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["cut.litertlm"]
