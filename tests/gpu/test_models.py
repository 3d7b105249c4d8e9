"""Whole models with every op on the GPU, against eager torch, for both targets of the GPU."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.inspect import survey
from litewright.compiler.ir import mlir
from litewright.compiler.targets import target_named
from tests.gpu.device import Host, run_on_gpu
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.models.encoder import SENTENCES, sentence_encoder, tokenize
from tests.models.resnet import randomise_batch_norms, resnet18
from tests.support.agreement import eager
from tests.support.tolerances import assert_close

pytestmark = pytest.mark.gpu

HOSTS: dict[str, Host] = {"gpu": "litert", "litert-lm-gpu": "litert-lm"}
Inputs = Mapping[str, Tensor]


@pytest.fixture(params=list(HOSTS))
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def assert_all_on_gpu(
    model: EdgeModel, cases: Mapping[str, tuple[nn.Module, Inputs]], target: str, folder: Path
) -> None:
    """Asserts that every op of every signature runs on the GPU and that all outputs equal eager torch."""
    with mlir.use(model.program.context):
        facts = survey(model.program, target_named(target))
    assert not [left for signature in facts.signatures for left in signature.not_delegated]
    path = folder / "model.tflite"
    model.export(path)
    given = {
        f"{signature}/{name}": tensor.numpy()
        for signature, (_, inputs) in cases.items()
        for name, tensor in inputs.items()
    }
    made = run_on_gpu(path, given, HOSTS[target])
    assert made.accelerated, made.complaint
    for signature, (module, inputs) in cases.items():
        for name, wanted in eager(module, inputs).items():
            assert_close(made.outputs[f"{signature}/{name}"], wanted.numpy(), "GPU model")


def test_resnet(target: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = randomise_batch_norms(resnet18()).eval()
    inputs = {"x": torch.randn(1, 3, 64, 64)}
    model = litewright.convert(module, tuple(inputs.values()), target=target)
    assert_all_on_gpu(model, {"serving_default": (module, inputs)}, target, tmp_path)


@pytest.mark.parametrize(("batch", "length"), [(1, 16), (2, 24)])
def test_sentence_encoder(batch: int, length: int, target: str, tmp_path: Path) -> None:
    module = sentence_encoder()
    inputs = tokenize(SENTENCES[:batch], length)
    model = litewright.convert(module, (), inputs, target=target)
    assert_all_on_gpu(model, {"serving_default": (module, inputs)}, target, tmp_path)


def test_transformer_layer_of_torch(target: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True, norm_first=True).eval()
    inputs = {"src": torch.randn(2, 10, 32)}
    model = litewright.convert(module, (), inputs, target=target)
    assert_all_on_gpu(model, {"serving_default": (module, inputs)}, target, tmp_path)


class Weights(nn.Module):
    """A table and filters too large to be constants: the table is read twice, the filters in groups."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(300, 96))
        self.grouped = nn.Conv2d(256, 256, 3, padding=1, groups=8)

    def forward(self, x: Tensor, image: Tensor) -> dict[str, Tensor]:
        return {"rows": (x + self.table) * self.table, "image": self.grouped(image)}


def test_weights_that_the_delegate_would_misread(target: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Weights().eval()
    inputs = {"x": torch.randn(300, 96), "image": torch.randn(1, 256, 6, 6)}
    model = litewright.convert(module, (), inputs, target=target)
    assert_all_on_gpu(model, {"serving_default": (module, inputs)}, target, tmp_path)


@pytest.mark.parametrize("tied", [True, False])
def test_decoder(tied: bool, target: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    decoder = Decoder(DecoderConfig.tiny(cache_length=64, tied=tied))
    config = decoder.config
    prefill = Prefill(decoder)
    model = (
        litewright.signature("prefill", prefill, (), config.sample_inputs(12))
        .signature("decode", decoder, (), config.sample_inputs(1))
        .convert(target=target)
    )
    tokens = torch.randint(0, config.vocab_size, (1, 12))
    caches = {name: torch.randn(shape) for name, shape in config.cache_shapes().items()}
    cases: dict[str, tuple[nn.Module, Inputs]] = {
        "prefill": (prefill, {**config.step_inputs(tokens, 3), **caches}),
        "decode": (decoder, {**config.step_inputs(tokens[:, :1], 17), **caches}),
    }
    assert_all_on_gpu(model, cases, target, tmp_path)
