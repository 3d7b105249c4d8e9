"""Every stage runs, and shows what it computes on the way."""

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.driver.running import interior_values, run_stage
from litewright.compiler.inspect.exposing import Place, computed, cut, exposed
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.mlir import Array, op_name
from litewright.compiler.ir.observer import Observer
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import Program, body_of
from tests.support.programs import function, program_of
from tests.support.tolerances import assert_close

CHAIN = """
  %0 = stablehlo.dot_general %a0, %w0, contracting_dims = [1] x [1]
    : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  %1 = stablehlo.tanh %0 : tensor<2x4xf32>
  %2 = stablehlo.add %1, %0 : tensor<2x4xf32>
  %3 = stablehlo.negate %1 : tensor<2x4xf32>
  return %2, %3 : tensor<2x4xf32>, tensor<2x4xf32>
"""
TEXT = function(["tensor<2x3xf32>"], ["tensor<2x4xf32>"] * 2, CHAIN, ["tensor<4x3xf32>"])
DYNAMIC = """
func.func public @main(%x: tensor<?x3xf32> {litewright.name = "x"}) -> (tensor<?x3xf32> {litewright.name = "y"}) {
  %0 = stablehlo.composite "test.square" %x {decomposition = @square} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = stablehlo.add %0, %x : tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}
func.func private @square(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %0 = stablehlo.multiply %x, %x : tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
"""


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.norm = nn.Linear(8, 160), nn.LayerNorm(160)
        self.down = nn.Linear(160, 8)

    def forward(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(self.norm(self.up(x)))
        return self.down(hidden)[ids]


class Keep(Observer[object]):
    """Keeps what the lowerings have made."""

    def __init__(self) -> None:
        self.units: dict[str, FxProgram | Program] = {}

    def lowered(self, name: str, unit: object) -> None:
        assert isinstance(unit, FxProgram | Program)
        if isinstance(unit, Program):
            from litewright.compiler.inspect.exposing import snapshot

            unit = snapshot(unit)
        self.units[name] = unit


def random(shape: tuple[int, ...], seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_all_stages_of_a_conversion_compute_the_same() -> None:
    torch.manual_seed(0)
    module, keep = Block().eval(), Keep()
    x, ids = torch.randn(3, 8), torch.tensor([2, 0, 1, 1])
    edge = litewright.convert(module, (x, ids), observers=[keep])
    inputs = {"x": x.numpy(), "ids": ids.numpy()}
    expected = module(x, ids).detach().numpy()
    units = {**keep.units, "final": edge.program}
    assert list(units) == ["fx_serving_default", "stablehlo", "tfl", "final"]
    for name, unit in units.items():
        for delegate in {False, name in ("tfl", "final")}:
            actual = run_stage(unit, "serving_default", inputs, delegate=delegate)
            assert_close(actual["output_0"], expected, "float32 model")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_fx_runs_in_other_element_types(dtype: torch.dtype) -> None:
    from litewright.compiler.capture import capture
    from litewright.compiler.inspect.eager import tensor_of_array
    from litewright.compiler.weights.torch_source import array_of_tensor

    class Sum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2 + 1

    x = torch.randn(3, 4).to(dtype)
    graph = capture("f", Sum(), (x,), {})
    actual = run_stage(graph, "f", {"x": array_of_tensor(x)})["output_0"]
    assert torch.equal(tensor_of_array(actual), x * 2 + 1)


def test_interior_values_are_those_that_numpy_computes() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        x, w = random((2, 3)), program.weights.read("w0")
        before = str(program)
        values = interior_values(program, "main", {"a0": x})
        assert str(program) == before
    dot = x @ w.T
    expected = [dot, np.tanh(dot), np.tanh(dot) + dot, -np.tanh(dot)]
    assert list(values) == [Place(index) for index in range(4)]
    for array, wanted in zip(values.values(), expected, strict=True):
        assert_close(array, wanted, "float32 transcendental")


@pytest.mark.parametrize("delegate", [False, True])
def test_interior_values_of_tfl(delegate: bool) -> None:
    torch.manual_seed(0)
    module = Block().eval()
    x, ids = torch.randn(3, 8), torch.tensor([2, 0])
    program = litewright.convert(module, (x, ids)).program
    inputs = {"x": x.numpy(), "ids": ids.numpy()}
    values = interior_values(program, "serving_default", inputs, delegate=delegate)
    up = module.up(x).detach().numpy()
    found = [
        values[place]
        for place, op, _ in computed(program.signature("serving_default"))
        if op_name(op) == "tfl.fully_connected" and origin_of(op.location).path == "up"
    ]
    (actual,) = found
    assert_close(actual.reshape(up.shape), up, "float32 model")


def test_given_values_take_the_place_of_computed_ones() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        given = exposed(program, "main", given=[Place(1)])
        tanh = random((2, 4), 5)
        inputs = {"a0": random((2, 3)), str(Place(1)): tanh}
        results = run_stage(given, "main", inputs)
    assert_close(results["r1"], -tanh, "exact")


def test_a_cut_holds_what_its_ends_need_and_no_more() -> None:
    with mlir.use(mlir.make_context()):
        program = program_of(TEXT)
        part = cut(program, "main", ends=[Place(3)], starts=[Place(0)])
        part.module.operation.verify()
        names = [op_name(op) for op in body_of(part.signature("main")).operations]
        dot = random((2, 4))
        results = run_stage(part, "main", {str(Place(0)): dot})
    assert names == ["stablehlo.tanh", "stablehlo.negate", "func.return"]
    assert part.interface() == (
        "signature main",
        "input value_0_0 float32[2,4]",
        "result value_3_0 float32[2,4]",
    )
    assert_close(results["value_3_0"], -np.tanh(dot), "float32 transcendental")


@pytest.mark.parametrize("rows", [1, 5])
def test_dynamic_dimensions_become_those_of_the_inputs(rows: int) -> None:
    x = random((rows, 3))
    with mlir.use(mlir.make_context()):
        program = program_of(DYNAMIC)
        assert_close(run_stage(program, "main", {"x": x})["y"], x * x + x, "float32 op")
        assert "tensor<?x3xf32>" in str(program)


def test_one_signature_of_several_runs() -> None:
    x, ids = torch.randn(3, 8), torch.tensor([2, 0])
    module = Block().eval()
    edge = (
        litewright.signature("main", module, (x, ids))
        .signature("other", module, (x[:2], ids.clip(0, 1)))
        .convert()
    )
    for name, rows in (("main", 3), ("other", 2)):
        inputs = {"x": x[:rows].numpy(), "ids": ids.clip(0, 1).numpy()}
        actual = run_stage(edge.program, name, inputs)["output_0"]
        expected = module(x[:rows], ids.clip(0, 1)).detach().numpy()
        assert_close(actual, expected, "float32 model")
