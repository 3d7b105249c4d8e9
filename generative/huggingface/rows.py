"""Matrices too large to be in memory as a whole: a reference reads the rows that it looks up or multiplies by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .weights import Source, as_tensor

_NAMED = ("input", "weight")
"""Arguments that may be given by name."""

_AT_ONCE = 1 << 24
"""Elements of a matrix that are read for a product: 64 MB in float32."""


class ReadByRows(TorchFunctionMode):
    """While it is entered, look-ups and products with some empty parameters read them from where they are stored."""

    def __init__(self, sources: Mapping[int, Source]) -> None:
        """Takes lazy matrices [rows, width] that have `rows(start, stop)`, by the `id` of their parameters."""
        super().__init__()
        self._sources = sources

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs what PyTorch is to run, two functions apart."""
        named = dict(kwargs or {})
        if func in {F.embedding, F.linear}:
            values, weight, *others = (
                *args,
                *(named.pop(name, None) for name in _NAMED[len(args) :]),
            )
            source = self._sources.get(id(weight))
            if source is not None and func is F.embedding:
                return _looked_up(source, values)
            if source is not None:
                return _product(values, source, *others, **named)
            return func(values, weight, *others, **named)
        return func(*args, **named)


def _looked_up(source: Source, places: Tensor) -> Tensor:
    """The rows at some places [...]: [..., width]."""
    flat: Any = places.flatten()
    wanted: list[int] = sorted(set(flat.tolist()))
    found = torch.cat([_rows(source, place, place + 1) for place in wanted])
    return found[torch.searchsorted(torch.tensor(wanted), places)]


def _product(x: Tensor, source: Source, bias: Tensor | None = None) -> Tensor:
    """What a linear layer makes of x [..., width]: [..., rows]."""
    rows, width = cast("tuple[int, int]", source.shape)
    step = max(_AT_ONCE // width, 1)
    parts = [F.linear(x, _rows(source, at, min(at + step, rows))) for at in range(0, rows, step)]
    made = torch.cat(parts, -1)
    return made if bias is None else made + bias


def _rows(source: Source, start: int, stop: int) -> Tensor:
    return as_tensor(source.rows(start, stop)).to(torch.float32)
