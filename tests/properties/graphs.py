"""Random models: a few inputs and some steps, each an op on values that are there already.

A step is taken only if its result can be compared: finite, of moderate size, and no worse in float32 than
a few roundings make it. What jumps (comparisons, rounding, arg max) is applied to exact values alone, those
that no rounding has touched, since elsewhere the smallest difference decides about a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.support.tolerances import relative_error

T = TypeVar("T")
Call = Callable[..., Tensor]

LARGEST = 2048
"""Elements of the largest tensor."""
HIGHEST = 64.0
"""The largest magnitude of a number."""
WORST = 1e-5
"""The largest relative error of a float32 value; more is noise of which nothing can be learnt."""
LENGTHS = (1, 2, 3, 4, 5, 8)

_DTYPES = {
    "float": (torch.float32,),
    "int": (torch.int32, torch.int64),
    "index": (torch.int64,),
    "bool": (torch.bool,),
    "number": (torch.float32, torch.int32, torch.int64),
    "any": (torch.float32, torch.int32, torch.int64, torch.bool),
}


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """A tensor of the model on its sample inputs.

    Attributes:
        tensor: as the model computes it.
        wide: the same with float64 in place of float32.
        exact: whether every way to compute it comes to the same bits.
    """

    tensor: Tensor
    wide: Tensor
    exact: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return tuple(self.tensor.shape)


@dataclass(frozen=True, slots=True)
class Step:
    """An op on earlier values.

    Attributes:
        text: what it is, as code.
        operands: numbers of the values that it reads; inputs come first.
        weights: numbers of the parameters that it reads.
        call: computes the result from the operands and then the weights.
    """

    text: str
    operands: tuple[int, ...]
    weights: tuple[int, ...]
    call: Call = field(repr=False)


class Model(nn.Module):
    """Steps over inputs; returns the values of some of them."""

    def __init__(
        self, steps: Sequence[Step], results: Sequence[int], weights: Sequence[Tensor]
    ) -> None:
        super().__init__()
        self.steps = tuple(steps)
        self.results = tuple(results)
        self.weights = nn.ParameterList([nn.Parameter(w, requires_grad=False) for w in weights])

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        values = list(inputs)
        for step in self.steps:
            read = [values[number] for number in step.operands]
            read += [self.weights[number] for number in step.weights]
            values.append(step.call(*read))
        return tuple(values[number] for number in self.results)


@dataclass(frozen=True, eq=False)
class Example:
    """A model with sample inputs and what it computes from them."""

    model: Model
    inputs: tuple[Tensor, ...]
    expected: tuple[Tensor, ...]

    def __repr__(self) -> str:
        lines = [f"v{i} = input {_kind(tensor)}" for i, tensor in enumerate(self.inputs)]
        for number, step in enumerate(self.model.steps, len(self.inputs)):
            read = [f"v{i}" for i in step.operands]
            read += [f"w{i} {list(self.model.weights[i].shape)}" for i in step.weights]
            lines.append(f"v{number} = {step.text} of {', '.join(read)}")
        lines.append(f"return {', '.join(f'v{i}' for i in self.model.results)}")
        return "\n" + "\n".join(lines) + "\n"


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')}{list(tensor.shape)}"


class NothingFitsError(Exception):
    """No value fits the op that was chosen, or torch refuses those that were drawn."""


@dataclass(eq=False)
class Builder:
    """A model under construction."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    random: np.random.Generator
    values: list[Value] = field(default_factory=list[Value])
    steps: list[Step] = field(default_factory=list[Step])
    weights: list[Tensor] = field(default_factory=list[Tensor])

    # ---- what an op draws ------------------------------------------------------------------------

    def choose(self, options: Sequence[T]) -> T:
        """One of several; the first is the simplest."""
        if not options:
            raise NothingFitsError
        return self.draw(st.sampled_from(options))

    def integer(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        if low > high:
            raise NothingFitsError
        return self.draw(st.integers(low, high))

    def flag(self) -> bool:
        """A coin flip."""
        return self.draw(st.booleans())

    def pick(
        self,
        kind: str = "float",
        *,
        ranks: Sequence[int] = range(6),
        exact: bool = False,
        fits: Callable[[tuple[int, ...]], bool] | None = None,
    ) -> int:
        """The number of a value of some dtypes and ranks; the latest is the simplest."""
        found = [
            number
            for number, value in enumerate(self.values)
            if value.tensor.dtype in _DTYPES[kind]
            and len(value.shape) in ranks
            and (value.exact or not exact)
            and (fits is None or fits(value.shape))
        ]
        return self.choose(found[::-1])

    def shape(self, number: int) -> tuple[int, ...]:
        """The shape of a value."""
        return self.values[number].shape

    def axis(self, number: int) -> int:
        """A dimension of a value, counted from either end."""
        rank = len(self.shape(number))
        return self.integer(-rank, rank - 1)

    def weight(self, *shape: int, positive: bool = False) -> int:
        """The number of a parameter; now and then one that is there already."""
        same = [i for i, w in enumerate(self.weights) if tuple(w.shape) == shape]
        if same and not positive and self.flag():
            return self.choose(same)
        array = self.random.normal(size=shape) / max(1, np.prod(shape[1:])) ** 0.5
        array = np.abs(array) + 0.5 if positive else array
        self.weights.append(torch.from_numpy(np.asarray(array, np.float32)))
        return len(self.weights) - 1

    # ---- growth ----------------------------------------------------------------------------------

    def add_input(self, tensor: Tensor) -> None:
        """An input and its sample."""
        self.values.append(Value(tensor, _widened(tensor), exact=True))

    def add(
        self,
        text: str,
        call: Call,
        operands: Sequence[int],
        weights: Sequence[int] = (),
        *,
        keeps: bool = False,
    ) -> None:
        """Takes a step, if its result can be compared.

        Args:
            text: what it is, as code.
            call: computes the result.
            operands: numbers of values.
            weights: numbers of parameters.
            keeps: whether nothing is rounded, so that the result of exact operands is exact.
        """
        read = [self.values[number] for number in operands]
        held = [self.weights[number] for number in weights]
        try:
            tensor = call(*(value.tensor for value in read), *held)
            wide = call(*(value.wide for value in read), *map(_widened, held))
        except RuntimeError as error:
            raise NothingFitsError from error
        if _is_comparable(tensor, wide):
            exact = keeps and all(value.exact for value in read)
            self.values.append(Value(tensor, wide, exact or not tensor.is_floating_point()))
            self.steps.append(Step(text, tuple(operands), tuple(weights), call))


def _widened(tensor: Tensor) -> Tensor:
    return tensor.double() if tensor.is_floating_point() else tensor


def _is_comparable(tensor: Tensor, wide: Tensor) -> bool:
    if not 0 < tensor.numel() <= LARGEST or tensor.dim() > 5:
        return False
    if not tensor.is_floating_point():
        return bool(tensor.abs().max() < 1 << 20) if tensor.dtype != torch.bool else True
    moderate = bool(tensor.isfinite().all()) and float(tensor.abs().max()) < HIGHEST
    return moderate and relative_error(tensor.numpy(), wide.numpy()) < WORST


Operation = Callable[[Builder], None]
"""Draws a step and adds it; raises `NothingFitsError` where it cannot."""
