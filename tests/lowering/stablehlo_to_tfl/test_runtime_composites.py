"""Composites that a target runs as one: which stay, what the file says of them, and what they compute."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers
from torch import nn
from torch.nn import functional as F

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.hlo import composite_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.runtime import Runner
from litewright.composites import composite
from tests.support.tolerances import assert_close

LM = "litert-lm-gpu"


class Attention(nn.Module):
    """Heads as most models write them: [B, T, N, H] turned to [B, N, T, H] and back."""

    def __init__(self, *, causal: bool = False, groups: int = 4) -> None:
        super().__init__()
        self.query, self.key_value = nn.Linear(32, 32), nn.Linear(32, 16 * groups)
        self.causal, self.groups = causal, groups

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        batch, length, _ = x.shape
        query = self.query(x).view(batch, length, 4, 8).transpose(1, 2)
        key, value = (
            half.view(batch, length, self.groups, 8).transpose(1, 2)
            for half in self.key_value(x).chunk(2, -1)
        )
        heads = F.scaled_dot_product_attention(
            query, key, value, mask, is_causal=self.causal, scale=0.3, enable_gqa=self.groups < 4
        )
        return heads.transpose(1, 2).reshape(x.shape)


class FromCache(nn.Module):
    """Keys and values arrive as [B, N, S, H]."""

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(q, k, v)


@composite("odml::rms_norm")
def named_as_the_runtime_does(
    x: torch.Tensor, weight: torch.Tensor, *, epsilon: float
) -> torch.Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * weight


@composite("acme::halved")
def named_as_nobody_does(x: torch.Tensor) -> torch.Tensor:
    return x / 2


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return named_as_nobody_does(named_as_the_runtime_does(x, self.weight, epsilon=0.01))


class Reasons(Observer[Program]):
    def __init__(self) -> None:
        self.told: list[str] = []

    def declined(self, rule: str, op: Any, why: object) -> None:
        if rule.startswith("emit-"):
            self.told.append(str(why))


def random_weights(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    return module.eval()


def kept(program: Program) -> list[str]:
    with mlir.use(program.context):
        return [
            composite_name(op)
            for function in program.functions()
            for op in body_of(function).operations
            if mlir.op_name(op) == "stablehlo.composite"
        ]


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...], str, dict[str, Any]]] = {
    "layer norm": (
        lambda: nn.LayerNorm(8), (torch.randn(2, 3, 8),),
        "odml.group_norm", {"sub_type": 1, "epsilon": np.float32(1e-5)}),
    "layer norm without parameters": (
        lambda: nn.LayerNorm(8, elementwise_affine=False), (torch.randn(2, 8),),
        "odml.group_norm", {"sub_type": 1, "epsilon": np.float32(1e-5)}),
    "rms norm": (
        lambda: nn.RMSNorm(8, eps=1e-5), (torch.randn(2, 3, 8),),
        "odml.rms_norm", {"epsilon": np.float32(1e-5)}),
    "group norm": (
        lambda: nn.GroupNorm(2, 6), (torch.randn(2, 6, 5),),
        "odml.group_norm",
        {"sub_type": 0, "epsilon": np.float32(1e-5), "num_groups": 2, "channel_axis": 2}),
    "attention": (
        Attention, (torch.randn(2, 5, 32),),
        "odml.scaled_dot_product_attention", {"scale": np.float32(0.3)}),
    "attention with a mask": (
        Attention, (torch.randn(1, 5, 32), torch.randn(5, 5)),
        "odml.scaled_dot_product_attention", {"scale": np.float32(0.3)}),
    "causal attention": (
        lambda: Attention(causal=True), (torch.randn(2, 5, 32),),
        "odml.scaled_dot_product_attention", {"scale": np.float32(0.3)}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_one_op_of_the_file_with_attributes_that_delegates_read(case: str, tmp_path: Path) -> None:
    make, args, name, attributes = CASES[case]
    module = random_weights(make())
    path = tmp_path / "model.tflite"
    model = litewright.convert(module, args, target=LM)
    model.export(path)
    assert kept(model.program) == [name]
    [(written, encoded)] = composites_of(path)
    assert written == name
    assert flexbuffers.Loads(encoded) == pytest.approx(attributes, rel=1e-7)
    # Delegates read floats in place, four bytes wide.
    for key in {"epsilon", "scale"} & attributes.keys():
        assert attributes[key].tobytes() in encoded
    # On the CPU the decomposition runs.
    names = [info.name for info in Runner(path).signature().inputs]
    given = {n: a.numpy() for n, a in zip(names, args, strict=True)}
    wanted = module(*args).detach().numpy()
    for delegate in (False, True):
        [made] = Runner(path, delegate=delegate).run(given).values()
        assert_close(made, wanted, "float32 model")
    again = litewright.read(path)
    assert kept(again.program) == [name]
    second = tmp_path / "again.tflite"
    again.export(second)
    assert composites_of(second) == [(name, encoded)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_inlined_for_targets_that_do_not_want_it(case: str, target: str) -> None:
    make, args, _, _ = CASES[case]
    model = litewright.convert(random_weights(make()), args, target=target)
    assert kept(model.program) == []
    assert len(list(model.program.functions())) == 1


DECLINED: dict[str, tuple[Callable[[], nn.Module], tuple[Any, ...], str]] = {
    "over two axes": (
        lambda: nn.LayerNorm([3, 8]), (torch.randn(2, 3, 8),), "the runtime normalises one axis: 2"),
    "rms norm without a scale": (
        lambda: nn.RMSNorm(8, eps=1e-5, elementwise_affine=False), (torch.randn(2, 8),),
        "the runtime's RMS norm has a scale"),
    "of rank 5": (
        lambda: nn.LayerNorm(8), (torch.randn(1, 2, 1, 3, 8),), "litert-lm-gpu does not take odml.group_norm: rank 5"),
    "a boolean mask": (
        Attention, (torch.randn(1, 5, 32), torch.ones(5, 5).tril() > 0), "the runtime adds masks"),
    "grouped queries": (
        lambda: Attention(groups=2), (torch.randn(1, 5, 32),), "litert-lm-gpu does not take odml.scaled_dot"),
    "a cache in the order of torch": (
        FromCache, tuple(torch.randn(1, 4, 5, 8) for _ in range(3)), "keys and values would have to be transposed"),
}  # fmt: skip


@pytest.mark.parametrize("case", DECLINED)
def test_inlined_with_a_reason_where_the_delegate_would_not_take_it(case: str) -> None:
    make, args, reason = DECLINED[case]
    reasons = Reasons()
    module = random_weights(make())
    model = litewright.convert(module, args, target=LM, observers=[reasons])
    assert kept(model.program) == []
    assert any(told.startswith(reason) for told in reasons.told), reasons.told
    made = model(*(a.numpy() for a in args))
    assert_close(made, module(*args).detach().numpy(), "float32 model")


@pytest.mark.parametrize(("target", "stays"), [("cpu", []), ("gpu", []), (LM, ["odml.rms_norm"])])
@pytest.mark.parametrize("rank", [3, 5])
def test_no_runtime_sees_a_name_that_it_does_not_know(
    target: str, stays: list[str], rank: int, tmp_path: Path
) -> None:
    module = random_weights(Named())
    x = torch.randn(*[1] * (rank - 2), 3, 8)
    path = tmp_path / "model.tflite"
    model = litewright.convert(module, (x,), target=target)
    model.export(path)
    # Nor one that it would not take.
    assert [name for name, _ in composites_of(path)] == (stays if rank == 3 else [])
    assert_close(model(x.numpy()), module(x).detach().numpy(), "float32 model")


def test_equal_decompositions_are_one_function() -> None:
    module = nn.Sequential(*(nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8)) for _ in range(4)))
    model = litewright.convert(module.eval(), (torch.randn(3, 8),), target=LM)
    assert kept(model.program) == ["odml.group_norm"] * 4
    assert len(list(model.program.functions())) == 2


def test_without_any_pass_too() -> None:
    module = random_weights(nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8)))
    x = torch.randn(3, 8)
    model = litewright.convert(module, (x,), target=LM, passes=litewright.EMPTY)
    assert kept(model.program) == ["odml.group_norm"]
    made = model(x.numpy())
    assert_close(made, module(x).detach().numpy(), "float32 model")


def composites_of(path: Path) -> list[tuple[str, bytes]]:
    """Name and encoded attributes of every composite of a file, as LiteRT's own reader has them."""
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    return [
        (
            operator.builtinOptions2.name.decode(),
            bytes(operator.builtinOptions2.compositeAttributes),
        )
        for subgraph in model.subgraphs
        for operator in subgraph.operators
        if isinstance(operator.builtinOptions2, schema.StableHLOCompositeOptionsT)
    ]
