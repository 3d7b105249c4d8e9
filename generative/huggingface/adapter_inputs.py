"""Adapters as inputs: what matrices take, and the hooks that add it while a step is captured."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

import litewright

from ..generation.adapters import PREFIX, adapter_inputs, input_names, open_adapter
from .library import Conv1D
from .loading import Checkpoint
from .steps import Step

_ENGINE_RANKS = (16, 32)

_given: ContextVar[dict[str, Tensor]] = ContextVar("adapters of the step")


@dataclass(frozen=True, slots=True)
class AdapterInputs:
    """Which matrices take adapters as inputs.

    Attributes:
        rank: of the inputs; adapters of a smaller rank fit too.
        targets: ends of the paths of linear layers, as `q_proj` or `self_attn.q_proj`.
    """

    rank: int
    targets: tuple[str, ...]

    def __post_init__(self) -> None:
        """Checks the numbers.

        Raises:
            UserError: the rank is not positive, or there are no targets.
        """
        if self.rank < 1:
            raise litewright.UserError(f"adapters have a positive rank, not {self.rank}")
        if not self.targets:
            raise litewright.UserError("adapters as inputs: name the modules that take them")


@dataclass(frozen=True, slots=True)
class Slot:
    """A matrix that takes factors.

    Attributes:
        module: the path of the layer.
        names: of the inputs for A' and B'.
        shapes: [in, rank] and [rank, out].
    """

    module: str
    names: tuple[str, str]
    shapes: tuple[tuple[int, int], tuple[int, int]]


def slots_for(
    checkpoint: Checkpoint, given: AdapterInputs | str | os.PathLike[str]
) -> tuple[Slot, ...]:
    """The matrices of a model that take adapters.

    Args:
        checkpoint: the model.
        given: which; a folder with an adapter stands for those that it has.

    Raises:
        UserError: a target is no linear layer of the model; all that are not are told. Or there is no such adapter,
            or it does not fit the model.
    """
    if isinstance(given, AdapterInputs):
        return _slots_of(checkpoint, given)
    adapter = open_adapter(given)
    paths = {each.removesuffix(".weight") for each in adapter.factors}
    slots = _slots_of(checkpoint, AdapterInputs(adapter.rank, tuple(sorted(paths))))
    wanted = {name: tuple(each.shape) for name, each in samples_of(slots).items()}
    adapter_inputs(adapter, wanted, f"the model of {checkpoint.folder}")
    return slots


def _slots_of(checkpoint: Checkpoint, inputs: AdapterInputs) -> tuple[Slot, ...]:
    called: Any = checkpoint.model
    modules: list[tuple[str, nn.Module]] = list(called.named_modules())
    slots: list[Slot] = []
    found: set[str] = set()
    there: set[str] = set()
    for path, module in modules:
        ends = [each for each in inputs.targets if f".{path}".endswith(f".{each}")]
        sizes = _sizes(module)
        if sizes is not None:
            there.add(path.rpartition(".")[2])
        if ends and sizes is not None:
            found.update(ends)
            shapes = (sizes[0], inputs.rank), (inputs.rank, sizes[1])
            slots.append(Slot(path, input_names(path), shapes))
    missing = [each for each in inputs.targets if each not in found]
    if missing:
        raise litewright.UserError(
            f"{checkpoint.folder}: no linear layer of the model is called {', '.join(missing)}; there are "
            f"{', '.join(sorted(there))}"
        )
    return tuple(slots)


def samples_of(slots: Sequence[Slot]) -> dict[str, Tensor]:
    """Inputs that change nothing."""
    return {
        name: torch.zeros(shape)
        for slot in slots
        for name, shape in zip(slot.names, slot.shapes, strict=True)
    }


def check_for_engine(slots: Sequence[Slot]) -> None:
    """Whether LiteRT-LM 0.18 can give the inputs values.

    Raises:
        UserError: it does not know the name of one, or takes no such rank.
    """
    unknown = [slot.module for slot in slots if not slot.names[0].startswith(f"{PREFIX}atten_")]
    if unknown:
        raise litewright.UserError(
            "LiteRT-LM takes adapters for the q, k, v and o projections of attention alone, not for "
            f"{', '.join(unknown[:4])}: merge the adapter, or write a .tflite"
        )
    ranks = {slot.shapes[0][1] for slot in slots} - set(_ENGINE_RANKS)
    if ranks:
        known = " or ".join(map(str, _ENGINE_RANKS))
        raise litewright.UserError(
            f"LiteRT-LM takes adapters of rank {known}, not {min(ranks)}: give --lora-rank, "
            "which may be larger than an adapter's own"
        )


class AdaptedStep(Step):
    """A step that takes adapters beside the caches."""

    def forward(
        self, tokens: Tensor, input_pos: Tensor, mask: Tensor, **others: Tensor
    ) -> dict[str, Tensor]:
        """See `Step.forward`; `others` are caches, and A' [in, rank] and B' [rank, out] of each slot."""
        given = {name: others.pop(name) for name in tuple(others) if name.startswith(PREFIX)}
        token = _given.set(given)
        try:
            return super().forward(tokens, input_pos, mask, **others)
        finally:
            _given.reset(token)


@contextlib.contextmanager
def adapted(model: nn.Module, slots: Sequence[Slot]) -> Generator[None]:
    """While it is entered, layers add what the step's adapters make of their inputs."""
    handles: list[Any] = [
        model.get_submodule(slot.module).register_forward_hook(_adding(slot)) for slot in slots
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _adding(slot: Slot) -> Any:
    def add(_: nn.Module, inputs: tuple[Tensor, ...], result: Tensor) -> Tensor:
        given = _given.get({})
        if not given:  # a dry run, to learn the shapes of caches
            return result
        a, b = (given[name] for name in slot.names)
        return result + (inputs[0] @ a) @ b

    return add


def _sizes(module: nn.Module) -> tuple[int, int] | None:
    """Inputs and outputs of a linear layer."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    if isinstance(module, Conv1D):
        weight: Any = module.weight
        return int(weight.shape[0]), int(weight.shape[1])
    return None
