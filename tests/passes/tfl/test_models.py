"""What all passes together leave of models: ops for each layer, and nothing that splits a partition."""

from collections import Counter
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.runtime import Runner
from tests.models.decoder import Decoder, Prefill
from tests.models.decoder_config import DecoderConfig
from tests.support.agreement import assert_agrees

CONSTANTS = frozenset({"tfl.pseudo_const", "tfl.no_value", "func.return"})
FEW, MANY = 2, 4


def ops_by_signature(program: Program) -> dict[str, Counter[str]]:
    """Names of ops without the dialect, by signature."""
    with mlir.use(program.context):
        return {
            function.name.value: Counter(
                op_name(op).removeprefix("tfl.")
                for op in body_of(function).operations
                if op_name(op) not in CONSTANTS
            )
            for function in program.signatures()
        }


def convert_decoder(layers: int) -> EdgeModel:
    """Prefill of 4 tokens, and decode."""
    config = DecoderConfig.tiny(layers=layers)
    decoder = Decoder(config)
    prefill = litewright.signature("prefill", Prefill(decoder), (), config.sample_inputs(4))
    return prefill.signature("decode", decoder, (), config.sample_inputs(1)).convert()


@pytest.fixture(scope="module")
def per_layer() -> dict[str, Counter[str]]:
    """Ops that each further layer of a decoder adds, times how many were added."""
    few, many = (ops_by_signature(convert_decoder(layers).program) for layers in (FEW, MANY))
    return {name: many[name] - few[name] for name in few}


def test_ops_of_a_decoder_layer(per_layer: dict[str, Counter[str]]) -> None:
    assert per_layer["decode"].total() / (MANY - FEW) == 39
    # Of these, two reshape the scores, to heads for their mask and back.
    assert per_layer["prefill"].total() / (MANY - FEW) == 45


def test_what_a_decoder_layer_does_not_need(per_layer: dict[str, Counter[str]]) -> None:
    added = MANY - FEW
    for ops in per_layer.values():
        # Scales and signs are in weights and tables; queries and keys are projected and rotated as one.
        assert not ops["neg"]
        assert not ops["broadcast_to"]
        assert ops["fully_connected"] == 6 * added
        assert ops["concatenation"] == added
        assert ops["dynamic_update_slice"] == 2 * added
    assert not per_layer["decode"]["transpose"]


def test_cache_updates_alone_split_partitions(tmp_path: Path) -> None:
    path = tmp_path / "decoder.tflite"
    convert_decoder(FEW).export(path)
    assert Runner(path).delegation("decode").partitions == FEW + 1
    # The last layer of prefill computes keys and values alone.
    assert Runner(path).delegation("prefill").partitions == FEW


class GroupedAttention(nn.Module):
    """Queries that share key heads, scores and masking as models write them, interleaved rotation."""

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.keys = nn.Linear(16, 32), nn.Linear(16, 16)
        self.register_buffer("table", torch.randn(6, 8))

    def forward(self, x: Tensor) -> Tensor:
        """x: [1, 6, 16] -> [1, 4, 6, 8]."""
        shape = (*x.shape[:2], -1, 8)
        q, k = (each(x).view(shape).transpose(1, 2) for each in (self.queries, self.keys))
        q, k = (each * self.table + self._turned(each) * self.table.cos() for each in (q, k))
        k = k[:, :, None].expand(-1, -1, 2, -1, -1).reshape(q.shape)
        scores = q @ k.transpose(2, 3) / 8**0.5 + torch.ones(6, 6).tril().log()
        return scores.softmax(-1) @ k

    @staticmethod
    def _turned(x: Tensor) -> Tensor:
        return torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)


def test_attention_that_is_written_out_is_one_partition(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = GroupedAttention().eval()
    edge = litewright.convert(module, (torch.randn(1, 6, 16),))
    edge.export(tmp_path / "attention.tflite")
    delegation = Runner(tmp_path / "attention.tflite").delegation()
    assert delegation.partitions == 1
    assert not delegation.remaining
    assert_agrees(edge, module, {"x": torch.randn(1, 6, 16)}, tmp_path)


class Block(nn.Module):
    """An inverted bottleneck as a MobileNet has it."""

    def __init__(self) -> None:
        super().__init__()
        self.expand = nn.Conv2d(8, 24, 1)
        self.filter = nn.Conv2d(24, 24, 3, padding=1, groups=24)
        self.project = nn.Conv2d(24, 8, 1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (24, 24, 8))

    def forward(self, x: Tensor) -> Tensor:
        """x: [N, 8, H, W]."""
        y = F.relu6(self.norms[0](self.expand(x)))
        y = F.relu6(self.norms[1](self.filter(y)))
        return x + self.norms[2](self.project(y))


def test_a_bottleneck_is_its_convolutions_and_a_sum() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(Block(), Block()).eval()
    edge = litewright.convert(module, (torch.randn(1, 8, 6, 5),))
    (ops,) = ops_by_signature(edge.program).values()
    assert ops == {"conv_2d": 4, "depthwise_conv_2d": 2, "add": 2, "transpose": 2}
