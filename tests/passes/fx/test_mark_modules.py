"""Calls of module classes as composites: what is marked, what is not and why, and that numbers stay."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.fx import Node

from litewright.compiler.capture import capture, from_exported_program
from litewright.compiler.composites.module import CompositeModule
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir import mlir
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_composite import composite_of
from litewright.compiler.ir.fx_origin import origin_of_node
from litewright.compiler.ir.observer import Observer
from litewright.lowering.torch_to_stablehlo import lower, supported_ops
from litewright.passes.fx.mark_modules import MarkModules
from tests.support.tolerances import assert_close
from tests.support.xla import run_program


class Norm(nn.Module):
    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Block(nn.Module):
    """Two results, a submodule called twice, a submodule with another class."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = Norm(0.5)
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.linear(self.norm(x))
        return self.norm(hidden) + y, hidden.topk(2)[0]


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        shift, top = x.exp(), x
        for block in self.blocks:
            x, top = block(x, shift)
        return x, top


class Seen(Observer[FxProgram]):
    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []

    def marked(self, composite: str, node: Node) -> None:
        self.events.append((composite, node.name, ""))

    def not_marked(self, composite: str, node: Node, why: object) -> None:
        self.events.append((composite, node.name, str(why)))


def _capture(module: nn.Module, *args: Tensor) -> FxProgram:
    return capture("main", module.eval(), args, {}, kept=supported_ops())


def _composites(program: FxProgram) -> list[Node]:
    return [n for n in program.graph_module.graph.nodes if composite_of(n) is not None]


def _assert_same(program: FxProgram, expected: Mapping[str, Tensor], x: Tensor) -> None:
    """In eager torch and on XLA."""
    program.verify()
    actual = program.run({"x": x})
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        lowered.module.operation.verify()
        on_xla = run_program(lowered, {"x": x.numpy()})
    assert list(actual) == list(on_xla) == list(expected)
    for name, tensor in expected.items():
        assert_close(actual[name].numpy(), tensor.numpy(), "float32 op")
        assert_close(on_xla[name], tensor.numpy(), "float32 op")


def test_every_call_is_a_composite_with_its_attributes() -> None:
    model, x = Model(), torch.randn(3, 4)
    program = _capture(model, x)
    expected, before = program.run({"x": x}), program.interface()
    marking = MarkModules(
        (CompositeModule(Norm, "acme::norm", attributes=lambda m: {"eps": m.eps, "axes": [-1]}),),
    )
    assert marking.run(program)
    calls = _composites(program)
    assert len(calls) == 4
    assert all(dict(call.kwargs) == {"eps": 0.5, "axes": [-1]} for call in calls)
    assert [[argument.name for argument in call.all_input_nodes][1:] for call in calls] == [
        ["p_blocks_0_norm_weight"]
    ] * 2 + [["p_blocks_1_norm_weight"]] * 2
    assert program.interface() == before
    _assert_same(program, expected, x)
    assert not marking.run(program)


def test_a_marked_call_inside_of_a_marked_call() -> None:
    model, x = Model(), torch.randn(3, 4)
    program = _capture(model, x)
    expected = program.run({"x": x})
    composites = (CompositeModule(Block, "acme.block"), CompositeModule(Norm, "acme.norm"))
    assert MarkModules(composites).run(program)
    assert [call.name for call in _composites(program)] == ["block", "block_1"]
    inside = composite_of(_composites(program)[0])
    assert inside is not None
    labels = [c.name for n in inside.graph_module.graph.nodes if (c := composite_of(n)) is not None]
    assert labels == ["acme.norm"] * 2
    lowered = lower([program], mlir.make_context())
    with mlir.use(lowered.context):
        text = str(lowered)
    # Of the first block both results are read, of the second too: equal decompositions are one function.
    assert text.count("func.func private @acme.norm") == 1
    _assert_same(program, expected, x)
    assert not MarkModules(composites).run(program)


def test_origins_are_those_of_the_call() -> None:
    program = _capture(Model(), torch.randn(3, 4))
    MarkModules((CompositeModule(Norm, "acme.norm"),)).run(program)
    names = [origin_of_node(call).name for call in _composites(program)]
    assert names == [f"blocks.{i}.norm.norm" for i in (0, 0, 1, 1)]


class Special(Norm):
    pass


def test_classes_derived_from_it_are_meant_too() -> None:
    class Derived(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = Special()

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(x)

    model = Derived()
    program = _capture(model, torch.randn(3, 4))
    assert MarkModules((CompositeModule(Norm, "acme.norm"),)).run(program)


def test_other_classes_are_not_marked() -> None:
    program = _capture(Model(), torch.randn(3, 4))
    assert not MarkModules((CompositeModule(nn.GELU, "acme.gelu"),)).run(program)
    assert not MarkModules().run(program)


class Turned(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = Norm()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + x


def test_a_call_whose_operands_depend_on_its_results_is_left() -> None:
    model, x = Turned(), torch.randn(3, 4)
    program = _capture(model, x)
    nodes = [n for n in program.graph_module.graph.nodes if n.op == "call_function"]
    # As if the mean had been computed by the caller: no module can be written so by itself.
    mean = next(node for node in nodes if "mean" in node.name)
    mean.meta["nn_module_stack"] = dict(list(mean.meta["nn_module_stack"].items())[:1])
    seen = Seen()
    marking = MarkModules((CompositeModule(Norm, "acme.norm"),))
    assert not marking.run_observed(program, (seen,))
    ((rule, node, why),) = seen.events
    assert (rule, node) == ("acme.norm", "pow_1")
    assert why.startswith("it reads a value that is computed outside from its own result: mean, ")
    assert "test_mark_modules.py" in why


def test_readers_between_are_moved_behind() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair = Pair()

        def forward(self, x: Tensor) -> Tensor:
            first, second = self.pair(x)
            return first * 2 + second

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x.exp(), x.sin().cos()

    model, x = Model(), torch.randn(3, 4)
    program = _capture(model, x)
    graph = program.graph_module.graph
    by_name = {node.name: node for node in graph.nodes}
    by_name["exp"].append(by_name["mul"])  # first * 2 now stands inside of the call
    graph.lint()
    expected = program.run({"x": x})
    assert MarkModules((CompositeModule(Pair, "acme.pair"),)).run(program)
    assert len(_composites(program)) == 1
    _assert_same(program, expected, x)


def test_attributes_want_the_module() -> None:
    model, x = Model().eval(), torch.randn(3, 4)
    exported = torch.export.export(model, (x,), strict=False)
    program = from_exported_program("main", exported, kept=supported_ops())
    composite = CompositeModule(Norm, "acme.norm", attributes=lambda module: {"eps": module.eps})
    with pytest.raises(UserError, match=r"acme\.norm takes attributes from its module"):
        MarkModules((composite,)).run(program)
    assert MarkModules((CompositeModule(Norm, "acme.norm"),)).run(program)


@pytest.mark.parametrize("value", [None, {"a": 1}, ["a"], [True, 1], torch.ones(1)])
def test_odd_attributes_are_refused(value: object) -> None:
    model = Model()
    composite = CompositeModule(Norm, "acme.norm", attributes=lambda _: {"odd": value})
    with pytest.raises(UserError, match=r"composite acme\.norm: attribute odd is"):
        MarkModules((composite,)).run(_capture(model, torch.randn(3, 4)))


def test_what_is_no_module_class_or_name_is_refused() -> None:
    with pytest.raises(UserError, match="no subclass of torch"):
        CompositeModule(Tensor, "acme.norm")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UserError, match=r"NAMESPACE\.NAME"):
        CompositeModule(Norm, "norm")
