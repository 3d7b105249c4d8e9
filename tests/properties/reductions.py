"""Steps that reduce, and tables that models make themselves."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.properties.graphs import Builder, Operation

# ---- reductions ----------------------------------------------------------------------------------

_REDUCTIONS: dict[str, tuple[Callable[..., Tensor], bool]] = {
    "sum": (torch.sum, False),
    "mean": (torch.mean, False),
    "amax": (torch.amax, True),
    "amin": (torch.amin, True),
    "var": (lambda x, axes, keepdim: torch.var(x, axes, correction=0, keepdim=keepdim), False),
    "logsumexp": (torch.logsumexp, False),
}


def reduction(b: Builder) -> None:
    name = b.choose(list(_REDUCTIONS))
    call, keeps = _REDUCTIONS[name]
    x = b.pick(ranks=range(1, 6))
    rank = len(b.shape(x))
    axes = [i for i in range(rank) if b.flag()] or [rank - 1]
    kept = b.flag()
    text = f"{name} over {axes}, keepdim={kept}"
    b.add(text, lambda x: call(x, axes, keepdim=kept), [x], keeps=keeps)


def softmax(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    axis = b.axis(x)
    if b.flag():
        b.add(f"softmax {axis}", lambda x: F.softmax(x, axis), [x])
    else:
        b.add(f"log_softmax {axis}", lambda x: F.log_softmax(x, axis), [x])


def running(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"cumsum {axis}", lambda x: x.cumsum(axis), [x])


def place_of_highest(b: Builder) -> None:
    x = b.pick(exact=True, ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"argmax {axis}", lambda x: x.argmax(axis), [x])


def truths(b: Builder) -> None:
    x = b.pick("bool", ranks=range(1, 5))
    axis = b.axis(x)
    if b.flag():
        b.add(f"any {axis}", lambda x: x.any(axis), [x])
    else:
        b.add(f"all {axis}", lambda x: x.all(axis), [x])


def integer_sum(b: Builder) -> None:
    x = b.pick("int", ranks=range(1, 5))
    axis = b.axis(x)
    b.add(f"sum {axis}", lambda x: x.sum(axis), [x])


# ---- tables that the model makes itself ----------------------------------------------------------


def positions(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))
    size = b.shape(x)[-1]
    b.add("+ arange * 0.1", lambda x: x + torch.arange(size) * 0.1, [x])


def triangle(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5))
    rows, columns = b.shape(x)[-2:]

    def mask(x: Tensor) -> Tensor:
        hidden = torch.ones(rows, columns, dtype=torch.bool).triu(1)
        return x.masked_fill(hidden, -4.0)

    b.add("causal mask", mask, [x], keeps=True)


def no_mask(b: Builder) -> None:
    x = b.pick(ranks=range(1, 5))

    def mask(x: Tensor) -> Tensor:
        seen = torch.arange(x.shape[-1]) >= 0
        return torch.where(seen, x, 0.0)

    b.add("mask that hides nothing", mask, [x], keeps=True)


OPERATIONS: tuple[Operation, ...] = (
    reduction,
    softmax,
    running,
    place_of_highest,
    truths,
    integer_sum,
    positions,
    triangle,
    no_mask,
)
