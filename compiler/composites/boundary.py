"""Composites whose border is marked by hand, in the code of `forward`."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.library import Library

from ..diagnostics import UserError
from ..ir.fx_composite import checked_attributes
from ..ir.torch_ops import Op
from .naming import checked_name

_NUMBERS = itertools.count()

_LIBRARY: Any = Library("litewright", "FRAGMENT")
_LIBRARY.define(
    "mark_tensor(Tensor x, str name, int number, int position, bool is_input, str attributes) -> Tensor"
)


def _mark_tensor(  # noqa: PLR0917
    x: Tensor,
    name: str,
    number: int,
    position: int,
    is_input: bool,  # noqa: FBT001
    attributes: str,
) -> Tensor:
    del name, number, position, is_input, attributes
    return x.clone()


_LIBRARY.impl("mark_tensor", _mark_tensor, "CompositeImplicitAutograd")

MARK: Op = torch.ops.litewright.mark_tensor.default
"""Hands on `x`, and says that it is operand or result `position` of composite `number`."""


def next_number() -> int:
    """A number that tells the marks of one composite from those of all others."""
    return next(_NUMBERS)


class StableHLOCompositeBuilder:
    """Marks what lies between some tensors and others as a composite, where the code of a model runs.

        def forward(self, x):
            builder = StableHLOCompositeBuilder("acme.swish", {"beta": self.beta})
            x = builder.mark_inputs(x)
            y = x * torch.sigmoid(self.beta * x)
            return builder.mark_outputs(y)

    A value that is read inside without having been marked, a weight for example, becomes an operand behind
    those that were. In eager mode nothing is changed. A function under the decorator `composite` says
    the same in fewer words, and can be tested by itself.
    """

    def __init__(self, name: str, attr: Mapping[str, Any] | None = None) -> None:
        """Begins a composite.

        Args:
            name: `NAMESPACE.NAME`.
            attr: its attributes: numbers, strings, bools, and lists of numbers or of bools.

        Raises:
            UserError: the name or an attribute cannot be used.
        """
        self.name = checked_name(name)
        self.attr = checked_attributes(self.name, attr or {})
        self._number = next_number()
        self._marked = {True: 0, False: 0}

    def mark_inputs(self, *tensors: Tensor) -> Any:
        """Marks operands, in order; to be used in place of what was given.

        Returns:
            The tensor, or a tuple of several.

        Raises:
            UserError: one is no tensor.
        """
        return self._mark(tensors, is_input=True)

    def mark_outputs(self, *tensors: Tensor) -> Any:
        """Marks results, in order; to be used in place of what was given.

        Returns:
            The tensor, or a tuple of several.

        Raises:
            UserError: one is no tensor, or no operand has been marked.
        """
        if not self._marked[True]:
            raise UserError(f"composite {self.name}: mark_outputs is called before mark_inputs")
        return self._mark(tensors, is_input=False)

    def _mark(self, tensors: tuple[Tensor, ...], *, is_input: bool) -> Any:
        marked: list[Tensor] = []
        attributes = repr(self.attr)
        for tensor in tensors:
            given: Any = tensor
            if not isinstance(given, torch.Tensor):
                raise UserError(
                    f"composite {self.name}: {type(given).__name__} is marked; only tensors can be. Make "
                    "numbers attributes"
                )
            position = self._marked[is_input]
            self._marked[is_input] += 1
            marked.append(MARK(tensor, self.name, self._number, position, is_input, attributes))
        return marked[0] if len(marked) == 1 else tuple(marked)
