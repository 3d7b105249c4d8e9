"""Steps that move elements."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.properties.graphs import LENGTHS, Builder, Operation

# ---- movement ------------------------------------------------------------------------------------


def factors(b: Builder, count: int) -> list[int]:
    """A shape of so many elements."""
    shape: list[int] = []
    while count > 1 and len(shape) < 4:
        divisors = [n for n in range(1, count + 1) if count % n == 0]
        size = b.choose(divisors[::-1]) if len(shape) < 3 else count
        shape.append(size)
        count //= size
    return shape or [1]


def reshape(b: Builder) -> None:
    x = b.pick("any")
    shape = factors(b, math.prod(b.shape(x)))
    b.add(f"reshape {shape}", lambda x: x.reshape(shape), [x], keeps=True)


def permute(b: Builder) -> None:
    x = b.pick("any", ranks=range(2, 6))
    order: list[int] = []
    while len(order) < len(b.shape(x)):
        order.append(b.choose([i for i in range(len(b.shape(x)))[::-1] if i not in order]))
    b.add(f"permute {order}", lambda x: x.permute(order), [x], keeps=True)


def one_dimension(b: Builder) -> None:
    """A dimension of size 1 more or less."""
    x = b.pick("any", ranks=range(4))
    if 1 in b.shape(x) and b.flag():
        axis = b.choose([i for i, n in enumerate(b.shape(x)) if n == 1])
        b.add(f"squeeze {axis}", lambda x: x.squeeze(axis), [x], keeps=True)
    else:
        axis = b.integer(0, len(b.shape(x)))
        b.add(f"unsqueeze {axis}", lambda x: x.unsqueeze(axis), [x], keeps=True)


def cut(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 6))
    axis = b.axis(x)
    size = b.shape(x)[axis]
    match b.choose(["narrow", "stride", "select", "chunk"]):
        case "narrow":
            start = b.integer(0, size - 1)
            length = b.integer(1, size - start)
            text = f"narrow {axis} {start} {length}"
            b.add(text, lambda x: x.narrow(axis, start, length), [x], keeps=True)
        case "stride":
            index = [slice(None)] * len(b.shape(x))
            index[axis] = slice(b.integer(0, size - 1), None, 2)
            b.add(f"[{index[axis]}] at {axis}", lambda x: x[tuple(index)], [x], keeps=True)
        case "select":
            at = b.integer(0, size - 1)
            b.add(f"select {axis} {at}", lambda x: x.select(axis, at), [x], keeps=True)
        case _:
            which = b.integer(0, min(size, 2) - 1)
            text = f"chunk {which} of {min(size, 2)} at {axis}"
            b.add(text, lambda x: x.chunk(min(size, 2), axis)[which], [x], keeps=True)


def join(b: Builder) -> None:
    x = b.pick("float", ranks=range(1, 5))
    axis = b.axis(x)
    shape = b.shape(x)
    place = axis % len(shape)

    def fits(other: tuple[int, ...]) -> bool:
        same = len(other) == len(shape)
        return same and all(i == place or n == other[i] for i, n in enumerate(shape))

    parts = [x, *(b.pick(fits=fits) for _ in range(b.integer(1, 2)))]
    if b.flag() and all(b.shape(part) == shape for part in parts):
        b.add(f"stack at {axis}", lambda *p: torch.stack(p, axis), parts, keeps=True)
    else:
        b.add(f"cat at {axis}", lambda *p: torch.cat(p, axis), parts, keeps=True)


def cut_and_join(b: Builder) -> None:
    """What rotary embeddings and shuffles do: halves in another order."""
    x = b.pick(ranks=range(1, 5), fits=lambda s: s[-1] % 2 == 0)

    def rotate(x: Tensor) -> Tensor:
        one, other = x.chunk(2, -1)
        return torch.cat([-other, one], -1)

    b.add("rotated halves", rotate, [x], keeps=True)


def pad(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    amounts = [b.integer(0, 2) for _ in range(2 * b.integer(1, min(2, len(b.shape(x)))))]
    number = b.choose([0.0, 1.5])
    b.add(f"pad {amounts} by {number}", lambda x: F.pad(x, amounts, value=number), [x], keeps=True)


def spread(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    if 1 in b.shape(x):
        shape = [b.choose(LENGTHS) if n == 1 else n for n in b.shape(x)]
        b.add(f"expand {shape}", lambda x: x.expand(shape), [x], keeps=True)
    else:
        axis = b.axis(x)
        counts = [1] * len(b.shape(x))
        counts[axis] = 2
        b.add(f"repeat {counts}", lambda x: x.repeat(counts), [x], keeps=True)


def flip(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"flip {axis}", lambda x: x.flip(axis), [x], keeps=True)


OPERATIONS: tuple[Operation, ...] = (
    reshape,
    permute,
    one_dimension,
    cut,
    join,
    cut_and_join,
    pad,
    spread,
    flip,
)
