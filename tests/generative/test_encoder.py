"""Sentence encoders with pooling in the graph, beside PyTorch; one of them with real weights."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import litewright
from litewright.generative.huggingface.encoder import check_encoder, convert_encoder
from tests.models.encoder import sentence_encoder, sentence_encoder_folder
from tests.support.tolerances import TOLERANCES, relative_error


def _folder(root: Path, mode: str | None = None) -> Path:
    library: Any = transformers
    torch.manual_seed(4)
    config = library.BertConfig(
        vocab_size=97,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    library.BertModel(config).save_pretrained(root)
    if mode is not None:
        (root / "1_Pooling").mkdir()
        (root / "1_Pooling" / "config.json").write_text(json.dumps({mode: True}))
        (root / "modules.json").write_text("[]")
    return root


def _inputs(length: int, filled: int, vocabulary: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(length)
    ids = torch.randint(0, vocabulary, (1, length), generator=generator, dtype=torch.int32)
    return ids, (torch.arange(length) < filled).to(torch.int32)[None]


def test_real_weights_at_two_lengths(tmp_path: Path) -> None:
    encoder = convert_encoder(sentence_encoder_folder(), lengths=(32, 16))
    encoder.edge.export(tmp_path / "encoder.tflite")
    stored = (sentence_encoder_folder() / "model.safetensors").stat().st_size
    reference = sentence_encoder()

    assert encoder.lengths == (16, 32)
    for length in encoder.lengths:
        ids, mask = _inputs(length, length - 5, 30000)
        with torch.no_grad():
            expected = reference(ids, mask).numpy()
        name = f"encode_{length}"
        actual = encoder.edge(input_ids=ids, attention_mask=mask, signature_name=name)
        assert relative_error(actual, expected) <= TOLERANCES["float32 model"]
    assert check_encoder(encoder) <= TOLERANCES["float32 model"]
    assert (tmp_path / "encoder.tflite").stat().st_size < 1.1 * stored


def test_the_folder_says_how_to_pool(tmp_path: Path) -> None:
    encoder = convert_encoder(_folder(tmp_path, "pooling_mode_cls_token"), lengths=(8,))
    ids, mask = _inputs(8, 5, 97)
    with torch.no_grad():
        states = encoder.module.model(input_ids=ids, attention_mask=mask).last_hidden_state

    actual = np.asarray(encoder.edge(input_ids=ids, attention_mask=mask))

    assert relative_error(actual, states[:, 0].numpy()) <= TOLERANCES["float32 model"]
    assert abs(np.linalg.norm(actual) - 1) > 0.1


def test_a_model_that_says_something_else_is_refused(tmp_path: Path) -> None:
    encoder = convert_encoder(_folder(tmp_path), lengths=(8,))
    encoder.module.pooling = "cls"

    with pytest.raises(litewright.UserError, match="embeddings are off"):
        check_encoder(encoder)


def test_other_poolings_and_lengths_are_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "pooling_mode_max_tokens")

    with pytest.raises(litewright.UserError, match="not pooling_mode_max_tokens"):
        convert_encoder(folder)
    with pytest.raises(litewright.UserError, match="65 tokens are more than the 64 positions"):
        convert_encoder(folder, pooling="mean", lengths=(65,))
    with pytest.raises(litewright.UserError, match=r"there is no config\.json"):
        convert_encoder(tmp_path / "1_Pooling" / "none")
