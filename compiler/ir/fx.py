"""An FX program: one captured signature, what FX passes and the lowering to StableHLO work on.

Its graph is functional (no op changes a tensor in place), static in shape, and says nothing of
pytrees: tensors go in and come out by name. Parameters, buffers and constants are placeholders too;
the tensors they stand for stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch
from torch.fx import GraphModule, Node

from ..diagnostics import VerifyError
from ..weights.affine import Affine


class Holding(Enum):
    """Who holds a tensor that the graph uses without being handed it."""

    PARAMETER = "parameter"
    BUFFER = "buffer"
    """A persistent buffer: checkpoints hold it, as they hold parameters."""
    TABLE = "table"
    """A buffer that no checkpoint holds, or a tensor that the code of `forward` makes."""


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that the caller feeds.

    Attributes:
        name: what the caller calls it.
        placeholder: name of the graph's placeholder.
    """

    name: str
    placeholder: str


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A tensor of the module. Compared by identity.

    Attributes:
        name: its fully-qualified name, the first of them where it has several (tied weights).
        aliases: all its names, `name` among them.
        holding: who holds it.
        tensor: the module's own tensor; on the meta device if its values are in a checkpoint.
        affine: the integers and scales that it is made of, where it is stored so; `tensor` then tells no more
            than its shape and dtype.
    """

    name: str
    aliases: tuple[str, ...]
    holding: Holding
    tensor: torch.Tensor
    affine: Affine | None = None

    @property
    def value(self) -> torch.Tensor:
        """A plain tensor of its values."""
        if self.affine is None:
            return self.tensor
        return self.affine.dequantised().to(self.tensor.dtype)


@dataclass(eq=False, slots=True)
class FxProgram:
    """A signature as an FX graph of ATen ops.

    Attributes:
        name: the signature's name.
        graph_module: its placeholders are `inputs` and `held`; its output is a flat tuple of tensors.
            Every node has its fake value in `meta["val"]`.
        inputs: in the caller's order.
        outputs: names of the results, in the order of the output tuple.
        held: placeholder names to the tensors they stand for.
        module: what it was captured from; None for a program that the caller had exported.
        state: buffers of the module that a call changes, by the name that they have among inputs and results.
    """

    name: str
    graph_module: GraphModule
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]
    held: dict[str, Held]
    module: torch.nn.Module | None = None
    state: dict[str, torch.Tensor] = field(default_factory=dict[str, torch.Tensor])

    @property
    def placeholders(self) -> dict[str, Node]:
        """The graph's placeholders by name."""
        return {node.name: node for node in self.graph_module.graph.find_nodes(op="placeholder")}

    @property
    def results(self) -> tuple[Node, ...]:
        """The nodes whose values the signature returns."""
        return result_nodes(self.graph_module)

    def run(self, inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Runs the graph in eager torch; `inputs` by name.

        Raises:
            KeyError: an input is missing.
        """
        fed = {each.placeholder: inputs[each.name] for each in self.inputs}
        values = {**{name: held.value for name, held in self.held.items()}, **fed}
        arguments = [values[name] for name in self.placeholders]
        with torch.no_grad():
            outputs = FunctionalInterpreter(self.graph_module).run(*arguments)
        return dict(zip(self.outputs, outputs, strict=True))

    def interface(self) -> tuple[str, ...]:
        """What a caller sees: names, dtypes and shapes of inputs and results."""
        placeholders = self.placeholders
        inputs = [(each.name, placeholders.get(each.placeholder)) for each in self.inputs]
        results = list(zip(self.outputs, self.results, strict=False))
        lines = [f"input {name} {_describe(node)}" for name, node in inputs]
        lines += [f"result {name} {_describe(node)}" for name, node in results]
        return (f"signature {self.name}", *lines)

    def verify(self) -> None:
        """Checks the graph.

        Raises:
            VerifyError: the graph is not sound, a value has no type, or a placeholder stands for nothing.
        """
        try:
            self.graph_module.graph.lint()
        except RuntimeError as error:
            raise VerifyError(f"torch refuses the graph of {self.name}: {error}") from error
        known = {*self.held, *(each.placeholder for each in self.inputs)}
        for node in self.graph_module.graph.nodes:
            if node.op == "placeholder" and node.name not in known:
                raise VerifyError(f"placeholder {node.name} is neither an input nor a held tensor")
            # Assertions have no value, and nothing reads them.
            if node.op == "call_function" and node.users and "val" not in node.meta:
                raise VerifyError(
                    f"node {node.name} ({node.target}) has no fake value in meta['val']"
                )
        if len(self.outputs) != len(self.results):
            raise VerifyError(
                f"{len(self.results)} results, but {len(self.outputs)} names for them"
            )

    def __str__(self) -> str:
        """The graph as readable code, with types."""
        return f"# signature {self.name}\n{self.graph_module.print_readable(print_output=False)}"


_VIEWS = (torch.ops.aten.view.default, torch.ops.aten._unsafe_view.default)


class FunctionalInterpreter(torch.fx.Interpreter):
    """Knows no strides: where a pass took away the copy that a view was captured on, the view copies."""

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Calls an op."""
        if target in _VIEWS:
            target = torch.ops.aten.reshape.default
        return super().call_function(target, args, kwargs)


def _describe(node: Node | None) -> str:
    value = node.meta.get("val") if node is not None else None
    if not isinstance(value, torch.Tensor):
        return "nothing"
    return f"{str(value.dtype).removeprefix('torch.')}[{','.join(map(str, value.shape))}]"


def result_nodes(graph_module: GraphModule) -> tuple[Node, ...]:
    """What the output node of a graph returns: a flat tuple of nodes."""
    (values,) = graph_module.graph.output_node().args
    assert isinstance(values, tuple | list), "the output of a captured graph is a tuple"
    return tuple(value for value in values if isinstance(value, Node))


def live_nodes(graph_module: GraphModule) -> Iterator[Node]:
    """The calls that the results depend on, in order. Assertions are not among them."""
    pending, live = list(result_nodes(graph_module)), set[Node]()
    while pending:
        node = pending.pop()
        if node not in live:
            live.add(node)
            pending.extend(node.all_input_nodes)
    return (n for n in graph_module.graph.nodes if n in live and n.op != "placeholder")
