"""Capture: names, tensors, and graphs that compute what the module does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from litewright.compiler.capture import capture, from_exported_program
from litewright.compiler.ir.fx import FxProgram, Holding
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.torch_ops import Op, is_mutating, op_of
from litewright.lowering.torch_to_stablehlo import supported_ops
from tests.models.decoder import Decoder
from tests.models.decoder_config import DecoderConfig
from tests.models.resnet import resnet18


def _capture(module: nn.Module, *args: Any, **kwargs: Any) -> FxProgram:
    return capture("main", module, args, kwargs, kept=supported_ops())


def _ops(program: FxProgram) -> list[Op | None]:
    return [op_of(n) for n in program.graph_module.graph.nodes if n.op == "call_function"]


class Nested(nn.Module):
    def forward(
        self,
        x: Tensor,
        states: tuple[Tensor, dict[str, Tensor]],
        *rest: Tensor,
        scale: Tensor,
        **more: Tensor,
    ) -> dict[str, Any]:
        first, named = states
        total = x + first + named["deep.key"] + rest[0] + more["extra"]
        return {
            "total": total * scale,
            "parts": (first, [rest[0], named["deep.key"]]),
            "none": None,
        }


def test_names_follow_the_call() -> None:
    x = torch.ones(2)
    program = _capture(Nested(), x, (x, {"deep.key": x}), x, extra=x, scale=x)
    names = [each.name for each in program.inputs]
    assert names == ["x", "states_0", "states_1_deep.key", "rest_0", "extra", "scale"]
    assert program.outputs == ("total", "parts_0", "parts_1_0", "parts_1_1")


def test_a_tensor_given_twice_is_two_inputs() -> None:
    x = torch.ones(2)
    program = _capture(Nested(), x, (x, {"deep.key": x}), x, extra=x, scale=x)
    given = {each.name: torch.full((2,), 10.0**i) for i, each in enumerate(program.inputs)}
    results = program.run(given)
    assert results["total"][0] == (1 + 10 + 100 + 1000 + 10000) * 100000
    assert [results[name][0] for name in program.outputs[1:]] == [10, 1000, 100]


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (lambda x: x + 1, ("output_0",)),
        (lambda x: (x + 1, x + 2), ("output_0", "output_1")),
        (lambda x: [x + 1, (x + 2, None)], ("output_0", "output_1_0")),
        (lambda x: {"a": x + 1, 3: x}, ("a", "3")),
        (lambda x: {"a_0": x + 1, "a": (x,)}, ("a_0", "a_0_1")),
    ],
)
def test_output_names(result: Any, names: tuple[str, ...]) -> None:
    class Returns(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return result(x)

    assert _capture(Returns(), torch.ones(2)).outputs == names


class Holder(nn.Module):
    table: Tensor
    count: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        self.register_buffer("table", torch.arange(4.0), persistent=False)
        self.register_buffer("count", torch.ones(4))
        self.plain = torch.full((4,), 3.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)) + self.table + self.count + self.plain + torch.tensor(2.0)


def test_tensors_are_the_modules_own() -> None:
    module = Holder()
    program = _capture(module, torch.ones(1, 4))
    held = {each.name: each for each in program.held.values()}
    weight = held["first.weight"]
    assert weight.tensor is module.first.weight
    assert weight.aliases == ("first.weight", "second.weight")
    assert held["table"].tensor is module.table
    assert held["plain"].tensor is module.plain
    holdings = {name: each.holding for name, each in held.items()}
    assert holdings["first.weight"] is Holding.PARAMETER
    assert holdings["count"] is Holding.BUFFER
    assert holdings["table"] is holdings["plain"] is Holding.TABLE
    x = torch.randn(1, 4)
    assert torch.allclose(program.run({"x": x})["output_0"], module(x))


def test_parameters_on_meta_stay_there() -> None:
    config = DecoderConfig.tiny(tied=True)
    decoder = Decoder(config, device="meta")
    before = dict(decoder.named_parameters(remove_duplicate=False))
    program = capture("decode", decoder, (), config.sample_inputs(1), kept=supported_ops())
    after = dict(decoder.named_parameters(remove_duplicate=False))
    assert all(after[name] is parameter and parameter.is_meta for name, parameter in before.items())
    held = {each.name: each for each in program.held.values()}
    assert held["model.embed_tokens.weight"].tensor is decoder.model.embed_tokens.weight
    assert held["model.embed_tokens.weight"].aliases == (
        "model.embed_tokens.weight",
        "lm_head.weight",
    )
    assert held["model.rotary.table"].tensor is decoder.model.rotary.table


def test_meta_and_real_capture_alike() -> None:
    config = DecoderConfig.tiny()
    real, meta = Decoder(config), Decoder(config, device="meta")
    programs = [
        capture("decode", each, (), config.sample_inputs(1), kept=supported_ops())
        for each in (real, meta)
    ]
    assert str(programs[0]) == str(programs[1])


def test_capture_is_deterministic() -> None:
    config = DecoderConfig.tiny()
    decoder = Decoder(config)
    texts = {
        str(capture("decode", decoder, (), config.sample_inputs(1), kept=supported_ops()))
        for _ in range(2)
    }
    assert len(texts) == 1


class InPlace(nn.Module):
    """Changes tensors in place in ways that others can see, and cannot."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        match self.kind:
            case "unseen":
                return (x + 1).relu_().mul_(3)
            case "view":
                y = x + 1
                y[0].mul_(2)
                return y
            case "later reader":
                y = x + 1
                z = y * 2
                y.mul_(3)
                return y + z
            case "result of a view":
                y = x + 1
                y.reshape(-1).mul_(2)
                return y
            case _:
                x.add_(1)
                return x * 2


@pytest.mark.parametrize("kind", ["unseen", "view", "later reader", "result of a view", "input"])
def test_in_place_ops_become_functional(kind: str) -> None:
    module = InPlace(kind)
    program = _capture(module, torch.zeros(3, 2))
    assert not any(op is not None and is_mutating(op) for op in _ops(program))
    x = torch.randn(3, 2)
    expected = module(x.clone())
    assert torch.equal(program.run({"x": x})["output_0"], expected)


def test_kept_ops_stay_whole_and_others_do_not() -> None:
    aten = torch.ops.aten

    class Two(nn.Module):
        def forward(self, x: Tensor, w: Tensor) -> Tensor:
            return nn.functional.silu(nn.functional.linear(x, w))

    samples = (torch.ones(2, 3), torch.ones(4, 3))
    whole = capture("main", Two(), samples, {}, kept={aten.linear.default, aten.silu.default})
    assert _ops(whole) == [aten.linear.default, aten.silu.default]
    one = capture("main", Two(), samples, {}, kept={aten.linear.default})
    assert aten.silu.default not in _ops(one)
    assert aten.linear.default in _ops(one)


def test_resnet_needs_no_decomposition() -> None:
    program = _capture(resnet18(width=8), torch.zeros(1, 3, 32, 32))
    assert _ops(program).count(torch.ops.aten.batch_norm.default) == 20
    assert _ops(program).count(torch.ops.aten.relu.default) == 17


def test_no_grad_regions_are_inlined() -> None:
    class NoGrad(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            with torch.no_grad():
                y = x * 2
            return y + x

    program = _capture(NoGrad(), torch.ones(2))
    assert all(op is not None for op in _ops(program))


def test_origins_name_module_and_line() -> None:
    program = _capture(resnet18(width=8), torch.zeros(1, 3, 32, 32))
    nodes = {node.name: node for node in program.graph_module.graph.nodes}
    origin = origin_of_node(nodes["conv2d_1"])
    assert origin.path == "layer1.0.conv1"
    assert origin.label == "conv2d"
    assert origin.file.endswith("tests/models/resnet.py")
    assert origin.line > 0


def test_a_module_called_twice_keeps_its_path() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(self.layer(x))

    program = _capture(Twice(), torch.ones(1, 2))
    paths = [origin_of_node(n).path for n in program.results[0].all_input_nodes[:1]]
    assert paths == ["layer"]
    assert origin_of_node(program.results[0]).path == "layer"


def test_configuration_is_recorded() -> None:
    class Configured(nn.Module):
        def forward(self, x: Tensor, y: Tensor | None = None, *, double: bool = False) -> Tensor:
            z = x if y is None else x + y
            return z * 2 if double else z

    program = capture("main", Configured(), (torch.ones(2), None), {"double": True})
    assert [each.name for each in program.inputs] == ["x"]
    assert torch.equal(program.run({"x": torch.ones(2)})["output_0"], torch.full((2,), 2.0))


def _exported(module: nn.Module, *args: Any) -> torch.export.ExportedProgram:
    return torch.export.export(module, args, strict=False)


def test_from_exported_program() -> None:
    module = Holder()
    exported = _exported(module, torch.ones(1, 4))
    text = str(exported.graph)
    program = from_exported_program("main", exported, kept=supported_ops())
    assert str(exported.graph) == text
    assert [each.name for each in program.inputs] == ["x"]
    held: Mapping[str, Any] = {each.name: each for each in program.held.values()}
    assert held["first.weight"].tensor is module.first.weight
    x = torch.randn(1, 4)
    assert torch.allclose(program.run({"x": x})["output_0"], module(x))


def test_an_input_of_an_exported_program_may_be_named_as_something_of_python() -> None:
    exported = torch.export.export(nn.Linear(3, 2).eval(), (torch.randn(5, 3),))
    program = from_exported_program("main", exported)
    assert [each.name for each in program.inputs] == ["input"]


def test_from_exported_program_in_place() -> None:
    exported = _exported(InPlace("unseen"), torch.zeros(3, 2))
    text = str(exported.graph)
    program = from_exported_program("main", exported, kept=supported_ops())
    assert str(exported.graph) == text
    x = torch.randn(3, 2)
    assert torch.equal(program.run({"x": x})["output_0"], InPlace("unseen")(x))


def test_a_recurrent_module_on_meta() -> None:
    with torch.device("meta"):
        module = nn.LSTM(4, 5)
    program = _capture(module, torch.ones(3, 2, 4))
    assert {each.name for each in program.held.values()} == dict(module.named_parameters()).keys()
    assert all(parameter.is_meta for parameter in module.parameters())
