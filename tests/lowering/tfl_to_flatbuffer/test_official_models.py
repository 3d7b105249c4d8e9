"""Whole models: the official dialect takes our dumps, and its exporter's file computes what ours does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.ir import mlir
from tests.lowering.tfl_to_flatbuffer.programs import Array, operators, run
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.models.resnet import randomise_batch_norms, resnet18
from tests.support.environments import ORACLE, run_script
from tests.support.official import official_text

pytestmark = [pytest.mark.oracle, pytest.mark.slow]

_WORKER = Path(__file__).parents[2] / "support" / "oracle_worker.py"


def _resnet() -> EdgeModel:
    module = randomise_batch_norms(resnet18()).eval()
    return litewright.convert(module, (torch.zeros(1, 3, 64, 64),))


def _decoder() -> EdgeModel:
    decoder = Decoder(DecoderConfig.tiny(cache_length=32))
    prefill, decode = decoder.config.sample_inputs(8), decoder.config.sample_inputs(1)
    signatures = litewright.signature("prefill", Prefill(decoder), (), prefill)
    return signatures.signature("decode", decoder, (), decode).convert()


_MODELS: dict[str, Callable[[], EdgeModel]] = {"resnet": _resnet, "decoder": _decoder}


@pytest.fixture(scope="module", params=_MODELS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model: `ours.tflite`, as a whole by the oracle, and its dump by the oracle."""
    torch.manual_seed(0)
    model = _MODELS[request.param]()
    path = tmp_path_factory.mktemp(request.param)
    with mlir.use(model.program.context):
        (path / "whole.mlir").write_text(official_text(model.program))
        dump = model.program.module.operation.get_asm(enable_debug_info=True)
        (path / "dump.mlir").write_text(dump)
    assert run_script(ORACLE, _WORKER, path) == 0
    model.export(path / "ours.tflite")
    return path


def _inputs(path: Path, signature: str) -> dict[str, Array]:
    from ai_edge_litert.interpreter import Interpreter

    random = np.random.default_rng(0)
    details = Interpreter(str(path)).get_signature_runner(signature).get_input_details()
    return {
        name: random.integers(0, 4, detail["shape"]).astype(detail["dtype"])
        if np.dtype(detail["dtype"]).kind == "i"
        else random.normal(size=detail["shape"]).astype(detail["dtype"])
        for name, detail in details.items()
    }


def test_takes_the_dump(folder: Path) -> None:
    failure = folder / "dump.error"
    assert not failure.exists(), failure.read_text()


def test_export_agrees(folder: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    ours, theirs = folder / "ours.tflite", folder / "whole.tflite"
    assert set(operators(ours)) == set(operators(theirs))
    for signature in Interpreter(str(ours)).get_signature_list():
        inputs = _inputs(ours, signature)
        expected = run(theirs, inputs, signature)
        actual = run(ours, inputs, signature)
        assert actual.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_allclose(actual[name], array, rtol=1e-5, atol=1e-5)
