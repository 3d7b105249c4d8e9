"""Names of inputs and outputs, from the pytrees of the call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind
from torch.utils import _pytree as pytree

from .samples import key_text, sample_name


def input_names(program: ExportedProgram) -> tuple[str, ...]:
    """A name for every leaf of `(args, kwargs)`, in the caller's order.

    Positional arguments are named by the parameter of `forward`, keyword arguments by the keyword;
    leaves of nested arguments append their key or index: `states_0`.
    """
    signature = program.module_call_graph[0].signature
    positional = signature.forward_arg_names if signature is not None else None
    if positional is None:
        specs = program.graph_signature.input_specs
        return tuple(str(s.arg.name) for s in specs if s.kind == InputKind.USER_INPUT)
    return _unique(sample_name(path, positional) for path in _paths(program.call_spec.in_spec))


def output_names(program: ExportedProgram) -> tuple[str, ...]:
    """A name for every leaf of what `forward` returns: its dictionary keys, or `output_0`, ..."""
    return _unique(_output_name(path) for path in _paths(program.call_spec.out_spec))


def _output_name(path: pytree.KeyPath) -> str:
    if not path:
        return "output_0"
    prefix = ["output"] if isinstance(path[0], pytree.SequenceKey) else []
    return "_".join([*prefix, *map(key_text, path)])


def _paths(spec: pytree.TreeSpec | None) -> list[pytree.KeyPath]:
    assert spec is not None, "torch.export always records the trees of a call"
    tree = pytree.tree_unflatten(list(range(spec.num_leaves)), spec)
    try:
        return [path for path, _ in pytree.tree_flatten_with_path(tree)[0]]
    except ValueError:  # a class that was registered without names for its fields
        keys: list[Any] = [pytree.SequenceKey(index) for index in range(spec.num_leaves)]
        return [(key,) for key in keys]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    taken: dict[str, None] = {}
    for name in names:
        unique, number = name, 1
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        taken[unique] = None
    return tuple(taken)
