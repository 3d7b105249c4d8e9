"""Every scheme on the real runtime, with the delegate and without, against the numbers it stands for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import body_of
from litewright.compiler.quantize.specs import FLOAT16, QuantSpec, int4_blocks
from litewright.compiler.quantize.tensors import Array, quantize
from litewright.compiler.runtime import Runner
from litewright.compiler.targets.weight_schemes import WEIGHT_USES, why_not_runnable
from tests.support.tolerances import TOLERANCES, assert_close


def uneven(*shape: int, axis: int = 0) -> nn.Parameter:
    """Weights whose channels differ so much that one's scale would not do for another."""
    size = [-1 if d == axis else 1 for d in range(len(shape))]
    factors = torch.logspace(-1.5, 1, shape[axis]).reshape(size)
    return nn.Parameter(torch.randn(shape) * factors, requires_grad=False)


class Dense(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = uneven(72, 256)
        self.bias = nn.Parameter(torch.randn(72))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)


class Image(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = uneven(24, 32, 3, 3)
        self.bias = nn.Parameter(torch.randn(24))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, stride=2)


class Depthwise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = uneven(128, 1, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, groups=128, padding=1)


class Upscale(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = uneven(32, 24, 2, 2, axis=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, self.weight, stride=2)


class Batch(nn.Module):
    def __init__(self, *, adjoint: bool = False) -> None:
        super().__init__()
        self.adjoint = adjoint
        self.weight = uneven(3, 64, 48, axis=2) if not adjoint else uneven(3, 48, 64, axis=1)

    def forward(self, x: Tensor) -> Tensor:
        return x @ (self.weight.transpose(-1, -2) if self.adjoint else self.weight)


class Table(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = uneven(64, 256)

    def forward(self, indices: Tensor) -> Tensor:
        return F.embedding(indices, self.weight)


def _cases() -> dict[str, tuple[Callable[[], nn.Module], int, int, list[Tensor]]]:
    """By kind: the module, the axis of its channels in torch's layout and in the result, inputs of two sizes."""
    random = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random)

    return {
        "fully_connected": (Dense, 0, -1, [normal(50, 256), normal(2, 30, 256)]),
        "conv_2d": (Image, 0, 1, [normal(2, 32, 9, 8), normal(1, 32, 5, 12)]),
        "depthwise_conv_2d": (Depthwise, 0, 1, [normal(2, 128, 6, 5), normal(1, 128, 9, 9)]),
        "transpose_conv": (Upscale, 1, 1, [normal(2, 32, 5, 4), normal(1, 32, 3, 7)]),
        "batch_matmul": (Batch, 2, -1, [normal(3, 20, 64), normal(3, 31, 64)]),
        "embedding_lookup": (
            Table, 0, -1, [torch.tensor([3, 63, 0, 3]), torch.tensor([[5, 6, 7], [0, 63, 62]])],
        ),
    }  # fmt: skip


KINDS = list(_cases())
SPECS = [
    *(QuantSpec("int8", grain) for grain in ("tensor", "channel")),
    QuantSpec("int8", "channel", algorithm="mse"),
    *(QuantSpec(bits, "channel", algorithm="mse") for bits in ("int4", "int2")),
    *(int4_blocks(size, "mse") for size in (32, 64, 128, 256)),
    FLOAT16,
    *(QuantSpec(bits, "channel", compute="float") for bits in ("int8", "int4")),
    QuantSpec("int8", "tensor", compute="float"),
]
RUNNABLE = [
    (kind, spec)
    for kind in KINDS
    for spec in SPECS
    if why_not_runnable(kind, spec, (64, 256)) is None
]


def rounded(weight: Tensor, spec: QuantSpec, axis: int) -> Tensor:
    """What a weight in torch's layout becomes."""
    if not spec.is_integer:
        return weight.half().float()
    array = np.moveaxis(weight.numpy(), axis, 0)
    flat = np.ascontiguousarray(array.reshape(array.shape[0], -1))
    own = None if spec.granularity == "tensor" else 0
    back = quantize(lambda a, b: flat[a:b], flat.shape, spec, own).dequantized(own)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(back.reshape(array.shape), 0, axis)))


def parameter(module: nn.Module) -> Tensor:
    return module.get_parameter("weight").detach()


def by_channel(array: Array, expected: Array, axis: int) -> Array:
    """The array with each channel divided by the peak that is expected of it."""
    others = tuple(d for d in range(expected.ndim) if d != axis % expected.ndim)
    return array / np.abs(expected).max(others, keepdims=True)


def assert_is(
    model: Any, expected: Array, inputs: Tensor, *, axis: int | None, kind: str, path: Path
) -> None:
    model.export(path)
    for delegate in (True, False):
        (actual,) = (
            Runner(path, delegate=delegate).run({model_input(model): inputs.numpy()}).values()
        )
        if axis is None:
            assert_close(actual, expected, kind)
        else:
            assert_close(
                by_channel(actual, expected, axis), by_channel(expected, expected, axis), kind
            )


def model_input(model: Any) -> str:
    return next(line.split()[1] for line in model.program.interface() if line.startswith("input"))


def ops(model: Any) -> set[str]:
    with mlir.use(model.program.context):
        functions = model.program.functions()
        return {op_name(op).removeprefix("tfl.") for f in functions for op in body_of(f).operations}


@pytest.mark.parametrize(("kind", "spec"), RUNNABLE, ids=str)
def test_the_runtime_computes_what_the_numbers_mean(
    kind: str, spec: QuantSpec, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    make, axis, channel, inputs = _cases()[kind]
    for number, each in enumerate(inputs):
        module = make().eval()
        model = litewright.convert(module, (each,), quant_config=litewright.quantize.recipe(spec))
        assert model.notes == []
        assert kind in ops(model)
        module.weight = nn.Parameter(rounded(parameter(module), spec, axis))
        unpacked = spec.compute == "float"
        limit = "float32 op" if unpacked else "int8 activations, by channel"
        if kind == "embedding_lookup":
            limit = "exact" if spec.element == "float16" else "float32 op"
        else:
            assert ("dequantize" in ops(model)) == unpacked
        # With one scale for all, what small channels become is the rounding of others.
        by = None if spec.granularity == "tensor" or kind == "embedding_lookup" else channel
        assert_is(
            model,
            module(each).detach().numpy(),
            each,
            axis=by,
            kind=limit,
            path=tmp_path / f"{number}.tflite",
        )


ACTIVATIONS = [nn.ReLU6()]


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize(
    ("kind", "spec"), [(k, s) for k, s in RUNNABLE if k in ("fully_connected", "conv_2d")], ids=str
)
def test_activations_behind_products_are_not_forgotten(
    kind: str, spec: QuantSpec, activation: nn.Module, tmp_path: Path
) -> None:
    torch.manual_seed(8)
    make, axis, channel, inputs = _cases()[kind]
    module, x = make().eval(), inputs[0]
    model = litewright.convert(
        nn.Sequential(module, activation).eval(),
        (x,),
        quant_config=litewright.quantize.recipe(spec),
    )
    module.weight = nn.Parameter(rounded(parameter(module), spec, axis))
    products = module(x).detach()
    expected = activation(products).numpy()
    # What rounding does to a result is measured by what it was before it was cut off.
    others = tuple(d for d in range(products.ndim) if d != channel % products.ndim)
    peaks = np.abs(products.numpy()).max(
        None if spec.granularity == "tensor" else others, keepdims=True
    )
    assert (np.abs(products.numpy() - expected) > 0.2 * peaks).any()
    model.export(tmp_path / "m.tflite")
    for delegate in (True, False):
        runner = Runner(tmp_path / "m.tflite", delegate=delegate)
        (actual,) = runner.run({model_input(model): x.numpy()}).values()
        assert (np.abs(actual - expected) / peaks).max() <= TOLERANCES[
            "int8 activations, by channel"
        ]


def test_every_kind_has_a_case() -> None:
    assert set(KINDS) == set(WEIGHT_USES)
    assert {kind for kind, _ in RUNNABLE} == set(KINDS)


def test_an_adjoint_product_has_its_channels_elsewhere(tmp_path: Path) -> None:
    torch.manual_seed(6)
    module = Batch(adjoint=True).eval()
    inputs = torch.randn(3, 5, 64)
    spec = QuantSpec("int8")
    model = litewright.convert(module, (inputs,), quant_config=spec)
    module.weight = nn.Parameter(rounded(module.weight.detach(), spec, 1))
    assert_is(
        model,
        module(inputs).detach().numpy(),
        inputs,
        axis=-1,
        kind="int8 activations, by channel",
        path=tmp_path / "m.tflite",
    )
