"""The engine of LiteRT-LM gives our base models adapters, and writes what our own runner writes with them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from click.testing import CliRunner
from safetensors.torch import save_file

import litewright
from litewright.generative.bundle.adapter import export_adapter
from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.adapter_inputs import AdapterInputs
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.tools.commands.bundle import command

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "tests" / "data" / "docs-llama"
_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj")
_PROMPT = "Return a new array of"


@pytest.fixture(name="bundle", scope="module")
def _bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "docs.litertlm"
    wanted = AdapterInputs(16, _TARGETS)
    export_checkpoint(
        _FOLDER, path, prefill_lengths=(16,), cache_length=96, proof=False, lora_inputs=wanted
    )
    return path


@pytest.fixture(name="adapter", scope="module")
def _adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of rank 4, in the layout of peft."""
    library: Any = transformers
    model = library.AutoModelForCausalLM.from_pretrained(_FOLDER, dtype=torch.float32)
    generator = torch.Generator().manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}
    for name, module in model.named_modules():
        if name.endswith(_TARGETS):
            outputs, inputs = module.weight.shape
            prefix = f"base_model.model.{name}"
            a = torch.randn(4, inputs, generator=generator)
            tensors[f"{prefix}.lora_A.weight"] = a * 0.05
            b = torch.randn(outputs, 4, generator=generator)
            tensors[f"{prefix}.lora_B.weight"] = b * 0.1
    folder = tmp_path_factory.mktemp("adapter")
    save_file(tensors, folder / "adapter_model.safetensors")
    told = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
    (folder / "adapter_config.json").write_text(json.dumps(told))
    return folder


def _by_engine(bundle: Path, lora: Path) -> str:
    worker = ("-m", "tests.generative.engine_worker", "--lora", str(lora))
    command = [sys.executable, *worker, str(bundle), _PROMPT]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_the_engine_writes_what_our_runner_writes(
    bundle: Path, adapter: Path, tmp_path: Path
) -> None:
    export_adapter(bundle, tmp_path / "none.tflite")
    arguments = ["adapter", str(bundle), str(adapter), "-o", str(tmp_path / "own.tflite")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output

    answers: list[str] = []
    for given, file in ((None, "none.tflite"), (adapter, "own.tflite")):
        answer = _by_engine(bundle, tmp_path / file)
        expected = "".join(TextGenerator(bundle, adapter=given).generate(_PROMPT))
        # The engine stops a token before the cache is full.
        assert len(answer) > 50
        assert expected.startswith(answer)
        answers.append(answer)
    assert answers[0] != answers[1]


@pytest.mark.slow
def test_what_the_engine_does_not_take_is_refused(tmp_path: Path) -> None:
    def refused(message: str, wanted: AdapterInputs) -> None:
        with pytest.raises(litewright.UserError, match=message):
            export_checkpoint(
                _FOLDER, tmp_path / "base.litertlm", cache_length=256, lora_inputs=wanted
            )
        assert list(tmp_path.iterdir()) == []

    refused("takes adapters of rank 16 or 32, not 8", AdapterInputs(8, ("q_proj",)))
    refused("not for model.layers.0.mlp.up_proj", AdapterInputs(16, ("up_proj", "q_proj")))


def test_a_model_without_inputs_for_adapters_is_told(tmp_path: Path, adapter: Path) -> None:
    path = tmp_path / "plain.tflite"
    export_checkpoint(_FOLDER, path, prefill_lengths=(16,), cache_length=64, proof=False)
    with pytest.raises(litewright.UserError, match="takes no adapters"):
        export_adapter(path, tmp_path / "adapter.tflite", adapter)
    litewright.convert(torch.nn.ReLU(), (torch.ones(2),)).export(path)
    with pytest.raises(litewright.UserError, match="no language model"):
        export_adapter(path, tmp_path / "adapter.tflite")
    assert not (tmp_path / "adapter.tflite").exists()
