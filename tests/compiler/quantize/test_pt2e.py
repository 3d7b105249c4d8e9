"""Graphs that PT2E has quantised: integers stay integers, and what is static is computed in integers."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.runtime import Runner
from tests.support.stored_integers import Array, stored_integers
from tests.support.tolerances import TOLERANCES, relative_error

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pt2e: Any = pytest.importorskip("torchao.quantization.pt2e.quantize_pt2e")
    xnnpack: Any = pytest.importorskip("torchao.testing.pt2e._xnnpack_quantizer")
    x86: Any = pytest.importorskip("torchao.quantization.pt2e.quantizer.x86_inductor_quantizer")

LIMIT = 2 * TOLERANCES["int8 activations"]
decomposed: Any = torch.ops.quantized_decomposed


class Dense(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(32, 64)
        self.down = nn.Linear(64, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.up(x)))


class Pictures(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.second = nn.Conv2d(16, 16, 3, groups=16)
        self.last = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.first(x)))
        y = self.second(x)
        return self.last((y + torch.relu(y)).mean((2, 3)))


def xnnpack_quantizer(*, dynamic: bool) -> Any:
    config = xnnpack.get_symmetric_quantization_config(is_per_channel=True, is_dynamic=dynamic)
    with warnings.catch_warnings():
        # It lives on in executorch.
        warnings.filterwarnings("ignore", message="XNNPACKQuantizer is deprecated")
        return xnnpack.XNNPACKQuantizer().set_global(config)


def x86_quantizer(*, dynamic: bool) -> Any:
    config = x86.get_default_x86_inductor_quantization_config(is_dynamic=dynamic)
    return x86.X86InductorQuantizer().set_global(config)


def quantised(module: nn.Module, x: Tensor, quantizer: Any, **options: Any) -> Any:
    """What PT2E makes of a module, calibrated on a few inputs of the shape of x."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = pt2e.prepare_pt2e(torch.export.export(module, (x,)).module(), quantizer)
        for _ in range(3):
            prepared(torch.randn(x.shape))
        return pt2e.convert_pt2e(prepared, **options)


def errors(edge: Any, module: Callable[..., Tensor], x: Tensor, path: Path) -> list[float]:
    edge.export(path)
    name = edge.program.interface()[1].split()[1]
    with torch.no_grad():
        expected = module(x).numpy()
    runners = [Runner(path, delegate=delegate) for delegate in (True, False)]
    found = [next(iter(runner.run({name: x.numpy()}).values())) for runner in runners]
    return [relative_error(actual, expected) for actual in found]


def ops(edge: Any) -> list[str]:
    found = re.findall(r'"tfl\.(\w+)"', str(edge.program))
    return [name for name in found if name not in ("pseudo_const", "pseudo_qconst", "no_value")]


CASES = [
    (Dense, (4, 32)),
    (Dense, (2, 5, 32)),
    (Pictures, (1, 3, 12, 12)),
    (Pictures, (2, 3, 9, 14)),
]
INTEGER_OPS: dict[type[nn.Module], list[str]] = {
    Dense: ["quantize", "fully_connected", "fully_connected", "dequantize"],
    Pictures: [
        "transpose", "quantize", "conv_2d", "depthwise_conv_2d", "relu", "add", "mean", "fully_connected", "dequantize",
    ],
}  # fmt: skip


@pytest.mark.parametrize("exported", [False, True], ids=["module", "program"])
@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_static_graphs_are_computed_in_integers(
    kind: type[nn.Module], shape: tuple[int, ...], exported: bool, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    x = torch.randn(shape)
    graph = quantised(kind().eval(), x, xnnpack_quantizer(dynamic=False))
    if exported:
        edge = litewright.compile({"main": torch.export.export(graph, (x,))})
    else:
        edge = litewright.convert(graph, (x,))
    assert edge.notes == []
    assert [name for name in ops(edge) if name != "reshape"] == INTEGER_OPS[kind]
    # A step of the result, where a number lies between two.
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= 1 / 100

    frozen = [b for n, b in graph.named_buffers() if n.startswith("_frozen_param")]
    for each, source in zip(stored_integers(tmp_path / "m.tflite"), weights(frozen), strict=True):
        assert np.array_equal(each.integers, source), each.reader
    for each, scale in zip(stored_integers(tmp_path / "m.tflite"), scales(graph), strict=True):
        assert np.array_equal(each.scales, scale)


def weights(frozen: list[Tensor]) -> list[Array]:
    """Integers in the runtime's order of dimensions: channels last, those of depthwise filters too."""
    turned: list[Tensor] = []
    for each in frozen:
        if each.ndim == 4:
            turned.append(each.permute((1, 2, 3, 0) if each.shape[1] == 1 else (0, 2, 3, 1)))
        else:
            turned.append(each)
    return [each.numpy().astype(np.int64) for each in turned]


def scales(graph: Any) -> list[Array]:
    return [b.numpy() for n, b in graph.named_buffers() if n.startswith("_scale")]


@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_dynamic_graphs_leave_activations_to_kernels(
    kind: type[nn.Module], shape: tuple[int, ...], tmp_path: Path
) -> None:
    torch.manual_seed(2)
    x = torch.randn(shape)
    graph = quantised(kind().eval(), x, xnnpack_quantizer(dynamic=True))
    edge = litewright.convert(graph, (x,))
    assert edge.notes == []
    assert "dequantize" not in ops(edge)
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= LIMIT
    frozen = [b for n, b in graph.named_buffers() if n.startswith("_frozen_param")]
    stored = stored_integers(tmp_path / "m.tflite")
    assert len(stored) == len(frozen) > 0
    for each, source in zip(stored, weights(frozen), strict=True):
        assert np.array_equal(each.integers, source)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(("kind", "shape"), CASES[1::2])
def test_unsigned_activations_and_weights_of_128(
    kind: type[nn.Module], shape: tuple[int, ...], dynamic: bool, tmp_path: Path
) -> None:
    """Unsigned integers become signed ones; kernels of integers alone multiply -128 rightly."""
    torch.manual_seed(3)
    x = torch.randn(shape)
    graph = quantised(kind().eval(), x, x86_quantizer(dynamic=dynamic))
    held = [b for n, b in graph.named_buffers() if n.startswith("_frozen_param")]
    assert any((each == -128).any() for each in held)
    edge = litewright.convert(graph, (x,))
    assert all("-128" in note for note in edge.notes)
    assert bool(edge.notes) == dynamic
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= LIMIT
    stored = stored_integers(tmp_path / "m.tflite")
    for each, source in zip(stored, weights(held), strict=True):
        assert np.array_equal(each.integers, source)


def test_where_kernels_multiply_floats_activations_are_only_rounded(tmp_path: Path) -> None:
    torch.manual_seed(7)
    x = torch.randn(4, 32)
    graph = quantised(Dense().eval(), x, xnnpack_quantizer(dynamic=False))
    edge = litewright.convert(graph, (x,), target="gpu")
    rounding = ["quantize", "dequantize"]
    product = ["fully_connected"]
    assert ops(edge) == [*rounding, *product, *rounding, *product, *rounding]
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= LIMIT
    assert [each.element for each in stored_integers(tmp_path / "m.tflite")] == ["i8", "i8"]


def test_signatures_share_what_is_equal(tmp_path: Path) -> None:
    torch.manual_seed(9)
    module, quantizer = Dense().eval(), xnnpack_quantizer(dynamic=True)
    inputs = [torch.randn(rows, 32) for rows in (1, 6)]
    graphs = [quantised(module, x, quantizer) for x in inputs]
    programs = {
        name: torch.export.export(graph, (x,))
        for name, graph, x in zip(("one", "six"), graphs, inputs, strict=True)
    }
    edge = litewright.compile(programs)
    assert edge.notes == []
    edge.export(tmp_path / "m.tflite")
    runner = Runner(tmp_path / "m.tflite")
    for name, graph, x in zip(programs, graphs, inputs, strict=True):
        (actual,) = runner.run({"x": x.numpy()}, name).values()
        assert relative_error(actual, graph(x).detach().numpy()) <= LIMIT
    symbols = re.findall(r'litewright.weight = "(integers[^"]*)"', str(edge.program))
    assert sorted(symbols) == [f"integers(_frozen_param{i})" for i in (0, 0, 1, 1)]


def test_weights_that_are_not_folded(tmp_path: Path) -> None:
    torch.manual_seed(4)
    x = torch.randn(3, 32)
    quantizer = xnnpack_quantizer(dynamic=False)
    graph = quantised(Dense().eval(), x, quantizer, fold_quantize=False)
    assert not [n for n, _ in graph.named_buffers() if n.startswith("_frozen_param")]
    edge = litewright.convert(graph, (x,))
    assert ops(edge) == INTEGER_OPS[Dense]
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= 1 / 100


class Halved(nn.Module):
    """Zeros that an op of its own puts around, since a step of two wants them on both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.second = nn.Conv2d(8, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(32, 32)
        self.key = nn.Linear(32, 32)
        self.value = nn.Linear(32, 32)
        self.out = nn.Linear(32, 32)
        self.norm = nn.LayerNorm(32)

    def heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (4, 8)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (self.heads(each(x)) for each in (self.query, self.key, self.value))
        scores = torch.softmax(query @ key.transpose(-1, -2) / 3, -1)
        return self.norm(x + self.out((scores @ value).transpose(1, 2).flatten(2)))


@pytest.mark.parametrize("make", [xnnpack_quantizer, x86_quantizer])
@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(("kind", "shape"), [(Halved, (2, 3, 10, 12)), (Attention, (2, 7, 32))])
def test_other_graphs(
    kind: type[nn.Module], shape: tuple[int, ...], dynamic: bool, make: Any, tmp_path: Path
) -> None:
    torch.manual_seed(8)
    x = torch.randn(shape)
    graph = quantised(kind().eval(), x, make(dynamic=dynamic))
    edge = litewright.convert(graph, (x,))
    found = ops(edge)
    if kind is Halved and not dynamic and make is xnnpack_quantizer:
        assert found == [
            "transpose", "quantize", "pad", "conv_2d", "conv_2d", "transpose", "dequantize",
        ]  # fmt: skip
    # Steps of several values that are quantised one behind the other.
    assert max(errors(edge, graph, x, tmp_path / "m.tflite")) <= 4 * TOLERANCES["int8 activations"]


# ---- single ops ----------------------------------------------------------------------------------


class Conversion(nn.Module):
    """quantize, and dequantize unless integers are wanted."""

    def __init__(self, low: int, high: int, dtype: torch.dtype, zero: int, *, back: bool) -> None:
        super().__init__()
        self.arguments = (0.05, zero, low, high, dtype)
        self.back = back

    def forward(self, x: Tensor) -> Tensor:
        q = decomposed.quantize_per_tensor(x, *self.arguments)
        return decomposed.dequantize_per_tensor(q, *self.arguments) if self.back else q


@pytest.mark.parametrize("back", [True, False], ids=["floats", "integers"])
@pytest.mark.parametrize(
    ("low", "high", "dtype", "zero"),
    [
        (-128, 127, torch.int8, 3),
        (-127, 127, torch.int8, 0),
        (0, 255, torch.uint8, 100),
        (0, 127, torch.uint8, 60),
        (-8, 7, torch.int8, -1),
        (-32768, 32767, torch.int16, 0),
        (-32768, 32767, torch.int16, 9),
        (-(2**31), 2**31 - 1, torch.int32, 0),
    ],
)
def test_single_activations(
    low: int, high: int, dtype: torch.dtype, zero: int, *, back: bool, tmp_path: Path
) -> None:
    # Between the numbers that have an integer, so that nothing depends on how a tie is broken; and beyond them.
    rng = np.random.default_rng(5)
    for shape in ((3, 40), (2, 3, 5, 6)):
        steps = rng.integers(max(low, -5000) - 50, min(high, 5000) + 50, shape)
        shares = rng.uniform(-0.4, 0.4, shape)
        x = torch.from_numpy(((steps + shares - zero) * 0.05).astype(np.float32))
        module = Conversion(low, high, dtype, zero, back=back).eval()
        edge = litewright.convert(module, (x,))
        assert max(errors(edge, module, x, tmp_path / "m.tflite")) <= TOLERANCES["float32 op"]
        in_runtime = back and not (dtype == torch.int16 and zero) and dtype != torch.int32
        assert ("quantize" in ops(edge)) == in_runtime


def test_inputs_of_integers(tmp_path: Path) -> None:
    class Module(nn.Module):
        def forward(self, q: Tensor) -> Tensor:
            return decomposed.dequantize_per_tensor(q, 0.1, 4, -128, 127, torch.int8) + 1

    q = torch.randint(-128, 128, (4, 9), dtype=torch.int8)
    edge = litewright.convert(Module().eval(), (q,))
    assert max(errors(edge, Module(), q, tmp_path / "m.tflite")) <= TOLERANCES["float32 op"]


def test_scales_in_tensors(tmp_path: Path) -> None:
    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("scale", torch.tensor(0.05))
            self.register_buffer("zero", torch.tensor(7))
            self.register_buffer("bias", torch.randint(-999, 999, (24,), dtype=torch.int32))

        def forward(self, x: Tensor) -> Tensor:
            arguments = (self.scale, self.zero, -128, 127, torch.int8)
            q = decomposed.quantize_per_tensor.tensor(x, *arguments)
            x = decomposed.dequantize_per_tensor.tensor(q, *arguments)
            low, high = -(2**31), 2**31 - 1
            return x + decomposed.dequantize_per_tensor(self.bias, 1e-3, 0, low, high, torch.int32)

    x = (torch.randint(-200, 200, (5, 24)) + 0.3) * 0.05
    module = Module().eval()
    edge = litewright.convert(module, (x,))
    assert edge.notes == []
    assert ops(edge)[:2] == ["quantize", "dequantize"]
    assert max(errors(edge, module, x, tmp_path / "m.tflite")) <= TOLERANCES["float32 op"]


@pytest.mark.parametrize("size", [32, 24])
def test_weights_in_groups(size: int, tmp_path: Path) -> None:
    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("q", torch.randint(-8, 8, (40, 96), dtype=torch.int8))
            self.register_buffer("scales", torch.rand(40, 96 // size) / 50 + 0.01)
            self.register_buffer("zeros", torch.zeros(40, 96 // size))

        def forward(self, x: Tensor) -> Tensor:
            w = decomposed.dequantize_per_channel_group(
                self.q, self.scales, self.zeros, -8, 7, torch.int8, size, torch.float32
            )
            scale, zero = decomposed.choose_qparams_per_token_asymmetric(x, torch.int8)
            q = decomposed.quantize_per_token(x, scale, zero, -128, 127, torch.int8)
            x = decomposed.dequantize_per_token(
                q, scale, zero, -128, 127, torch.int8, torch.float32
            )
            return nn.functional.linear(x, w)

    torch.manual_seed(6)
    module = Module().eval()
    for rows in (1, 7):
        x = torch.randn(rows, 96)
        edge = litewright.convert(module, (x,))
        assert max(errors(edge, module, x, tmp_path / "m.tflite")) <= LIMIT
        stored = stored_integers(tmp_path / "m.tflite")
        if size == 24:
            assert "groups of 24" in edge.notes[0]
            assert stored == []
        else:
            assert edge.notes == []
            assert np.array_equal(stored[0].integers, module.get_buffer("q").numpy())


def test_a_weight_that_is_read_as_integers_too(tmp_path: Path) -> None:
    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("q", torch.randint(-127, 127, (8, 96), dtype=torch.int8))

        def forward(self, x: Tensor) -> Tensor:
            q = self.get_buffer("q")
            w = decomposed.dequantize_per_tensor(q, 0.1, 0, -127, 127, torch.int8)
            return nn.functional.linear(x, w) + q.float().sum(1)

    module, x = Module().eval(), torch.randn(2, 96)
    edge = litewright.convert(module, (x,))
    assert max(errors(edge, module, x, tmp_path / "m.tflite")) <= TOLERANCES["float32 op"]
