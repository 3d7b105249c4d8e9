"""Makes torch ops of functions."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch
from torch.library import Library, infer_schema

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

NAMESPACE = "litewright"

# Ops live as long as the library object that defined them. FRAGMENT: others may add to the namespace.
_LIBRARY = Library(NAMESPACE, "FRAGMENT")


def composite(
    name: str,
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Defines the op `litewright::name` by a function of tensors, numbers, bools and strings.

    The function is the op's meaning in eager mode (a CompositeImplicitAutograd implementation, so
    gradients and every device come with it). Its schema is read from its annotations.

    Returns:
        A decorator whose result calls the op; calling it under `torch.export` records one node.

    Raises:
        ValueError: torch has no schema for an annotation.
        RuntimeError: the op is defined already.
    """

    def define(
        function: Callable[_Parameters, _Result],
    ) -> Callable[_Parameters, _Result]:
        _LIBRARY.define(name + infer_schema(function, mutates_args=()))
        _LIBRARY.impl(name, function, "CompositeImplicitAutograd")
        op = getattr(torch.ops.litewright, name).default

        @functools.wraps(function)
        def call(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
            return op(*args, **kwargs)

        return call

    return define
