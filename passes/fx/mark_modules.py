"""Calls of module classes, as composites."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node

from litewright.compiler.composites.module import CompositeModule
from litewright.compiler.diagnostics import UserError
from litewright.compiler.ir.fx import FxProgram
from litewright.compiler.ir.fx_composite import checked_attributes, composite_of
from litewright.compiler.ir.observer import Observer
from litewright.passes.core import Pass

from .marking.regions import region_of, why_not_whole, wrap

_REPEATED = re.compile(r"@\d+$")  # behind the path of a module that is called again

Stack = Mapping[str, tuple[str, Any]]


@dataclass(frozen=True)
class MarkModules(Pass[FxProgram]):
    """Makes a composite of each call of certain module classes.

        # in layers.0.norm                   # of layers.0.norm
        %a = aten.mul(%x, %x)                %d = acme.norm(%x, %weight, eps=1e-05)
        %b = aten.mean.dim(%a, [-1])
        ...
        %d = aten.mul(%c, %weight)      =>

    What `torch.export` records of the modules that were running tells which ops are of a call.

    Attributes:
        composites: which classes; there are none by default.
    """

    composites: tuple[CompositeModule, ...] = ()

    def run(self, unit: FxProgram) -> bool:
        """See `Pass.run`."""
        return self.run_observed(unit, ())

    def run_observed(self, unit: FxProgram, observers: Sequence[Observer[FxProgram]]) -> bool:
        """See `Pass.run_observed`.

        Raises:
            UserError: the attributes of a composite cannot be had, or are no attributes.
        """
        changed = False
        calls = [call for each in self.composites for call in _calls(unit, each)]
        # Composites inside of others first.
        for call in sorted(calls, key=lambda call: -call.depth):
            changed |= _mark(unit, call, observers)
        return changed


def _mark(unit: FxProgram, call: _Call, observers: Sequence[Observer[FxProgram]]) -> bool:
    graph, name = unit.graph_module.graph, call.composite.name
    nodes = [node for node in graph.nodes if call.key in _stack(node)]
    if _is_marked(nodes, name):
        return False
    region = region_of(nodes, graph, lambda node: node.name in unit.held)
    refusal = why_not_whole(region)
    if refusal is not None:
        for observer in observers:
            observer.not_marked(name, nodes[0], refusal)
        return False
    attributes = _attributes(call, unit.module)
    for observer in observers:
        observer.marked(name, region.outputs[-1])
    stack = _stack(region.outputs[-1])
    upto = list(stack)[: call.depth + 1]
    meta = {**region.outputs[-1].meta, "nn_module_stack": {key: stack[key] for key in upto}}
    wrap(region, name, attributes, meta)
    return True


def _attributes(call: _Call, module: torch.nn.Module | None) -> dict[str, Any]:
    composite = call.composite
    if composite.attributes is None:
        return {}
    if module is None:
        raise UserError(
            f"composite {composite.name} takes attributes from its module, and an exported program "
            "has no modules any more; convert the module itself, or leave the attributes out"
        )
    own = module.get_submodule(call.path)
    return checked_attributes(composite.name, composite.attributes(own))


def _is_marked(nodes: Sequence[Node], name: str) -> bool:
    """Whether nodes are a call of a composite of that name, and reads of its results."""
    first, *others = nodes
    call = composite_of(first)
    read = all(other.target is operator.getitem for other in others)
    return call is not None and call.name == name and read


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of a module.

    Attributes:
        composite: what it becomes.
        key: how torch.export tells it from other calls.
        path: of the module.
        depth: how many modules it is in.
    """

    composite: CompositeModule
    key: str
    path: str
    depth: int


def _calls(unit: FxProgram, composite: CompositeModule) -> list[_Call]:
    names = _class_names(composite, unit.module)
    found: dict[str, _Call] = {}
    for node in unit.graph_module.graph.nodes:
        for depth, (key, (path, kind)) in enumerate(_stack(node).items()):
            if key not in found and _qualified(kind) in names:
                found[key] = _Call(composite, key, _REPEATED.sub("", path), depth)
    return list(found.values())


def _class_names(composite: CompositeModule, module: torch.nn.Module | None) -> set[str]:
    """The class and, of those derived from it, the ones that the model has."""
    kinds = {type(each) for each in module.modules()} if module is not None else set[type]()
    derived = {kind for kind in kinds if issubclass(kind, composite.module_class)}
    return {_qualified(kind) for kind in {composite.module_class, *derived}}


def _qualified(kind: Any) -> str:
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def _stack(node: Node) -> Stack:
    """The modules that were running, outermost first, by a key for each call."""
    stack = node.meta.get("nn_module_stack") if node.op == "call_function" else None
    return stack or {}
