"""Decompositions written as ordinary torch functions, traced and lowered by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from litewright.compiler.diagnostics import InternalError, Unsupported
from litewright.compiler.ir.fx import live_nodes, result_nodes
from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.types import element_of, shape_of

from .composites import ModuleBuilder
from .elements import dtype_of_element
from .graph import Values, lower_nodes, without_rule

TorchFunction = Callable[..., torch.Tensor | tuple[torch.Tensor, ...]]


def inline(
    builder: ModuleBuilder, function: TorchFunction, operands: Sequence[ir.Value | None]
) -> list[ir.Value]:
    """Lowers a torch function of tensors here and now; its results are values.

    Args:
        builder: the module that is being written.
        function: of as many tensors as there are operands; made of ops that have rules.
        operands: its arguments; None is passed on as None.
    """
    with FakeTensorMode() as mode:
        fakes = [None if each is None else _fake(each) for each in operands]
    present = [each for each in fakes if each is not None]

    def of_present(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        given = iter(tensors)
        result = function(*[None if each is None else next(given) for each in fakes])
        return (result,) if isinstance(result, torch.Tensor) else tuple(result)

    with mode:
        graph_module = make_fx(of_present, pre_dispatch=True)(*present)
    nodes = list(live_nodes(graph_module))
    missing = without_rule(nodes, builder.rules)
    if missing:
        raise InternalError(f"{function} decomposes to ops without a rule: {missing}")
    placeholders = graph_module.graph.find_nodes(op="placeholder")
    given = [each for each in operands if each is not None]
    values: Values = dict(zip(placeholders, given, strict=True))
    refused: list[Unsupported] = []
    lower_nodes(builder, nodes, values, refused, location=ir.Location.current)
    if refused:
        raise InternalError(f"{function} decomposes to forms without lowering: {refused}")
    results = [values[node] for node in result_nodes(graph_module)]
    return [value for value in results if isinstance(value, ir.Value)]


def decomposition(builder: ModuleBuilder, function: TorchFunction) -> Callable[..., list[ir.Value]]:
    """The decomposition of a composite as a torch function of its operands."""
    return lambda *operands: inline(builder, function, operands)


def _fake(value: ir.Value) -> torch.Tensor:
    return torch.empty(shape_of(value), dtype=dtype_of_element(element_of(value)))
