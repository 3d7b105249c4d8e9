"""Makes torch ops of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import torch
from torch._ops import OpOverload
from torch.library import (
    Library,
    infer_schema,  # pyright: ignore[reportUnknownVariableType]
)

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

NAMESPACE = "litewright"

# Ops live as long as the library object that defined them. FRAGMENT: others may add to the namespace.
_LIBRARY = Library(NAMESPACE, "FRAGMENT")


class Composite(Generic[_Parameters, _Result]):
    """A function that is a torch op; calling it under `torch.export` records one node.

    Attributes:
        op: the op, `litewright::name`.
    """

    def __init__(self, function: Callable[_Parameters, _Result], op: OpOverload) -> None:
        self.op = op
        functools.update_wrapper(self, function)

    def __call__(self, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        """Calls the op."""
        return self.op(*args, **kwargs)


def composite(
    name: str,
) -> Callable[[Callable[_Parameters, _Result]], Composite[_Parameters, _Result]]:
    """Defines the op `litewright::name` by a function of tensors, numbers, bools and strings.

    The function is the op's meaning in eager mode (a CompositeImplicitAutograd implementation, so
    gradients and every device come with it). Its schema is read from its annotations.

    Raises:
        ValueError: torch has no schema for an annotation.
        RuntimeError: the op is defined already.
    """

    def define(
        function: Callable[_Parameters, _Result],
    ) -> Composite[_Parameters, _Result]:
        library: Any = _LIBRARY
        library.define(name + infer_schema(function, mutates_args=()))
        library.impl(name, function, "CompositeImplicitAutograd")
        return Composite(function, getattr(torch.ops.litewright, name).default)

    return define
