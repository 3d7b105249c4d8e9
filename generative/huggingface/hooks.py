"""Where transformers' models ask how attention, masks and experts are computed, our answers, for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

from torch import nn

from .attention import attend, mask_of_step
from .experts import run_experts
from .library import interfaces
from .rotary import read_from_tables

NAME = "litewright"

_ANSWERS: dict[str, dict[str, Any]] = {
    "attention": {NAME: attend},
    # Models that do not ask how attention is computed ask for the mask of their own code.
    "masks": {NAME: mask_of_step, "eager": mask_of_step},
    "experts": dict.fromkeys(("eager", "batched_mm", "grouped_mm"), run_experts),
}


@contextlib.contextmanager
def hooked(model: nn.Module, cache_length: int) -> Generator[None]:
    """While it is entered, the model computes attention, masks, experts and rotary embeddings as we capture them.

    Afterwards it, and transformers, are what they were.
    """
    called: Any = model
    before_model: str = called.config._attn_implementation
    mappings = interfaces()
    before = {name: dict(mapping) for name, mapping in mappings.items()}
    replaced: dict[str, nn.Module] = {}
    try:
        for name, answers in _ANSWERS.items():
            mappings[name].update(answers)
        replaced = read_from_tables(model, cache_length)
        _choose(called)
        yield
    finally:
        for name, module in replaced.items():
            model.set_submodule(name, module)
        for name, mapping in mappings.items():
            mapping.clear()
            mapping.update(before[name])
        called.set_attn_implementation(before_model)


def _choose(model: Any) -> None:
    """Our attention where the model asks how it is computed, its own code where it does not."""
    try:
        model.set_attn_implementation(NAME)
    except ValueError:
        model.set_attn_implementation("eager")
