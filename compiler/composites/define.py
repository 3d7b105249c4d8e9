"""Makes torch ops of functions."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import torch
from torch.library import (
    Library,
    infer_schema,  # pyright: ignore[reportUnknownVariableType]
)
from torch.utils import _pytree as pytree

from ..diagnostics import UserError
from ..ir.torch_ops import Op, argument_types, qualified_name

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

_NAME = re.compile(r"([A-Za-z_]\w*)::([A-Za-z_]\w*)")
# What torch's message goes on with: all types that there are, an address for complaints, the signature.
_NOISE = re.compile(
    r"( The valid types are| Please file an issue| Got func with signature).*", re.DOTALL
)
_RESERVED = frozenset({"aten", "prim", "prims", "quantized", "torch"})


class Composite(Generic[_Parameters, _Result]):
    """A function that is a torch op; calling it under `torch.export` records one node.

    Attributes:
        op: the op.
        name: what the IR and the file call it: `acme.swish` for `acme::swish`.
        function: what it computes.
    """

    def __init__(self, function: Callable[_Parameters, _Result], op: Op) -> None:
        self.op = op
        self.name = qualified_name(op)
        self.function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        """Calls the op."""
        return self.op(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<composite {self.name}>"


@dataclass(frozen=True, slots=True)
class _Definition:
    """A composite, what its op calls, and the library without which the op would be gone."""

    composite: Composite[..., Any]
    guarded: Callable[..., Any]
    library: Library

    def is_of(self, function: Callable[..., Any]) -> bool:
        """Whether `function` is the one that it was made of, read once more: a cell of a notebook."""
        own = self.composite.function
        return (own.__module__, own.__qualname__) == (function.__module__, function.__qualname__)


class Definitions:
    """The composites of this process; torch itself holds their ops by name for as long."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Definition] = {}

    def ops(self) -> frozenset[Op]:
        """The ops of all composites."""
        return frozenset(each.composite.op for each in self._by_name.values())

    def meaning(self, op: Op) -> Callable[..., Any]:
        """The function that an op was made of, held to its schema.

        Raises:
            KeyError: the op is no composite.
        """
        namespace, _, short = qualified_name(op).partition(".")
        return self._by_name[f"{namespace}::{short}"].guarded

    def add(self, name: str, function: Callable[..., Any]) -> Composite[..., Any]:
        """Defines an op; one that the same function had defined before is replaced.

        Raises:
            UserError: see `composite`.
        """
        known = self._by_name.get(name)
        if known is not None:
            if not known.is_of(function):
                raise UserError(
                    f"composite {name} is defined twice: by {_place(known.composite.function)} and by "
                    f"{_place(function)}; give one of them another name"
                )
            del self._by_name[name]
            known.library._destroy()  # pyright: ignore[reportPrivateUsage]
        made = _define(name, function)
        self._by_name[name] = made
        return made.composite


DEFINITIONS = Definitions()


def composite(
    name: str,
) -> Callable[[Callable[_Parameters, _Result]], Composite[_Parameters, _Result]]:
    """Decorates a function of tensors, numbers, bools and strings: it becomes a composite.

        @composite("acme::swish")
        def swish(x: Tensor, beta: float = 1.0) -> Tensor:
            return x * torch.sigmoid(beta * x)

    In eager mode it computes what it is written to, gradients and every device included. `torch.export`
    records one node, and StableHLO has a `stablehlo.composite` named `acme.swish`: tensors are its
    operands, in order; all other arguments are its attributes, under their names.

    Args:
        name: `NAMESPACE::NAME`. The namespaces of torch itself are not to be used.

    Raises:
        UserError: the name is no such name or taken, or an argument or the result has no annotation, or
            one that torch has no schema for (there are Tensor, int, float, bool, str, torch.dtype, lists
            of all but the last two, and `| None` for each). Calling the composite raises it too where the
            function changes an argument in place, or returns one or a view of one.
    """

    def define(function: Callable[_Parameters, _Result]) -> Composite[_Parameters, _Result]:
        return DEFINITIONS.add(name, function)

    return define


def _define(name: str, function: Callable[..., Any]) -> _Definition:
    namespace, short = _split(name)
    try:
        schema = infer_schema(function, mutates_args=())
    except (ValueError, NameError) as error:
        reason = _NOISE.sub("", str(error)).removeprefix("infer_schema(func): ")
        raise UserError(
            f"composite {name}, {_place(function)}: {reason} Annotate every argument and the result: "
            "Tensor, int, float, bool, str, list[int], list[float], or one of these | None. Defaults are "
            "numbers, strings and None"
        ) from error
    library: Any = Library(namespace, "FRAGMENT")
    try:
        library.define(short + schema)
    except RuntimeError as error:
        raise UserError(f"composite {name}: torch has an op of this name already") from error
    guarded = _guarded(name, function)
    library.impl(short, guarded, "CompositeImplicitAutograd")
    op: Op = getattr(getattr(torch.ops, namespace), short).default
    return _Definition(Composite(function, op), guarded, library)


def _split(name: str) -> tuple[str, str]:
    found = _NAME.fullmatch(name)
    if found is None:
        raise UserError(f"composite {name!r}: a composite is named NAMESPACE::NAME, as acme::swish")
    if found.group(1) in _RESERVED:
        raise UserError(f"composite {name}: the namespace {found.group(1)} belongs to torch")
    return found.group(1), found.group(2)


def _place(function: Callable[..., Any]) -> str:
    code = getattr(function, "__code__", None)
    where = f" ({code.co_filename}:{code.co_firstlineno})" if code is not None else ""
    return f"{function.__module__}.{function.__qualname__}{where}"


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, held to what its schema promises: arguments stay as they are, results are new."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        given = _tensors((args, kwargs))
        before = [_version(each) for each in given]
        result = function(*args, **kwargs)
        for position, (each, version) in enumerate(zip(given, before, strict=True)):
            if _version(each) != version:
                raise UserError(
                    f"composite {name} changes {_argument(name, position)} in place; compute a new tensor "
                    "instead (x = x + 1, not x += 1)"
                )
        for each in _tensors(result):
            shared = [i for i, other in enumerate(given) if _shares_memory(each, other)]
            if shared:
                raise UserError(
                    f"composite {name} returns {_argument(name, shared[0])}, or a view of it; the result "
                    "of an op is a new tensor: return a .clone()"
                )
        return result

    return call


def _tensors(values: Any) -> list[torch.Tensor]:
    return [leaf for leaf in pytree.tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def _version(tensor: torch.Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def _shares_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    opened: Any = torch._C  # pyright: ignore[reportPrivateUsage]
    return bool(opened._is_alias_of(one, other))


def _argument(name: str, position: int) -> str:
    """The name of the tensor argument at a position; its number where there are lists of tensors."""
    namespace, short = _split(name)
    op: Op = getattr(getattr(torch.ops, namespace), short).default
    kinds = {n: kind for n, kind in argument_types(op).items() if "Tensor" in kind}
    names, plain = list(kinds), not any("List" in kind for kind in kinds.values())
    return f"its argument {names[position]}" if plain else f"its tensor argument {position}"
