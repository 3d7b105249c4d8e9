"""The pretrained sentence encoder, from its package's folder to LiteRT."""

from pathlib import Path

import pytest
import torch

import litewright
from tests.models.encoder import SENTENCES, sentence_encoder, tokenize
from tests.support.agreement import assert_agrees
from tests.support.slow import slow_but


@pytest.mark.parametrize(("batch", "length"), slow_but(((6, 24),), ((1, 16), (6, 24), (2, 128))))
def test_equals_eager_at_other_batches_and_lengths(batch: int, length: int, tmp_path: Path) -> None:
    encoder = sentence_encoder()
    inputs = tokenize(SENTENCES[:batch], length)
    model = litewright.convert(encoder, (), inputs)
    other = tokenize(SENTENCES[-batch:], length)
    assert_agrees(model, encoder, inputs, tmp_path)
    assert_agrees(model, encoder, other, tmp_path)


def test_neighbours_are_what_the_sentences_mean() -> None:
    encoder = sentence_encoder()
    inputs = tokenize(SENTENCES, 24)
    model = litewright.convert(encoder, (), inputs)
    embeddings = torch.from_numpy(model(inputs["input_ids"], inputs["attention_mask"]))
    similarity = embeddings @ embeddings.T - 2 * torch.eye(len(SENTENCES))
    assert similarity.argmax(1)[:4].tolist() == [1, 0, 3, 2]
