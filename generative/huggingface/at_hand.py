"""A model without values that can be called: each parameter is read where it is looked up, and not kept."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import Any

import torch
from torch import nn

from .loading import Checkpoint
from .weights import Source, tensor_of


class _Read(dict[str, "nn.Parameter | None"]):
    """Parameters of one module, which read themselves from a checkpoint.

    `Module.__getattr__` looks parameters up here, so that it does not matter whether a module is called, or its
    parameters are asked for from elsewhere (tables of relative positions).
    """

    def __init__(
        self, empty: Mapping[str, nn.Parameter | None], sources: Mapping[str, Source]
    ) -> None:
        super().__init__(empty)
        self._sources = sources

    def __getitem__(self, name: str) -> nn.Parameter | None:
        if name not in self._sources:
            return super().__getitem__(name)
        value = tensor_of(self._sources[name]).to(torch.float32)
        return nn.Parameter(value, requires_grad=False)


@contextlib.contextmanager
def parameters_at_hand(checkpoint: Checkpoint) -> Generator[None]:
    """While it is entered, the checkpoint's model can be called, in float32.

    Parameters of one module at a time are in memory, where its code does not hold on to them.
    """
    opened: Any = checkpoint.model
    modules: list[tuple[str, Any]] = list(opened.named_modules())
    before = [(module, module._parameters) for _, module in modules]
    try:
        for path, module in modules:
            full = {name: f"{path}.{name}" if path else name for name in module._parameters}
            sources = {
                name: checkpoint.weights[each]
                for name, each in full.items()
                if each in checkpoint.weights
            }
            if sources:
                module._parameters = _Read(module._parameters, sources)
        yield
    finally:
        for module, parameters in before:
            module._parameters = parameters
