"""Composites that are found: every place where a model computes what a function computes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import torch

from ..diagnostics import UserError
from ..ir.fx_composite import checked_attributes
from ..ir.torch_ops import Op
from .naming import checked_name

Number = int | float
Scalars = Mapping[str, Number | tuple[Number, Number]]

_NONE: Mapping[str, Any] = MappingProxyType({})
# What the second value of a scalar is made of, where only one is given: unlikely to occur by itself.
_STRETCH, _SHIFT = 1.3718281, 0.0577215


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a model computes what a pattern's function does.

    Attributes:
        tensors: fake tensors by the names of the function's arguments: shape and dtype tell.
        scalars: the numbers that the model has there.
        results: fake tensors.
    """

    tensors: Mapping[str, torch.Tensor]
    scalars: Mapping[str, Number]
    results: tuple[torch.Tensor, ...]


Check = Callable[[Found], str | None]


@dataclass(frozen=True, eq=False)
class CompositePattern:
    """Marks what a function computes, wherever a model computes it.

        def swish(x, *, beta):
            return x * torch.sigmoid(beta * x)

        CompositePattern("acme.swish", swish, (torch.empty(2, 4),), scalars={"beta": 1.0})

    The function is traced to ATen as models are, and looked for in their graphs. What is found is a
    `stablehlo.composite`, its operands in the order of the function's arguments, the scalars among its
    attributes with the numbers that the model has. Operands of commutative ops are tried both ways; `to`
    and `view` that change nothing, and copies, do not count; a dimension may count from either end. What
    is computed on the way may be read nowhere else. Shapes are free: what was found is compared with the
    function once more, traced on the shapes that the model has, so that what is found is what is meant.

    Attributes:
        name: of the composite: `acme.swish`.
        function: of tensors, positional, and of scalars, by keyword; made of torch ops that change nothing
            in place. It returns a tensor or a tuple of tensors.
        sample_args: a tensor for each of its tensors.
        scalars: for each of its scalars a number to trace it with, or two different ones, where not
            every number will do: `{"groups": (2, 4)}`.
        attributes: further attributes of the composite.
        check: what else must hold; returns why it does not, or None.
        needs: ops without which a model is not searched; for patterns that are looked for everywhere.
        title: what it is called in messages, where several patterns are for composites of one name.
    """

    name: str
    function: Callable[..., Any]
    sample_args: Sequence[torch.Tensor]
    scalars: Scalars = field(default_factory=dict[str, Any])
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    check: Check | None = None
    needs: frozenset[Op] = frozenset()
    title: str = ""

    def __post_init__(self) -> None:
        """Checks that all of it fits together.

        Raises:
            UserError: the name is none, the function does not take these samples and scalars, or the
                attributes are none.
        """
        name = checked_name(self.name)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "title", self.title or name)
        checked_attributes(name, self.attributes)
        for scalar, value in self.scalars.items():
            self._check_scalar(scalar, value)
        for sample in self.sample_args:
            given: Any = sample
            if not isinstance(given, torch.Tensor):
                raise UserError(
                    f"pattern {self.title}: sample_args are tensors, not {given!r}; make numbers keyword "
                    "arguments of the function, and declare them: scalars={'eps': 1e-6}"
                )
        try:
            inspect.signature(self.function).bind(*self.sample_args, **self.scalars)
        except TypeError as error:
            raise UserError(
                f"pattern {self.title}: the function does not take the samples: {error}"
            ) from error

    def _check_scalar(self, scalar: str, value: object) -> None:
        pair: tuple[Any, ...] = cast(Any, value) if isinstance(value, tuple) else (value, None)
        numbers = all(type(each) in (int, float) for each in pair if each is not None)
        if not numbers or len(pair) != 2 or pair[0] == pair[1] or scalar in self.attributes:
            raise UserError(
                f"pattern {self.title}: scalar {scalar} is {value!r}; give a number or two different ones, "
                "under a name that no attribute has"
            )

    @property
    def tensor_names(self) -> tuple[str, ...]:
        """The names of the function's tensors."""
        names = list(inspect.signature(self.function).parameters)
        return tuple(names[: len(self.sample_args)])

    def samples_of_scalars(self) -> tuple[dict[str, Number], dict[str, Number]]:
        """Two numbers for each scalar: no two scalars have both in common."""
        first: dict[str, Number] = {}
        second: dict[str, Number] = {}
        for index, (name, value) in enumerate(self.scalars.items()):
            if isinstance(value, tuple):
                first[name], second[name] = value
            elif isinstance(value, int):
                first[name], second[name] = value, value + 1 + index
            else:
                first[name] = value
                second[name] = value * (_STRETCH + index) + _SHIFT * (1 + index)
        return first, second
