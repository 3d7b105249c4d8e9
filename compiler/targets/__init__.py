"""What a backend takes, as data: `target_named("cpu").why_not_delegated(op)`."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import UserError
from .ml_drift import ML_DRIFT, ML_DRIFT_IN_LITERT_LM
from .target import Check, Miscomputed, Target
from .xnnpack import XNNPACK

__all__ = [
    "ML_DRIFT",
    "ML_DRIFT_IN_LITERT_LM",
    "TARGETS",
    "XNNPACK",
    "Check",
    "Miscomputed",
    "Target",
    "target_named",
]

TARGETS = (XNNPACK, ML_DRIFT, ML_DRIFT_IN_LITERT_LM)
"""All targets; the first is the default."""


def target_named(name: str, more: Sequence[Target] = ()) -> Target:
    """The target of that name.

    Args:
        name: what the caller calls it.
        more: targets of others.

    Raises:
        UserError: there is none; the message lists those that there are.
    """
    targets = (*TARGETS, *more)
    for target in targets:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in targets)
    raise UserError(f"no target {name!r}; there is {known}")
