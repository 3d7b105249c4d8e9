"""Which composites the FX passes of a plan mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litewright.passes.fx.mark_modules import MarkModules
from litewright.passes.fx.mark_patterns import MarkPatterns

from ..composites.module import CompositeModule
from ..composites.pattern import CompositePattern
from ..diagnostics import UserError
from .plan import AnyPass, PassPlan, mapped


def with_composites(plan: PassPlan, composites: Sequence[Any]) -> PassPlan:
    """The plan, in which the passes that mark composites also know these."""
    modules = [each for each in composites if isinstance(each, CompositeModule)]
    patterns = [each for each in composites if isinstance(each, CompositePattern)]

    def knowing(item: AnyPass) -> AnyPass:
        if isinstance(item, MarkModules):
            return replace(item, composites=tuple(dict.fromkeys((*item.composites, *modules))))
        if isinstance(item, MarkPatterns):
            return replace(item, patterns=tuple(dict.fromkeys((*patterns, *item.patterns))))
        return item

    return replace(plan, fx=mapped(plan.fx, knowing)) if composites else plan


def title_of(composite: CompositeModule | CompositePattern) -> str:
    """What a composite is called in messages, unlike any other."""
    return composite.title if isinstance(composite, CompositePattern) else composite.name


def check_composite(item: object) -> None:
    """Checks that something can be marked.

    Raises:
        UserError: it is no `CompositePattern` or `CompositeModule`.
    """
    if not isinstance(item, CompositeModule | CompositePattern):
        raise UserError(
            f"{item!r} cannot be marked: give a CompositePattern or a CompositeModule. A function under "
            "the decorator `composite` needs no registration"
        )
