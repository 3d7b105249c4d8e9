"""Rules that make a composite of an op by its schema: tensors are operands, the rest attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from litewright.compiler.ir.mlir import ir
from litewright.compiler.ir.torch_ops import (
    Op,
    decomposition_of,
    defaults,
    items_of,
    qualified_name,
    tensors_of,
    value_of,
)
from litewright.compiler.ir.types import tensor_type

from .composites import Attribute, Rule
from .context import LoweringContext
from .elements import element_of_dtype
from .traced import decomposition

Build = Callable[[Sequence[Any], dict[str, Any], Sequence[ir.Type]], Sequence[ir.Value]]


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a tensor among static arguments."""


def static_key(args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments with `Slot`s for values, hashable; see `fill_slots`."""
    named = tuple((name, _frozen(value)) for name, value in kwargs.items())
    return tuple(_frozen(value) for value in args), named


def fill_slots(key: Any, tensors: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """Arguments with `tensors` in the slots of a key."""
    given = iter(tensors)
    args, named = key
    filled = [next(given) if isinstance(a, Slot) else a for a in args]
    return filled, {n: next(given) if isinstance(a, Slot) else a for n, a in named}


def as_composite(
    ctx: LoweringContext, args: Sequence[Any], kwargs: dict[str, Any], build: Build
) -> ir.Value | list[ir.Value]:
    """A composite named after the node's op; `build` writes its decomposition."""
    op = ctx.op
    operands = [a for a in (*args, *kwargs.values()) if isinstance(a, ir.Value)]
    kinds = _result_types(ctx)
    key = static_key(args, kwargs)

    def decompose(*values: ir.Value) -> Sequence[ir.Value]:
        filled, named = fill_slots(key, values)
        return build(filled, named, kinds)

    made = ctx.composite(
        qualified_name(op), operands, attributes_of(op, args, kwargs), decompose, kinds
    )
    return made[0] if isinstance(value_of(ctx.node), torch.Tensor) else made


def attributes_of(op: Op, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Attribute]:
    """The static arguments of a call by the names of the schema, defaults filled in."""
    known = defaults(op)
    given = {**known, **dict(zip(known, args, strict=False)), **kwargs}
    attributes: dict[str, Attribute] = {}
    for name, value in given.items():
        items = items_of(value)
        if items and isinstance(items[0], int | float):
            attributes[name] = tuple(items)
        elif isinstance(value, bool | int | float | str):
            attributes[name] = value
    return attributes


def from_torch(function: Callable[..., Any]) -> Rule:
    """A rule whose decomposition is a torch function of the op's own arguments."""

    def lower(ctx: LoweringContext, *args: Any, **kwargs: Any) -> ir.Value | list[ir.Value]:
        def build(
            call: Sequence[Any], named: dict[str, Any], kinds: Sequence[ir.Type]
        ) -> Sequence[ir.Value]:
            del kinds
            key = static_key(call, named)
            operands = [a for a in (*call, *named.values()) if isinstance(a, ir.Value)]

            def of_tensors(*tensors: torch.Tensor) -> Any:
                filled, keywords = fill_slots(key, tensors)
                return function(*filled, **keywords)

            return decomposition(ctx.builder, of_tensors)(*operands)

        return as_composite(ctx, args, kwargs, build)

    return lower


def from_decomposition(op: Op) -> Rule:
    """A rule whose decomposition is the one that torch itself has for the op."""
    return from_torch(decomposition_of(op))


def _result_types(ctx: LoweringContext) -> list[ir.Type]:
    fakes = tensors_of(ctx.node)
    return [tensor_type(tuple(fake.shape), element_of_dtype(fake.dtype)) for fake in fakes]


def _frozen(value: Any) -> Any:
    if isinstance(value, ir.Value):
        return Slot()
    items = items_of(value)
    return value if items is None else tuple(_frozen(each) for each in items)
