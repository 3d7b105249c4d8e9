"""Rows of the test table of ops, and the random tensors in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch._ops import OpOverload


@dataclass(frozen=True, slots=True)
class Random:
    """A tensor to be drawn when the case runs, the same every time.

    Attributes:
        shape: its dimensions.
        draw: makes it from a generator.
        are_pairs: whether the last dimension are the parts of complex numbers, which the op is given.
    """

    shape: tuple[int, ...]
    draw: Callable[[tuple[int, ...], torch.Generator], Tensor]
    are_pairs: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One call of an op.

    Attributes:
        op: the overload whose rule is tested.
        args: its arguments; `Random` and tensors become inputs of the signature.
        kwargs: its keyword arguments.
        results: which results of an op with several are compared.
        kind: the row of the tolerance table; by the result's dtype where empty.
    """

    op: OpOverload
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict[str, Any])
    results: tuple[int, ...] | None = None
    kind: str = ""

    def __str__(self) -> str:
        shown = [_text(a) for a in self.args] + [f"{n}={_text(a)}" for n, a in self.kwargs.items()]
        return f"{str(self.op).removeprefix('aten.')}({', '.join(shown)})"


def case(
    op: OpOverload,
    *args: Any,
    results: tuple[int, ...] | None = None,
    kind: str = "",
    **kwargs: Any,
) -> Case:
    """A row of the table."""
    return Case(op, args, kwargs, results, kind)


LOOSE = "float32 transcendental"


def f(*shape: int, dtype: torch.dtype = torch.float32) -> Random:
    """Normally distributed floats."""
    return Random(shape, lambda s, g: torch.randn(s, generator=g).to(dtype))


def f16(*shape: int) -> Random:
    """Halves."""
    return f(*shape, dtype=torch.float16)


def bf16(*shape: int) -> Random:
    """Brain floats."""
    return f(*shape, dtype=torch.bfloat16)


def f64(*shape: int) -> Random:
    """Doubles."""
    return f(*shape, dtype=torch.float64)


def between(low: float, high: float, *shape: int) -> Random:
    """Floats of an interval."""
    return Random(shape, lambda s, g: torch.rand(s, generator=g) * (high - low) + low)


def c(*shape: int, dtype: torch.dtype = torch.float32) -> Random:
    """Complex numbers whose parts are normally distributed."""
    return Random((*shape, 2), lambda s, g: torch.randn(s, generator=g).to(dtype), are_pairs=True)


def few(*shape: int) -> Random:
    """Complex numbers whose parts are 0 or 1, so that some are equal."""

    def draw(size: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return torch.randint(0, 2, size, generator=generator).float()

    return Random((*shape, 2), draw, are_pairs=True)


def i(low: int, high: int, *shape: int, dtype: torch.dtype = torch.int64) -> Random:
    """Integers from low up to, without, high."""
    return Random(shape, lambda s, g: torch.randint(low, high, s, generator=g).to(dtype))


def i32(low: int, high: int, *shape: int) -> Random:
    """32-bit integers."""
    return i(low, high, *shape, dtype=torch.int32)


def b(*shape: int) -> Random:
    """Truth values."""
    return Random(shape, lambda s, g: torch.rand(s, generator=g) < 0.5)


def permutation(size: int, count: int | None = None) -> Random:
    """Different indices below `size`."""
    return Random((count or size,), lambda s, g: torch.randperm(size, generator=g)[: s[0]])


def special() -> Tensor:
    """Infinities, NaN, zeros of both signs, and some ordinary numbers."""
    return torch.tensor([float("inf"), -float("inf"), float("nan"), 0.0, -0.0, 1.5, -2.5, 3.0])


def halves() -> Tensor:
    """Numbers between integers, where ways of rounding differ."""
    return torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7, 4.0])


def _text(value: Any) -> str:
    if isinstance(value, Random):
        probe = value.draw((0,) * len(value.shape), torch.Generator())
        if value.are_pairs:
            dtype = torch.view_as_complex(probe.new_empty(2)).dtype
            return f"{str(dtype).removeprefix('torch.')}{list(value.shape[:-1])}"
        return f"{str(probe.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, list):
        items: Sequence[Any] = value
        return f"[{', '.join(map(_text, items))}]"
    return str(value).removeprefix("torch.")
