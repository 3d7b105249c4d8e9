"""What PyTorch itself computes, a module's parameters in memory at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

from .eager import eager_attention, run_eagerly
from .loading import Checkpoint
from .rows import ReadByRows
from .weights import Source, tensor_of

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


Progress = Callable[[str, float | None], None]
"""Told the name of a stage, and how much of it is done (0 to 1) where that is known."""

_STAGE = "run in PyTorch"
_MOST_SCORES = 1 << 28
"""Of one layer at a time, a gigabyte: code that keeps all scores of a text is given the text in parts."""

_LARGE = 1 << 26
"""Elements of a matrix that is not read as a whole: 256 MB in float32."""

_SMALL = 1 << 16
"""Elements of a parameter that need not be read again for every run of its module."""


def reference_logits(
    checkpoint: Checkpoint,
    tokens: Sequence[int],
    positions: Sequence[int],
    progress: Progress | None = None,
) -> Array:
    """Logits of the model's own code in eager PyTorch, float32.

    A text goes in whole, without a cache; where its scores would fill the memory in parts, over the cache that the
    model has in PyTorch.

    Args:
        checkpoint: its parameters are read as they are needed, and dropped again.
        tokens: a text.
        positions: of the text, ascending, where logits are wanted: of the token behind each.
        progress: told how far it is.

    Returns:
        [positions, vocabulary].

    Raises:
        UserError: the model's own code fails.
    """
    model = checkpoint.model
    length = _part_length(model, len(tokens))
    parts = [range(at, min(at + length, len(tokens))) for at in range(0, len(tokens), length)]
    found: list[Array] = []
    cache: Any = None
    with eager_attention(model), parameters_when_needed(checkpoint, progress, len(parts)):
        for part in parts:
            wanted = [p - part.start for p in positions if p in part]
            made = run_eagerly(
                model,
                input_ids=torch.tensor([list(tokens[part.start : part.stop])]),
                past_key_values=cache,
                use_cache=len(parts) > 1,
                logits_to_keep=torch.tensor(wanted or [0]),
            )
            cache = made.past_key_values if len(parts) > 1 else None
            logits = made.logits[0]
            # Not every model knows that logits are wanted at some positions alone.
            chosen = logits if len(logits) == len(wanted or [0]) else logits[wanted or [0]]
            found += [chosen.numpy()[: len(wanted)]]
    return np.concatenate(found)


def _part_length(model: Any, length: int) -> int:
    """How many tokens go in at once, so that scores [heads, part, length] stay bounded."""
    heads = getattr(model.config.get_text_config(decoder=True), "num_attention_heads", 1)
    return min(length, max(_MOST_SCORES // (max(heads, 1) * length), 1))


class _Count:
    """Tells how many modules have run."""

    def __init__(self, progress: Progress | None, runs: int) -> None:
        self._progress, self._runs = progress, runs
        self.modules = self._done = 0

    def __call__(self) -> None:
        """One more."""
        self._done += 1
        if self._progress is not None:
            self._progress(_STAGE, min(self._done / (self.modules * self._runs), 1.0))


@contextlib.contextmanager
def parameters_when_needed(
    checkpoint: Checkpoint, progress: Progress | None = None, runs: int = 1
) -> Generator[None]:
    """While it is entered, a module has its parameters as it runs, and not before or after.

    Small ones it keeps; of very large tables and projections it never has more than some rows.

    Args:
        checkpoint: the model, and where its parameters are.
        progress: told how many modules have run.
        runs: how often the model is to run.
    """
    count = _Count(progress, runs)
    opened: Any = checkpoint.model
    modules: list[tuple[str, nn.Module]] = list(opened.named_modules())
    handles: list[Any] = []
    kept: list[tuple[nn.Module, dict[str, nn.Parameter]]] = []
    by_rows: dict[int, Source] = {}
    for path, module in modules:
        own: list[tuple[str, nn.Parameter]] = list(module.named_parameters(recurse=False))
        if own:
            large = {name: each for name, each in own if each.numel() > _SMALL}
            absent = {name: _absent(each) for name, each in large.items()}
            kept.append((module, large))
            _set(module, absent)
            by_rows |= _read_by_rows(checkpoint, path, module)
            whole = {name: each for name, each in absent.items() if id(each) not in by_rows}
            handles += _load_around(module, checkpoint, path, whole, count)
            count.modules += 1
    try:
        with _small_parameters(checkpoint), ReadByRows(by_rows):
            yield
    finally:
        for handle in handles:
            handle.remove()
        for module, large in kept:
            _set(module, large)


def _absent(parameter: nn.Parameter) -> nn.Parameter:
    """What stands for a parameter between runs: on the CPU, where models look for it (Llama 4), and no number."""
    dtype = parameter.dtype if parameter.is_floating_point() else torch.float32
    nothing = torch.full((), torch.nan).to(dtype).expand(parameter.shape)
    return nn.Parameter(nothing, requires_grad=False)


def _set(module: nn.Module, parameters: dict[str, nn.Parameter]) -> None:
    for name, parameter in parameters.items():
        setattr(module, name, parameter)


def _read_by_rows(checkpoint: Checkpoint, path: str, module: nn.Module) -> dict[int, Source]:
    """The lazy matrix of a module that is so large that only rows of it are to be read, by the parameter's `id`."""
    if not isinstance(module, nn.Embedding | nn.Linear) or module.weight.numel() <= _LARGE:
        return {}
    if isinstance(module, nn.Embedding) and module.max_norm is not None:
        return {}  # rows are scaled as they are looked up
    source = checkpoint.weights[f"{path}.weight"]
    return {id(module.weight): source} if hasattr(source, "rows") else {}


@contextlib.contextmanager
def _small_parameters(checkpoint: Checkpoint) -> Generator[None]:
    """While it is entered, small parameters have their values: a model may read them without calling the module."""
    empty: list[tuple[nn.Module, str, nn.Parameter]] = []
    opened: Any = checkpoint.model
    modules: list[tuple[str, nn.Module]] = list(opened.named_modules())
    try:
        for path, module in modules:
            own: list[tuple[str, nn.Parameter]] = list(module.named_parameters(recurse=False))
            for name, parameter in own:
                if parameter.numel() <= _SMALL:
                    empty.append((module, name, parameter))
                    setattr(module, name, _value(checkpoint, path, name))
        yield
    finally:
        for module, name, parameter in empty:
            setattr(module, name, parameter)


def _value(checkpoint: Checkpoint, path: str, name: str) -> nn.Parameter:
    """A parameter of the module at a path, read."""
    source = checkpoint.weights[f"{path}.{name}" if path else name]
    return nn.Parameter(tensor_of(source).to(torch.float32), requires_grad=False)


def _load_around(
    module: nn.Module,
    checkpoint: Checkpoint,
    path: str,
    absent: dict[str, nn.Parameter],
    count: _Count,
) -> list[Any]:
    def load(*_: Any) -> None:
        for name in absent:
            setattr(module, name, _value(checkpoint, path, name))

    def drop(*_: Any) -> None:
        _set(module, absent)
        count()

    return [
        module.register_forward_pre_hook(load),
        module.register_forward_hook(drop, always_call=True),
    ]
