"""Models whose own code fails in PyTorch, while they are the reference: one error, with the line, and no file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from click.testing import CliRunner
from torch import Tensor, nn

import litewright
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.eager import run_eagerly
from litewright.generative.huggingface.encoder_decoder_export import export_encoder_decoder
from litewright.generative.huggingface.encoder_export import export_encoder
from litewright.generative.huggingface.loading import open_checkpoint
from litewright.generative.huggingface.reference import reference_logits
from litewright.tools.main import main
from tests.generative.architectures import build
from tests.generative.encoder_decoders import save

_LIBRARY: Any = transformers
_SHORT: dict[str, Any] = {"prefill_lengths": (4,), "cache_length": 16}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Latent attention makes a key for every query head; told of fewer, the model repeats them, and they do not fit."""
    config = _LIBRARY.MiniCPM3Config(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        q_lora_rank=8,
        kv_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=4,
        v_head_dim=6,
    )
    torch.manual_seed(0)
    _LIBRARY.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path / "broken")
    (tmp_path / "out").mkdir()
    return tmp_path / "broken"


def test_a_model_that_fails_in_pytorch_is_named_with_its_line(broken: Path) -> None:
    out = broken.parent / "out"
    with pytest.raises(litewright.UserError) as raised:
        export_checkpoint(broken, out / "m.tflite", **_SHORT)
    message = str(raised.value)
    place = r"model\.layers\.0\.self_attn \(MiniCPM3Attention, /\S+/modeling_minicpm3\.py:\d+\)"
    assert re.search(rf"at {place}: RuntimeError: The size of tensor a", message), message
    assert "--no-proof" in message
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert not list(out.iterdir())


def test_it_can_be_had_without_the_comparison(broken: Path) -> None:
    output = broken.parent / "out" / "m.tflite"
    lengths = ["--prefill", "4", "--cache", "16"]
    result = CliRunner().invoke(
        main, ["export-hf", str(broken), "-o", str(output), *lengths, "--no-proof"]
    )
    assert result.exit_code == 0, result.output
    assert output.is_file()


def _failing(forward: Callable[..., Any]) -> Callable[..., Any]:
    """A module's code that cannot compute with numbers, and can be captured."""

    def fail_on_numbers(self: nn.Module, states: Tensor, *args: Any, **options: Any) -> Any:
        if type(states) is Tensor:
            raise ValueError("no numbers, please\n\nA paragraph more")
        return forward(self, states, *args, **options)

    return fail_on_numbers


def _export_bert(folder: Path, output: Path) -> None:
    config = _LIBRARY.BertConfig(
        vocab_size=97,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
    )
    _LIBRARY.BertModel(config).save_pretrained(folder)
    export_encoder(folder, output, lengths=(8,))


def _export_t5(folder: Path, output: Path) -> None:
    save("t5", folder)
    export_encoder_decoder(folder, output, encoder_lengths=(8,), cache_length=8)


@pytest.mark.parametrize(
    ("export", "module", "path"),
    [
        (_export_bert, "bert.modeling_bert.BertIntermediate", "model.encoder.layer.0.intermediate"),
        (_export_t5, "t5.modeling_t5.T5LayerFF", "encoder.block.0.layer.1"),
    ],
)
def test_encoders_are_told_of_alike(
    export: Callable[[Path, Path], None],
    module: str,
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, _, kind = module.rpartition(".")
    owner: Any = getattr(__import__(f"transformers.models.{name}", fromlist=[kind]), kind)
    monkeypatch.setattr(owner, "forward", _failing(owner.forward))
    (tmp_path / "out").mkdir()
    with pytest.raises(litewright.UserError) as raised:
        export(tmp_path / "model", tmp_path / "out" / "m.tflite")
    lines = Path(__file__).read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.strip().startswith("raise ValueError"))
    place = f"at {path} ({kind}, {__file__}:{line}): ValueError: no numbers, please\n"
    assert place in str(raised.value)
    assert "paragraph" not in str(raised.value)
    assert not list((tmp_path / "out").iterdir())


def test_what_forward_does_not_take_is_no_raw_error() -> None:
    with pytest.raises(litewright.UserError, match=r"at \(the top module\) \(Linear\): TypeError"):
        run_eagerly(nn.Linear(2, 2), states=torch.zeros(2))


def test_errors_of_callers_stay_what_they_are(tmp_path: Path) -> None:
    build("llama").save_pretrained(tmp_path)

    def stop(*_: Any) -> None:
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        reference_logits(open_checkpoint(tmp_path), [3, 4], [1], stop)
