"""Which composites the FX passes of a plan mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litewright.passes.fx.mark_modules import MarkModules

from ..composites.module import CompositeModule
from ..diagnostics import UserError
from .plan import AnyPass, PassPlan, mapped


def with_composites(plan: PassPlan, composites: Sequence[Any]) -> PassPlan:
    """The plan, in which the passes that mark composites also know these."""
    modules = [each for each in composites if isinstance(each, CompositeModule)]

    def knowing(item: AnyPass) -> AnyPass:
        if isinstance(item, MarkModules):
            return replace(item, composites=tuple(dict.fromkeys((*item.composites, *modules))))
        return item

    return replace(plan, fx=mapped(plan.fx, knowing)) if composites else plan


def check_composite(item: object) -> None:
    """Checks that something can be marked.

    Raises:
        UserError: it is no `CompositePattern` or `CompositeModule`.
    """
    if not isinstance(item, CompositeModule):
        raise UserError(
            f"{item!r} cannot be marked: give a CompositePattern or a CompositeModule. A function under "
            "the decorator `composite` needs no registration"
        )
