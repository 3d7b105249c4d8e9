"""Complex numbers all the way: the attention of the original Llama, and tables of them as weights."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UnsupportedError
from litewright.compiler.driver.extensions import REGISTRY
from litewright.compiler.driver.plan import PassPlan
from litewright.compiler.driver.presets import DEFAULT, EMPTY
from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import ir, op_name
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.runtime import Runner
from litewright.compiler.weights.store import ArraySource
from litewright.composites import composite
from tests.support.tolerances import assert_close

_HEADS, _KEY_HEADS, _WIDTH, _POSITIONS, _TOKENS = 4, 2, 16, 1536, 6


def _angles() -> Tensor:
    """[positions, width / 2]."""
    frequencies = 1.0 / 10000 ** (torch.arange(0, _WIDTH, 2) / _WIDTH)
    return torch.outer(torch.arange(_POSITIONS), frequencies)


class Attention(nn.Module):
    """Attention as the code that came with the first Llamas writes it, without the cache."""

    freqs_cis: Tensor

    def __init__(self, *, persistent: bool = True) -> None:
        super().__init__()
        self.wq = nn.Linear(32, _HEADS * _WIDTH, bias=False)
        self.wk = nn.Linear(32, _KEY_HEADS * _WIDTH, bias=False)
        self.wv = nn.Linear(32, _KEY_HEADS * _WIDTH, bias=False)
        self.wo = nn.Linear(_HEADS * _WIDTH, 32, bias=False)
        angles = _angles()
        freqs_cis = torch.polar(torch.ones_like(angles), angles)
        self.register_buffer("freqs_cis", freqs_cis, persistent=persistent)

    def rotated(self, x: Tensor, positions: Tensor) -> Tensor:
        pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        freqs_cis = self.freqs_cis[positions][None, :, None]
        return torch.view_as_real(pairs * freqs_cis).flatten(3).type_as(x)

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        batch, length, _ = x.shape
        query = self.rotated(self.wq(x).view(batch, length, _HEADS, _WIDTH), positions)
        key = self.rotated(self.wk(x).view(batch, length, _KEY_HEADS, _WIDTH), positions)
        value = self.wv(x).view(batch, length, _KEY_HEADS, _WIDTH)
        query, key, value = (each.transpose(1, 2) for each in (query, key, value))
        key, value = (each.repeat_interleave(2, 1) for each in (key, value))
        scores = query @ key.transpose(2, 3) / _WIDTH**0.5
        mask = torch.full((length, length), float("-inf")).triu(1)
        made = F.softmax((scores + mask).float(), dim=-1).type_as(query) @ value
        return self.wo(made.transpose(1, 2).reshape(batch, length, -1))


class Halves(Attention):
    """The same with halves as pairs, and cosines and sines in real numbers, as transformers has it."""

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        angles = torch.cat([_angles(), _angles()], -1)
        self.register_buffer("table", torch.cat([angles.cos(), angles.sin()], -1))

    def rotated(self, x: Tensor, positions: Tensor) -> Tensor:
        cos, sin = self.table[positions][None, :, None].chunk(2, -1)
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat([-second, first], -1) * sin


def _inputs() -> tuple[Tensor, Tensor]:
    return torch.randn(2, _TOKENS, 32), torch.tensor([1300, 1301, 3, 4, 5, 900])


def _kernels(program: Program) -> Counter[str]:
    (function,) = program.signatures()
    names = [op_name(op).removeprefix("tfl.") for op in body_of(function).operations]
    return Counter(name for name in names if name not in {"pseudo_const", "no_value"})


@pytest.mark.parametrize("delegate", [False, True])
@pytest.mark.parametrize("plan", [DEFAULT, EMPTY, DEFAULT.without("split-complex")])
def test_attention_of_the_original_llama(plan: PassPlan, *, delegate: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module, inputs = Attention().eval(), _inputs()
    edge = litewright.convert(module, inputs, passes=plan)
    edge.export(tmp_path / "m.tflite")
    given = {name: t.numpy() for name, t in zip(("x", "positions"), inputs, strict=True)}
    (made,) = Runner(tmp_path / "m.tflite", delegate=delegate).run(given).values()
    expected = module(*inputs).detach().numpy()
    assert_close(made, expected, "float32 op")
    # Positions matter: rotated otherwise, it is another result.
    with pytest.raises(AssertionError):
        assert_close(module(inputs[0], inputs[1] * 0).detach().numpy(), expected, "float32 op")


def test_a_rotation_is_few_ops() -> None:
    kernels = _kernels(litewright.convert(Attention().eval(), _inputs()).program)
    in_halves = _kernels(litewright.convert(Halves().eval(), _inputs()).program)
    # Of queries and of keys: both parts cut off and put together, and four products.
    assert (kernels["slice"], kernels["concatenation"], kernels["mul"]) == (4, 2, 8 + 1)
    assert kernels["gather"] + kernels["embedding_lookup"] == 2
    assert not {"gather_nd", "strided_slice", "broadcast_to", "cos", "sin"} & set(kernels)
    assert kernels.total() <= 2 * in_halves.total()


def test_tables_are_weights_of_two_parts() -> None:
    edge = litewright.convert(Attention().eval(), _inputs(), passes=EMPTY)
    store = edge.program.weights
    kind = store.type_of("freqs_cis")
    assert (kind.shape, kind.dtype) == ((_POSITIONS, _WIDTH // 2, 2), np.float32)
    folded = litewright.convert(Attention().eval(), _inputs()).program
    text = str(folded)
    assert text.count("litewright.weight") == 2
    assert text.count("slice(transpose(freqs_cis") == 2


class Cached(Attention):
    """With its cache, as that code has it: a buffer that is written in place, read up to the last token."""

    cache: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(2, 8, _KEY_HEADS, _WIDTH))

    def forward(self, x: Tensor, positions: Tensor) -> Tensor:
        batch, length, _ = x.shape
        key = self.rotated(self.wk(x).view(batch, length, _KEY_HEADS, _WIDTH), positions)
        self.cache[:batch, 1 : 1 + length] = key
        return self.cache[:batch, : 1 + length] * 2


def test_rotated_keys_are_written_to_a_cache(tmp_path: Path) -> None:
    module, inputs = Cached().eval(), _inputs()
    edge = litewright.convert(module, inputs)
    edge.export(tmp_path / "m.tflite")
    session = litewright.Session(tmp_path / "m.tflite")
    given = {name: t.numpy() for name, t in zip(("x", "positions"), inputs, strict=True)}
    made = session.run(given, "serving_default")["output_0"]
    assert_close(made, module(*inputs).detach().numpy(), "float32 op")


@composite("tests::turn")
def _turn(x: Tensor, by: Tensor) -> Tensor:
    return x * by.conj()


@pytest.mark.parametrize("plan", [DEFAULT, EMPTY])
def test_composites_may_be_handed_complex_numbers(plan: PassPlan) -> None:
    class Module(nn.Module):
        def forward(self, x: Tensor, y: Tensor) -> Tensor:
            return torch.view_as_real(_turn(torch.complex(x, y), torch.complex(y, x)))

    inputs = torch.randn(3, 4), torch.randn(3, 4)
    edge = litewright.convert(Module(), inputs, passes=plan)
    assert_close(edge(*inputs), Module()(*inputs).numpy(), "float32 op")


def test_any_number_of_tokens(tmp_path: Path) -> None:
    module = Attention().eval()
    count = torch.export.Dim("count", min=2, max=64)
    edge = litewright.convert(module, _inputs(), dynamic_shapes=({1: count}, {0: count}))
    edge.export(tmp_path / "m.tflite")
    session = litewright.Session(tmp_path / "m.tflite")
    for length in (4, 33):
        x, positions = torch.randn(2, length, 32), torch.arange(7, 7 + length)
        given = {"x": x.numpy(), "positions": positions.numpy()}
        (made,) = session.run(given, "serving_default").values()
        assert_close(made, module(x, positions).detach().numpy(), "float32 op")


def test_tables_of_no_checkpoint_are_constants() -> None:
    module, inputs = Attention(persistent=False).eval(), _inputs()
    edge = litewright.convert(module, inputs)
    assert "litewright.weight" not in str(edge.program)
    assert_close(edge(*inputs), module(*inputs).detach().numpy(), "float32 op")


def test_tables_that_forward_makes_are_folded() -> None:
    class Made(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            turns = torch.exp(1j * _angles()[: x.shape[0]])
            return (torch.view_as_complex(x.unflatten(-1, (-1, 2))) * turns).imag

    module, x = Made(), torch.randn(5, _WIDTH)
    edge = litewright.convert(module, (x,))
    assert_close(edge(x), module(x).numpy(), "float32 op")
    assert not {"cos", "sin", "exp"} & set(_kernels(edge.program))


class Turned(nn.Module):
    def __init__(self, dtype: torch.dtype = torch.complex64, **options: Any) -> None:
        super().__init__()
        self.turn = nn.Parameter(torch.randn(3, 4, dtype=dtype, **options))

    def forward(self, x: Tensor) -> Tensor:
        return torch.view_as_real(torch.complex(x, -x) * self.turn)


def test_parameters_come_from_checkpoints() -> None:
    module, x = Turned(), torch.randn(3, 4)
    weights = {"turn": ArraySource(module.turn.detach().numpy())}
    edge = litewright.convert(Turned(device="meta"), (x,), weights=weights)
    assert_close(edge(x), module(x).detach().numpy(), "float32 op")


def test_what_has_no_rule_is_refused_by_name() -> None:
    class Module(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.complex(x, x).log().real

    with pytest.raises(UnsupportedError, match=r"aten\.log\.default\n.*at log .*\n.*of complex"):
        litewright.convert(Module(), (torch.ones(3),))


@torch.library.custom_op("tests::complex_log", mutates_args=())
def _complex_log(x: Tensor) -> Tensor:
    return x.log()


@_complex_log.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


@pytest.mark.parametrize("plan", [DEFAULT, EMPTY])
def test_what_others_leave_complex_is_refused_with_its_line(plan: PassPlan) -> None:
    class Module(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return _complex_log(torch.complex(x, x)).real

    def lower(_: Any, x: ir.Value) -> ir.Value:
        return hlo.unary("log", x)

    with REGISTRY.isolated():
        litewright.register_lowering(torch.ops.tests.complex_log.default)(lower)
        with pytest.raises(UnsupportedError, match="pairs of real ones") as caught:
            litewright.convert(Module(), (torch.ones(3),), passes=plan)
    (item,) = caught.value.items
    assert item.op.startswith("stablehlo.log (tensor<3xcomplex<f32>>")
    assert "test_complex_numbers.py" in item.where
