"""What a checkpoint folder holds is read from its descriptions."""

import json
from pathlib import Path
from typing import Any

import pytest
import transformers

import litewright
from litewright.generative.huggingface.kinds import Kind, kind_of
from tests.generative.architectures import CONFIGS


@pytest.mark.parametrize("name", CONFIGS)
def test_decoders_are_causal(name: str, tmp_path: Path) -> None:
    kind, sizes = CONFIGS[name]
    library: Any = transformers
    getattr(library, kind)(**sizes).save_pretrained(tmp_path)
    assert kind_of(tmp_path) is Kind.CAUSAL


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "bert"}, Kind.ENCODER),
        ({"model_type": "bert", "architectures": ["BertLMHeadModel"]}, Kind.CAUSAL),
        ({"model_type": "bert", "is_decoder": True}, Kind.CAUSAL),
        ({"model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"]}, Kind.ENCODER),
        ({"model_type": "clip_text_model"}, Kind.ENCODER),
        ({"model_type": "llama", "architectures": ["LlamaModel"]}, Kind.CAUSAL),
        ({"model_type": "t5", "is_encoder_decoder": True}, Kind.ENCODER_DECODER),
        (
            {"model_type": "t5", "is_encoder_decoder": True, "architectures": ["T5EncoderModel"]},
            Kind.ENCODER,
        ),
        ({"model_type": "whisper", "is_encoder_decoder": True}, Kind.ENCODER_DECODER),
    ],
)
def test_others(config: dict[str, Any], expected: Kind, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert kind_of(tmp_path) is expected


def test_a_folder_of_sentence_transformers_is_an_encoder_whatever_it_is_made_of(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "qwen3"}')
    (tmp_path / "modules.json").write_text("[]")
    assert kind_of(tmp_path) is Kind.ENCODER


def test_no_config_is_told(tmp_path: Path) -> None:
    with pytest.raises(litewright.UserError, match=r"there is no config\.json"):
        kind_of(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(litewright.UserError, match="no JSON"):
        kind_of(tmp_path)
