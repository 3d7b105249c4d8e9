"""The models that are not decoders export, and compute something that tells."""

import pytest
import torch
from torch import Tensor, nn

from tests.models import encoder, resnet


def _assert_exports(module: nn.Module, inputs: dict[str, Tensor]) -> None:
    program = torch.export.export(module, (), inputs, strict=False)
    with torch.inference_mode():
        torch.testing.assert_close(program.module()(**inputs), module(**inputs))


def test_resnet() -> None:
    module = resnet.randomise_batch_norms(resnet.resnet18(num_classes=10, width=8))
    _assert_exports(module, {"x": torch.randn(1, 3, 64, 64)})


def test_randomised_batch_norms_change_every_statistic() -> None:
    fresh = resnet.resnet18(num_classes=10, width=8).state_dict()
    other = resnet.randomise_batch_norms(resnet.resnet18(num_classes=10, width=8)).state_dict()
    names = [name for name in fresh if ".bn" in name or "downsample.1" in name]
    changed = [name for name in names if not name.endswith("num_batches_tracked")]
    assert changed
    assert not any(torch.equal(fresh[name], other[name]) for name in changed)


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_bert(attention: str) -> None:
    pytest.importorskip("transformers")
    sizes = {"num_hidden_layers": 1, "hidden_size": 48, "intermediate_size": 64, "vocab_size": 99}
    module = encoder.bert_base(attention, **sizes)
    tokens = torch.randint(99, (2, 12), dtype=torch.int32)
    mask = (torch.arange(12)[None] < torch.tensor([[12], [7]])).to(torch.int32)
    _assert_exports(module, {"input_ids": tokens, "attention_mask": mask})


def test_sentence_encoder_knows_what_is_alike() -> None:
    pytest.importorskip("transformers")
    pytest.importorskip(encoder.PACKAGE)
    module = encoder.sentence_encoder()
    with torch.inference_mode():
        vectors = module(**encoder.tokenize(encoder.SENTENCES, 32))
    likeness = vectors @ vectors.T - 2 * torch.eye(len(vectors))
    assert likeness.argmax(1)[:4].tolist() == [1, 0, 3, 2]
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
