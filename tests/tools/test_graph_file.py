"""Commands that look into models take bundles of them too."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import litewright
from litewright.generative.bundle.metadata import LanguageFacts
from litewright.generative.bundle.writing import write_litertlm, write_task
from litewright.tools.main import main
from tests.generative.small_tokenizers import write_sentencepiece


@pytest.fixture(name="model", scope="module")
def _model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "model.tflite"
    torch.manual_seed(0)
    litewright.convert(torch.nn.Linear(64, 48).eval(), (torch.ones(2, 64),)).export(path)
    return path


@pytest.fixture(name="bundle", scope="module", params=["m.litertlm", "m.task"])
def _bundle(request: pytest.FixtureRequest, model: Path) -> Path:
    path = model.parent / request.param
    write_sentencepiece(model.parent)
    tokenizer = model.parent / "tokenizer.model"
    metadata = LanguageFacts(1, (2,), 128, "").to_metadata()
    if path.suffix == ".litertlm":
        write_litertlm(path, model=model, tokenizer=tokenizer, metadata=metadata, facts={})
    else:
        write_task(path, model=model, tokenizer=tokenizer, metadata=metadata)
    return path


def _told(*arguments: object) -> str:
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("command", [("inspect",), ("inspect", "--weights"), ("run", "--seed=3")])
def test_the_same_is_told(model: Path, bundle: Path, command: tuple[str, ...]) -> None:
    assert _told(*command, bundle) == _told(*command, model)


def test_a_bundle_is_compared_and_timed(model: Path, bundle: Path) -> None:
    assert "nothing differs" in _told("diff", bundle, model)
    assert bundle.name in _told("bench", bundle, "--seconds=0.01").replace("\n", "")


def test_passes_run_on_it(model: Path, bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "small.tflite"
    _told("opt", bundle, "--quantize", "weight_only_int8", "-o", output)
    stored = {
        path: json.loads(_told("inspect", path, "--weights", "--json")) for path in (model, output)
    }
    assert [[each["dtype"] for each in of["weights"]] for of in stored.values()] == [
        ["f32"],
        ["qi8"],
    ]


def test_one_that_is_cut_short_is_refused(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / bundle.name
    path.write_bytes(bundle.read_bytes()[:100])
    result = CliRunner().invoke(main, ["inspect", str(path)])
    assert result.exit_code == 1
    assert path.name in result.stderr.replace("\n", "")
