"""Quantised weights on the GPU: what runs there, what becomes something else, and what would end the process."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.inspect import survey
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.compiler.targets import ML_DRIFT
from litewright.compiler.targets.weight_schemes import GPU_WEIGHTS
from litewright.quantize import QuantSpec, Rule, recipe
from tests.gpu.device import Outcome, run_on_gpu
from tests.support.tolerances import assert_close

pytestmark = pytest.mark.gpu

TOKENS = torch.tensor([[3, 1, 4, 1, 5]], dtype=torch.int32)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.up, self.down = (
            nn.Embedding(300, 256),
            nn.Linear(256, 512),
            nn.Linear(512, 64),
        )

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.down(torch.relu(self.up(self.table(tokens))))


@pytest.fixture
def small() -> nn.Module:
    torch.manual_seed(0)
    return Small().eval()


def on_gpu(path: Path) -> Outcome:
    return run_on_gpu(path, {"serving_default/tokens": TOKENS.numpy()})


@pytest.mark.parametrize("recipe", ["dynamic_int8", "int4_channel"])
def test_runs_and_equals_the_cpu(recipe: str, small: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    litewright.convert(small, (TOKENS,), target="gpu", quant_config=recipe).export(path)
    made = on_gpu(path)
    assert made.accelerated, made.complaint
    [wanted] = Runner(path).run({"tokens": TOKENS.numpy()}).values()
    [result] = made.outputs.values()
    assert_close(result, wanted, "int8 activations")


@pytest.mark.parametrize("recipe", ["weight_only_int8", "fp16", "int4_block32"])
def test_what_it_lacks_becomes_the_nearest(recipe: str, small: nn.Module, tmp_path: Path) -> None:
    """Unpacked weights, tables of 16 bits and blocks would be left to the CPU, or end the process."""
    path = tmp_path / "model.tflite"
    model = litewright.convert(small, (TOKENS,), target="gpu", quant_config=recipe)
    told = {
        "weight_only_int8": [],
        "fp16": ["embedding_lookup has no kernel for float16"],
        "int4_block32": ["int4 block 32 was asked, int8 channel given: "] * 2,
    }[recipe]
    assert len(model.notes) == len(told)
    assert all(part in note for part, note in zip(told, model.notes, strict=True))
    with mlir.use(model.program.context):
        [signature] = survey(model.program, ML_DRIFT).signatures
    assert not signature.not_delegated
    model.export(path)
    made = on_gpu(path)
    assert made.accelerated, made.complaint
    [wanted] = Runner(path).run({"tokens": TOKENS.numpy()}).values()
    [result] = made.outputs.values()
    assert_close(result, wanted, "int8 activations")


def test_blocks_end_the_process(small: nn.Module, tmp_path: Path) -> None:
    """So they are refused where they are written all the same."""
    path = tmp_path / "model.tflite"
    litewright.convert(small, (TOKENS,), quant_config="int4_block32").export(path)
    made = on_gpu(path)
    assert "exit code -" in made.complaint
    edge = litewright.read(path)
    with mlir.use(edge.program.context):
        [signature] = survey(edge.program, ML_DRIFT).signatures
    reasons = {each.reason for each in signature.not_delegated}
    assert any("a scale for each block" in each for each in reasons)
    [wanted] = Runner(path).run({"tokens": TOKENS.numpy()}).values()
    assert np.isfinite(wanted).all()


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(300, 256)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.table(x) * 2


class Product(nn.Module):
    def __init__(self, *, transposed: bool) -> None:
        super().__init__()
        self.w, self.transposed = nn.Parameter(torch.randn(4, 64, 64) / 8), transposed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ (self.w.transpose(1, 2) if self.transposed else self.w)


READERS: dict[str, tuple[str, Callable[[], nn.Module], torch.Tensor]] = {
    "fully_connected": ("fully_connected", lambda: nn.Linear(256, 64), torch.randn(4, 256)),
    "conv_2d": ("conv_2d", lambda: nn.Conv2d(32, 64, 3, padding=1), torch.randn(1, 32, 8, 8)),
    "depthwise_conv_2d": (
        "depthwise_conv_2d",
        lambda: nn.Conv2d(64, 64, 3, groups=64, padding=1),
        torch.randn(1, 64, 8, 8),
    ),
    "transpose_conv": (
        "transpose_conv",
        lambda: nn.ConvTranspose2d(32, 64, 2, 2),
        torch.randn(1, 32, 8, 8),
    ),
    "batch_matmul": ("batch_matmul", lambda: Product(transposed=False), torch.randn(4, 5, 64)),
    "batch_matmul, turned": (
        "batch_matmul",
        lambda: Product(transposed=True),
        torch.randn(4, 5, 64),
    ),
    "embedding_lookup": ("embedding_lookup", Table, TOKENS),
}
CASES = [
    (name, scheme)
    for name, (kind, _, _) in READERS.items()
    for scheme in sorted(GPU_WEIGHTS.uses[kind].integer | GPU_WEIGHTS.uses[kind].unpacked)
]


@pytest.mark.parametrize(("name", "scheme"), CASES)
def test_every_scheme_of_the_table_is_computed_right(
    name: str, scheme: str, tmp_path: Path
) -> None:
    _, make, x = READERS[name]
    torch.manual_seed(0)
    element, granularity = scheme.split()
    halves = element == "float16"
    spec = QuantSpec.from_dict({
        "element": element,
        "granularity": granularity,
        "compute": "float" if halves else "integer",
    })  # fmt: skip
    own = recipe(Rule(spec, at_least=1))
    model = litewright.convert(make().eval(), (x,), target="gpu", quant_config=own)
    assert not model.notes
    path = tmp_path / "model.tflite"
    model.export(path)
    [(signature, info)] = Runner(path).signatures.items()
    inputs = {info.inputs[0].name: x.numpy()}
    made = run_on_gpu(path, {f"{signature}/{key}": array for key, array in inputs.items()})
    assert made.accelerated, made.complaint
    [result] = made.outputs.values()
    [wanted] = Runner(path).run(inputs).values()
    exact = halves or name == "embedding_lookup"
    assert_close(result, wanted, "GPU op" if exact else "int8 activations")
