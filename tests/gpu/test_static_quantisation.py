"""A network whose activations are integers, made for the CPU, on the GPU delegate: one file serves both."""

from pathlib import Path

import numpy as np
import pytest
import torch

import litewright
from litewright.compiler.runtime import Runner
from tests.end_to_end.test_static_quantisation import images
from tests.gpu.device import run_on_gpu
from tests.support.tolerances import assert_close

pytestmark = pytest.mark.gpu


def test_the_gpu_takes_all_of_it_and_computes_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    data = [(rng.normal(size=(1, 3, 32, 32)).astype(np.float32),) for _ in range(8)]
    sample = (torch.zeros(1, 3, 32, 32),)
    edge = litewright.convert(images(), sample, quant_config="static_int8", calibration_data=data)
    path = tmp_path / "model.tflite"
    edge.export(path)
    runner = Runner(path)
    (signature,) = runner.signatures.values()
    x = rng.normal(size=(1, 3, 32, 32)).astype(np.float32)
    name = signature.inputs[0].name
    made = run_on_gpu(path, {f"{signature.name}/{name}": x})
    assert made.accelerated, made.complaint
    for result, array in runner.run({name: x}).items():
        assert_close(made.outputs[f"{signature.name}/{result}"], array, "integers of 8 bits")
