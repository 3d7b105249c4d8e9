"""Whole models and modules: captured, lowered, run on XLA, against eager torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from litewright.compiler.capture import capture
from litewright.compiler.ir import mlir
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.models.encoder import SENTENCES, sentence_encoder, tokenize
from tests.models.resnet import randomise_batch_norms, resnet18
from tests.support.slow import slow_but
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


def _assert_agrees(
    module: nn.Module, inputs: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    program = capture("main", module, (), inputs, kept=supported_ops())
    context = mlir.make_context()
    with mlir.use(context):
        lowered = lower([program], context)
        assert lowered.module.operation.verify()
        arrays = {name: tensor.detach().numpy() for name, tensor in inputs.items()}
        results = run_program(lowered, arrays)
    assert list(results) == list(expected)
    for name, tensor in expected.items():
        assert_close(results[name], tensor.detach().numpy(), "float32 model")


def test_resnet() -> None:
    torch.manual_seed(0)
    module = randomise_batch_norms(resnet18(width=16))
    x = torch.randn(2, 3, 96, 64)
    _assert_agrees(module, {"x": x}, {"output_0": module(x)})


@pytest.mark.parametrize("length", slow_but((9,), (9, 24)))
def test_sentence_encoder(length: int) -> None:
    module = sentence_encoder()
    inputs = tokenize(SENTENCES[:3], length)
    _assert_agrees(module, inputs, {"output_0": module(**inputs)})


@pytest.mark.slow
def test_decoder() -> None:
    torch.manual_seed(0)
    config = DecoderConfig.tiny(layers=3, tied=True)
    decoder = Decoder(config)
    prefill = Prefill(decoder)
    inputs = {**config.step_inputs(torch.tensor([[3, 1, 4, 1, 5]]), 0), **config.empty_caches()}
    caches = prefill(**inputs)
    _assert_agrees(prefill, inputs, caches)
    step = {**config.step_inputs(torch.tensor([[9]]), 5), **caches}
    _assert_agrees(decoder, step, decoder(**step))


class Applied(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, **inputs: Tensor) -> dict[str, Tensor]:
        made = self.function(*inputs.values())
        results = (made,) if isinstance(made, Tensor) else tuple(made)
        return {str(number): tensor for number, tensor in enumerate(results)}


def _assign(x: Tensor) -> Tensor:
    y = x.clone()
    y[1:3, ::2] = 7.0
    y[:, -1] += 1
    return y


_IMAGE = (1, 3, 8, 7)
# What has no rule of its own: torch decomposes it, into ops that have.
_DECOMPOSED: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "einsum": (lambda x, y: torch.einsum("bij,bkj->bki", x, y), ((2, 3, 4), (2, 5, 4))),
    "tensordot": (lambda x, y: torch.tensordot(x, y, 2), ((2, 3, 4), (3, 4, 5))),
    "kron": (torch.kron, ((2, 3), (4, 5))),
    "cross": (torch.linalg.cross, ((4, 3), (4, 3))),
    "one_hot": (lambda x: F.one_hot(x.abs().long().clamp(0, 4), 5).float(), ((6,),)),
    "rot90": (lambda x: torch.rot90(x, 1, (0, 1)), ((3, 4),)),
    "meshgrid": (lambda x, y: torch.meshgrid(x, y, indexing="ij"), ((3,), (4,))),
    "diff": (lambda x: torch.diff(x, dim=1), ((3, 6),)),
    "cosine_similarity": (F.cosine_similarity, ((3, 6), (3, 6))),
    "pairwise_distance": (F.pairwise_distance, ((3, 6), (3, 6))),
    "cdist": (torch.cdist, ((2, 4, 5), (2, 3, 5))),
    "normalize": (F.normalize, ((3, 6),)),
    "local_response_norm": (lambda x: F.local_response_norm(x, 2), (_IMAGE,)),
    "instance_norm": (F.instance_norm, (_IMAGE,)),
    "bicubic": (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), (_IMAGE,)),
    "nearest-exact": (lambda x: F.interpolate(x, (5, 9), mode="nearest-exact"), (_IMAGE,)),
    "area": (lambda x: F.interpolate(x, (4, 3), mode="area"), (_IMAGE,)),
    "linear": (lambda x: F.interpolate(x, 9, mode="linear"), ((1, 2, 5),)),
    "trilinear": (lambda x: F.interpolate(x, (4, 5, 6), mode="trilinear"), ((1, 2, 3, 3, 3),)),
    "nearest 1d": (lambda x: F.interpolate(x, 9), ((1, 2, 5),)),
    "nearest 3d": (lambda x: F.interpolate(x, (4, 5, 6)), ((1, 2, 3, 3, 3),)),
    "unfold": (lambda x: F.unfold(x, 3, padding=1), (_IMAGE,)),
    "fold": (lambda x: F.fold(x, (4, 5), (2, 2)), ((1, 12, 12),)),
    "channel_shuffle": (lambda x: F.channel_shuffle(x, 2), ((1, 4, 3, 3),)),
    "grid_sample": (lambda x, g: F.grid_sample(x, g, align_corners=False), (_IMAGE, (1, 4, 4, 2))),
    "affine_grid": (lambda t: F.affine_grid(t, [1, 1, 3, 4], align_corners=True), ((1, 2, 3),)),
    "lp_pool": (lambda x: F.lp_pool2d(x.abs(), 2.0, 2), (_IMAGE,)),
    "softmin": (lambda x: F.softmin(x, 1), ((3, 5),)),
    "tanhshrink": (F.tanhshrink, ((3, 5),)),
    "softsign": (F.softsign, ((3, 5),)),
    "logit": (lambda x: torch.logit(torch.sigmoid(x)), ((3, 5),)),
    "std_mean": (lambda x: torch.std_mean(x, dim=1), ((3, 5),)),
    "aminmax": (lambda x: torch.aminmax(x, dim=1), ((3, 5),)),
    "nansum": (torch.nansum, ((3, 5),)),
    "trace": (torch.trace, ((4, 4),)),
    "bilinear": (F.bilinear, ((2, 3), (2, 4), (5, 3, 4))),
    "take_along_dim": (lambda x: torch.take_along_dim(x, x.argsort(1), 1), ((3, 5),)),
    "masked fill in place": (lambda x: x.clone().masked_fill_(x > 0, 0.5), ((3, 5),)),
    "slice assignment": (_assign, ((4, 5),)),
    "where one": (lambda x: x.clamp(min=0).pow(2).mean((0, 1), keepdim=True), ((4, 5),)),
}


@pytest.mark.parametrize("name", _DECOMPOSED)
def test_decomposed(name: str) -> None:
    function, shapes = _DECOMPOSED[name]
    generator = torch.Generator().manual_seed(3)
    inputs = {f"x{i}": torch.randn(s, generator=generator) for i, s in enumerate(shapes)}
    module = Applied(function).eval()
    _assert_agrees(module, inputs, module(**inputs))


_MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...]]] = {
    "LSTM": (lambda: nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), ((2, 3, 4),)),
    "GRU": (lambda: nn.GRU(4, 5), ((3, 2, 4),)),
    "RNN": (lambda: nn.RNN(4, 5), ((3, 2, 4),)),
    "MultiheadAttention": (lambda: nn.MultiheadAttention(8, 2, batch_first=True), ((2, 5, 8),) * 3),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), ((2, 5, 8),)),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(8, 2, 16), ((5, 2, 8), (7, 2, 8))),
    "weight_norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), ((2, 4),)),
    "spectral_norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3)), ((2, 4),)),
}  # fmt: skip


@pytest.mark.parametrize("name", _MODULES)
def test_modules(name: str) -> None:
    make, shapes = _MODULES[name]
    torch.manual_seed(0)
    module = make().eval()
    inputs = {f"x{i}": torch.randn(s) for i, s in enumerate(shapes)}
    first = Applied(lambda *tensors: _tensors(module(*tensors)))
    first.module = module
    _assert_agrees(first.eval(), inputs, first(**inputs))


def _tensors(result: Any) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    return [tensor for each in result for tensor in _tensors(each)] if result is not None else []


def test_composites_that_differ_in_factors_alone() -> None:
    def function(x: Tensor) -> list[Tensor]:
        return [
            F.interpolate(x, scale_factor=s, mode="bilinear", recompute_scale_factor=False)
            for s in (1.3, 1.4)
        ]

    x = torch.randn(1, 2, 4, 4)
    _assert_agrees(Applied(function), {"x": x}, Applied(function)(x=x))
