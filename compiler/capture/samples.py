"""Sample arguments: checking that `forward` takes them and that they are tensors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from ..diagnostics import UserError

# What configures a call without being data: recorded in the graph, no input of the signature.
CONFIGURATION = (bool, str, type(None))

AS_PAIRS = "pass torch.view_as_real of it, [..., 2], and use torch.view_as_complex inside forward"
"""What to do about a complex input."""


def checked_samples(
    module: torch.nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The samples as `torch.export` shall see them, every tensor an object of its own.

    A tensor that is given twice, or that is a buffer of the module too, would be taken for one
    input by torch.export: results would be computed from the wrong one.

    Raises:
        UserError: `forward` does not take these arguments, or one holds something other than
            tensors, None, bools and strings.
    """
    signature = inspect.signature(module.forward)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise UserError(
            f"{type(module).__name__}.forward does not take these sample arguments: {error}. "
            f"It expects {_expected(signature)}; given: {_given(args, kwargs)}"
        ) from error
    leaves, spec = pytree.tree_flatten_with_path((tuple(args), dict(kwargs)))
    fresh = [_checked(leaf, path, signature) for path, leaf in leaves]
    taken, named = pytree.tree_unflatten(fresh, spec)
    return taken, named


def check_named(module: torch.nn.Module, kwargs: Mapping[str, Any]) -> None:
    """Checks that `forward` names its arguments, which torch.export (2.13) wants to be told sizes of.

    Raises:
        UserError: an argument is taken as one of any others (`**kwargs`).
    """
    named = inspect.signature(module.forward).parameters
    others = [name for name in kwargs if name not in named]
    if others:
        raise UserError(
            f"{type(module).__name__}.forward does not name its argument {others[0]!r}, and torch.export takes "
            "dynamic_shapes for named arguments only: convert a module that names them all and calls this one"
        )


def check_tensor(tensor: torch.Tensor, what: str) -> None:
    """Raises UserError if `tensor`, called `what` in the message, is sparse or quantised."""
    if tensor.layout != torch.strided:
        kind = str(tensor.layout).removeprefix("torch.")
    elif tensor.is_quantized:
        kind = "a quantised torch tensor"
    else:
        return
    raise UserError(f"{what} is {kind}; only dense tensors of plain numbers can be converted")


def check_real(tensor: torch.Tensor, what: str, remedy: str) -> None:
    """Raises UserError, which tells the remedy, if `tensor`, called `what` in the message, is complex."""
    if tensor.is_complex():
        kind = str(tensor.dtype).removeprefix("torch.")
        raise UserError(
            f"{what} is {kind}, and signatures take and return real numbers alone: {remedy}"
        )


def _checked(leaf: Any, path: pytree.KeyPath, signature: inspect.Signature) -> Any:
    if isinstance(leaf, CONFIGURATION):
        return leaf
    name = sample_name(path, tuple(signature.parameters))
    if not isinstance(leaf, torch.Tensor):
        kind = type(leaf).__name__
        raise UserError(
            f"sample argument {name!r} is of type {kind}; inputs of a signature are torch tensors. "
            f"Make it a tensor, or fix its value in a module that wraps this one"
        )
    check_tensor(leaf, f"sample argument {name!r}")
    check_real(leaf, f"sample argument {name!r}", AS_PAIRS)
    return leaf.detach()


def sample_name(path: pytree.KeyPath, positional: Sequence[str]) -> str:
    """The name of a leaf of `(args, kwargs)`: `x`, `states_0`, `options_mask`.

    Args:
        path: where the leaf is.
        positional: names of the positional arguments.
    """
    (_, root, *rest) = path
    if isinstance(root, pytree.SequenceKey):
        first = positional[root.idx] if root.idx < len(positional) else f"args_{root.idx}"
    else:
        first = key_text(root)
    return "_".join([first, *map(key_text, rest)])


def key_text(key: Any) -> str:
    """One step of a pytree path as text: an index, a dictionary key, an attribute name."""
    match key:
        case pytree.SequenceKey(idx=index):
            return str(index)
        case pytree.MappingKey(key=name):
            return str(name)
        case pytree.GetAttrKey(name=name):
            return name
        case _:
            return str(key)


def _expected(signature: inspect.Signature) -> str:
    return f"({', '.join(str(p) for p in signature.parameters.values())})"


def _given(args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    positional = [_describe(value) for value in args]
    named = [f"{name}={_describe(value)}" for name, value in kwargs.items()]
    return f"({', '.join(positional + named)})"


def _describe(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    return type(value).__name__
