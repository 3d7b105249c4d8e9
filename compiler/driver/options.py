"""What a conversion is told beside the model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..flags import Flags
from ..ir.observer import Observer
from ..targets import XNNPACK, Target, target_named
from ..weights import TensorSource
from . import presets
from .extensions import Extensions
from .plan import PassPlan
from .stages import Progress

Weights = str | os.PathLike[str] | Mapping[str, TensorSource]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one conversion; `Converter.convert` makes them of its arguments.

    Attributes:
        weights: a checkpoint, or lazy tensors by parameter name.
        target: where the model is to run.
        plan: which passes run.
        extensions: lowerings, legalisations and composites of others.
        dump_ir: folder for every stage and pass as text.
        progress: told of every stage.
        observers: look on while passes run.
        flags: switches for developers.
    """

    weights: Weights | None = None
    target: Target = XNNPACK
    plan: PassPlan = presets.DEFAULT
    extensions: Extensions = field(default_factory=Extensions)
    dump_ir: Path | None = None
    progress: Progress | None = None
    observers: Sequence[Observer[Any]] = ()
    flags: Flags = field(default_factory=Flags)

    def __post_init__(self) -> None:
        """Tells the plan the target."""
        plan = presets.for_target(self.plan, self.target, self.extensions.legalisations)
        object.__setattr__(self, "plan", plan)


def target_of(target: str | Target, extensions: Extensions) -> Target:
    """A target by itself or by name, those of others among them.

    Raises:
        UserError: there is none of that name.
    """
    if isinstance(target, Target):
        return target
    return target_named(target, extensions.targets)
