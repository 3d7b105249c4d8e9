"""Which module of a model says something else once attention, masks and caches are given to its code."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..layers.attention_utils import build_causal_mask_cache
from .hooks import hooked
from .loading import Checkpoint
from .reference import parameters_when_needed, reference_logits
from .steps import Step, sample_inputs, with_empty_caches

_TOLERANCE = 1e-4
_MOST = 1024
"""Tokens at which scores of all layers are still small."""
_ROWS = 16
"""Tokens, spread over the text, whose results are kept of every module."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ran:
    """A module that has run: the first tensor that it took and that it returned, at some tokens."""

    module: nn.Module
    taken: Tensor | None
    returned: Tensor | None


def first_wrong_module(checkpoint: Checkpoint, tokens: Sequence[int]) -> str:
    """Runs the model's own code on a text as it is, and as it is captured, module by module.

    Args:
        checkpoint: its parameters are read as they are needed.
        tokens: a text; its first thousand tokens are taken.

    Returns:
        The first module that takes the same and returns something else, with its class and line; empty if there is
        none.
    """
    text = list(tokens[:_MOST])
    model = checkpoint.model
    with _watched(model) as own:
        reference_logits(checkpoint, text, [len(text) - 1])
    with hooked(model, len(text)), _watched(model) as captured:
        _step(checkpoint, text)
    for name, ran in captured.items():
        if name not in own or _differ(own[name].taken, ran.taken):
            continue
        if _differ(own[name].returned, ran.returned):
            return f"{name or '(the top module)'} ({_place_of(ran.module)})"
    return ""


def _step(checkpoint: Checkpoint, text: list[int]) -> None:
    """The text as one step over empty caches."""
    length = len(text)
    inputs = with_empty_caches(sample_inputs(checkpoint.model, length, length))
    inputs["tokens"] = torch.tensor([text], dtype=torch.int32)
    inputs["mask"] = build_causal_mask_cache(length)
    with parameters_when_needed(checkpoint), torch.no_grad():
        Step(checkpoint.model, with_logits=True)(**inputs)


@contextlib.contextmanager
def _watched(model: nn.Module) -> Generator[dict[str, _Ran]]:
    """The modules that run while it is entered, by path, in the order in which they end."""
    found: dict[str, _Ran] = {}
    opened: Any = model
    modules: list[tuple[str, nn.Module]] = list(opened.named_modules())
    handles = [
        module.register_forward_hook(_keeper(found, name), with_kwargs=True)
        for name, module in modules
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _keeper(found: dict[str, _Ran], name: str) -> Callable[..., None]:
    def keep(
        module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], returned: Any
    ) -> None:
        several = isinstance(returned, tuple)
        results = cast("tuple[Any, ...]", returned) if several else (returned,)
        found[name] = _Ran(module, _rows([*args, *kwargs.values()]), _rows(results))

    return keep


def _rows(values: Iterable[Any]) -> Tensor | None:
    """Some rows of the first tensor of numbers."""
    for each in values:
        if isinstance(each, Tensor) and each.ndim > 1 and each.is_floating_point():
            count = each.shape[-2]
            chosen = torch.linspace(0, count - 1, min(count, _ROWS)).long()
            return each.detach().index_select(-2, chosen)
    return None


def _differ(expected: Tensor | None, actual: Tensor | None) -> bool:
    """Whether two tensors that may be compared are apart."""
    if expected is None or actual is None or expected.shape != actual.shape:
        return False
    peak = float(expected.abs().max()) or 1.0
    return not float((actual - expected).abs().max()) <= _TOLERANCE * peak


def _place_of(module: nn.Module) -> str:
    kind = type(module)
    _, line = inspect.getsourcelines(kind.forward)
    return f"{kind.__name__}, {Path(inspect.getfile(kind)).name}:{line}"
