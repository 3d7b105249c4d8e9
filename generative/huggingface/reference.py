"""What PyTorch itself computes, a module's parameters in memory at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from .loading import Checkpoint
from .weights import tensor_of

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def reference_logits(
    checkpoint: Checkpoint, tokens: Sequence[int], positions: Sequence[int]
) -> Array:
    """Logits of the model's own code in eager PyTorch, float32, without a cache.

    Args:
        checkpoint: its parameters are read as they are needed, and dropped again.
        tokens: a text.
        positions: of the text, where logits are wanted: of the token behind each.

    Returns:
        [positions, vocabulary].
    """
    model: Any = checkpoint.model
    before: str = model.config._attn_implementation
    model.set_attn_implementation("eager")
    try:
        with _parameters_when_needed(checkpoint), torch.no_grad():
            made = model(
                input_ids=torch.tensor([list(tokens)]),
                use_cache=False,
                logits_to_keep=torch.tensor(list(positions)),
            )
    finally:
        model.set_attn_implementation(before)
    logits = made.logits[0]
    # Not every model knows that logits are wanted at some positions alone.
    return (logits if len(logits) == len(positions) else logits[list(positions)]).numpy()


@contextlib.contextmanager
def parameters_at_hand(checkpoint: Checkpoint) -> Generator[None]:
    """While it is entered, the checkpoint's model can be called; one module's parameters at a time are in memory."""
    with _parameters_when_needed(checkpoint):
        yield


@contextlib.contextmanager
def _parameters_when_needed(checkpoint: Checkpoint) -> Generator[None]:
    """While it is entered, a module has its parameters as it runs, and not before or after."""
    opened: Any = checkpoint.model
    modules: list[tuple[str, nn.Module]] = list(opened.named_modules())
    handles: list[Any] = []
    for path, module in modules:
        own: list[tuple[str, nn.Parameter]] = list(module.named_parameters(recurse=False))
        if own:
            names = {name: f"{path}.{name}" if path else name for name, _ in own}
            handles += _load_around(module, checkpoint, names, dict(own))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _load_around(
    module: nn.Module, checkpoint: Checkpoint, names: dict[str, str], empty: dict[str, nn.Parameter]
) -> list[Any]:
    def load(*_: Any) -> None:
        for name, full in names.items():
            value = tensor_of(checkpoint.weights[full]).to(torch.float32)
            setattr(module, name, nn.Parameter(value, requires_grad=False))

    def drop(*_: Any) -> None:
        for name, parameter in empty.items():
            setattr(module, name, parameter)

    return [
        module.register_forward_pre_hook(load),
        module.register_forward_hook(drop, always_call=True),
    ]
