"""Steps that are several ops in the way that models write them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tests.properties.elementwise import broadcastable
from tests.properties.graphs import LENGTHS, Builder, Call, Operation

# ---- compound ops of models ----------------------------------------------------------------------


def masked_attention(b: Builder) -> None:
    """With a mask of floats or truths that depends on the input, or with few key heads."""
    x = b.pick(ranks=[4])
    batch, heads, length, _ = b.shape(x)
    match b.choose(["added", "visible", "groups"]):
        case "added":
            mask = b.pick(fits=broadcastable((batch, heads, length, length)), ranks=range(2, 5))
            b.add(
                "attention with an added mask",
                lambda x, m: F.scaled_dot_product_attention(x, x, x, m.clamp(-4, 4)),
                [x, mask],
            )
        case "visible":
            mask = b.pick(
                "bool", fits=broadcastable((batch, heads, length, length)), ranks=range(2, 5)
            )
            b.add(
                "attention with a mask",
                # A row that hides all is not a number in eager torch.
                lambda x, m: F.scaled_dot_product_attention(
                    x, x, x, m | torch.eye(length, dtype=torch.bool)
                ),
                [x, mask],
            )
        case _:
            b.add(
                "attention with one key head",
                lambda x: F.scaled_dot_product_attention(x, x[:, :1], x[:, :1], enable_gqa=True),
                [x],
            )


def resize(b: Builder) -> None:
    x = b.pick(ranks=[4])
    mode = b.choose(["nearest", "bilinear"])
    b.add(f"interpolate {mode}", lambda x: F.interpolate(x, scale_factor=2, mode=mode), [x])


def shuffle(b: Builder) -> None:
    x = b.pick(ranks=[4], fits=lambda s: s[1] % 4 == 0)
    b.add("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), [x], keeps=True)


def chosen_rows(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    axis = b.axis(x)
    rows = [b.integer(0, b.shape(x)[axis] - 1) for _ in range(b.integer(1, 4))]
    text = f"index_select {rows} at {axis}"
    b.add(text, lambda x: x.index_select(axis, torch.tensor(rows)), [x], keeps=True)


def rows_in_order(b: Builder) -> None:
    """The first or last rows of a table, by positions that the model counts itself."""
    rows, width = b.integer(2, 8), b.choose(LENGTHS)
    count = b.integer(1, rows)
    start = b.integer(0, rows - count)
    x = b.pick(fits=broadcastable((count, width)))
    b.add(
        f"+ embedding of arange({start}, {start + count})",
        lambda x, w: x + F.embedding(torch.arange(start, start + count), w),
        [x],
        [b.weight(rows, width)],
    )


def rolled(b: Builder) -> None:
    x = b.pick("any", ranks=range(1, 5))
    axis, by = b.axis(x), b.integer(-2, 2)
    b.add(f"roll {by} at {axis}", lambda x: x.roll(by, axis), [x], keeps=True)


def half(b: Builder) -> None:
    """The triangle of a matrix."""
    x = b.pick(ranks=range(2, 5))
    diagonal = b.integer(-1, 1)
    if b.flag():
        b.add(f"tril {diagonal}", lambda x: x.tril(diagonal), [x], keeps=True)
    else:
        b.add(f"triu {diagonal}", lambda x: x.triu(diagonal), [x], keeps=True)


def written(b: Builder) -> None:
    """Part of a copy is written over."""
    x = b.pick(ranks=range(1, 5))
    size = b.shape(x)[0]
    start = b.integer(0, size - 1)

    def write(x: Tensor) -> Tensor:
        y = x.clone()
        y[start:] = y[start:] * 0.5
        return y

    b.add(f"[{start}:] written over", write, [x])


def gated(b: Builder) -> None:
    x = b.pick(ranks=range(2, 4))
    width, inner = b.shape(x)[-1], b.choose(LENGTHS)
    b.add(
        "gated projection",
        lambda x, u, v, w: F.linear(F.silu(F.linear(x, u)) * F.linear(x, v), w),
        [x],
        [b.weight(inner, width), b.weight(inner, width), b.weight(width, inner)],
    )


def outer(b: Builder) -> None:
    """Angles: positions by frequencies."""
    x = b.pick(ranks=[1, 2])
    frequencies = torch.tensor([1.0, 0.1, 0.01])
    b.add("angles", lambda x: x.unsqueeze(-1) @ frequencies.to(x.dtype)[None], [x])


def spectrum(b: Builder) -> None:
    x = b.pick(ranks=range(2, 5), fits=lambda s: s[-1] > 1)
    call = b.choose(["std", "prod", "norm"])
    calls: dict[str, Call] = {
        "std": lambda x: x.std(-1, correction=1),
        "prod": lambda x: x.prod(-1),
        "norm": lambda x: (x + 0.1).norm(dim=-1),
    }
    b.add(call, calls[call], [x])


def sums_of_products(b: Builder) -> None:
    x = b.pick(ranks=[3])
    equation = b.choose(
        ["bij,bkj->bik", "bij,bij->bi", "bij,bkj->bki", "bij,bkj->ijk", "bij,bij->j"]
    )
    b.add(f"einsum {equation}", lambda x: torch.einsum(equation, x, x), [x])


def integer_division(b: Builder) -> None:
    x = b.pick("int")
    by = b.choose([2, 3, -2])
    call = b.choose(["floor", "remainder"])
    calls: dict[str, Call] = {"floor": lambda x: x // by, "remainder": lambda x: x % by}
    b.add(f"{call} {by}", calls[call], [x])


OPERATIONS: tuple[Operation, ...] = (
    masked_attention,
    resize,
    shuffle,
    chosen_rows,
    rows_in_order,
    rolled,
    half,
    written,
    gated,
    outer,
    spectrum,
    sums_of_products,
    integer_division,
)
