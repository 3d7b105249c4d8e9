"""ResNet-18 in plain torch: layout, folding and fusing show in the graph, and the numbers hold."""

from pathlib import Path

import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.runtime import Runner
from tests.models.resnet import randomise_batch_norms, resnet18
from tests.support.agreement import assert_agrees
from tests.support.histogram import op_histogram


@pytest.fixture(scope="module")
def resnet() -> nn.Module:
    torch.manual_seed(0)
    return randomise_batch_norms(resnet18()).eval()


@pytest.fixture(scope="module")
def model(resnet: nn.Module) -> EdgeModel:
    return litewright.convert(resnet, (torch.zeros(1, 3, 224, 224),))


def test_equals_eager(resnet: nn.Module, model: EdgeModel, tmp_path: Path) -> None:
    torch.manual_seed(1)
    assert_agrees(model, resnet, {"x": torch.randn(1, 3, 224, 224)}, tmp_path)


def test_graph_is_lean(model: EdgeModel) -> None:
    ops = op_histogram(model)
    assert ops["TRANSPOSE"] <= 1
    assert ops["CONV_2D"] == 20
    assert ops["ADD"] == 8, "the residuals alone: biases and batch-norms are in the convolutions"
    assert ops["MUL"] == ops["RELU"] == ops["SUB"] == 0


def test_delegate_takes_every_node(model: EdgeModel, tmp_path: Path) -> None:
    model.export(tmp_path / "resnet.tflite")
    delegation = Runner(tmp_path / "resnet.tflite").delegation()
    assert delegation.partitions == 1
    assert not delegation.remaining
