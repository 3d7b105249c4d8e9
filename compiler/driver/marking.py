"""Which composites the FX passes of a plan mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from litewright.lowering.stablehlo_to_tfl import rules_for
from litewright.passes.core import RewritePass, Rule
from litewright.passes.fx.mark_modules import MarkModules
from litewright.passes.fx.mark_patterns import MarkPatterns
from litewright.passes.stablehlo.inline_composites import InlineComposites

from ..composites import patterns
from ..composites.module import CompositeModule
from ..composites.pattern import CompositePattern
from ..diagnostics import UserError
from ..targets import Target
from .plan import AnyPass, PassPlan, leaves, mapped


def patterns_for(target: Target) -> tuple[CompositePattern, ...]:
    """What is looked for in every model.

    Attention written out repeats keys and values for each query head, which its composite does not.
    All else is worth a composite where the target runs it as one: as ops, it folds into what is beside it.
    """
    norms = (patterns.RMS_NORM,) if "odml.rms_norm" in target.emits else ()
    return (*patterns.ATTENTION, *norms)


def with_composites(plan: PassPlan, composites: Sequence[Any]) -> PassPlan:
    """The plan, in which the passes that mark composites know these too."""
    modules = [each for each in composites if isinstance(each, CompositeModule)]
    given = [each for each in composites if isinstance(each, CompositePattern)]

    def knowing(item: AnyPass) -> AnyPass:
        if isinstance(item, MarkModules):
            return replace(item, composites=tuple(dict.fromkeys((*item.composites, *modules))))
        if isinstance(item, MarkPatterns):
            return replace(item, patterns=tuple(dict.fromkeys((*given, *item.patterns))))
        return item

    return replace(plan, fx=mapped(plan.fx, knowing)) if composites else plan


def with_patterns(plan: PassPlan, target: Target) -> PassPlan:
    """The plan, in which the pass that wants the patterns for a target has them, behind its own."""

    def knowing(item: AnyPass) -> AnyPass:
        if isinstance(item, MarkPatterns) and item.common:
            return replace(item, patterns=(*item.patterns, *patterns_for(target)), common=False)
        return item

    return replace(plan, fx=mapped(plan.fx, knowing))


def known_composites(target: Target, more: Sequence[Rule] = ()) -> tuple[str, ...]:
    """The composites that a legalisation for a target, or one of more rules, starts from."""
    roots = {root for rule in (*more, *rules_for(target)) for root in rule.roots}
    named = {r.removeprefix("composite:") for r in roots if r.startswith("composite:")}
    return tuple(sorted(named | target.emits))


def with_known_composites(
    plan: PassPlan, target: Target, legalisations: Sequence[Rule]
) -> PassPlan:
    """The plan, in which the pass that inlines composites leaves those that somebody starts from."""
    rewriting = [each for each in leaves(plan.stablehlo) if isinstance(each, RewritePass)]
    more = [*legalisations, *(rule for each in rewriting for rule in each.rules())]
    known = known_composites(target, more)

    def knowing(item: AnyPass) -> AnyPass:
        if isinstance(item, InlineComposites):
            return replace(item, kept=tuple(sorted({*item.kept, *known})))
        return item

    return replace(plan, stablehlo=mapped(plan.stablehlo, knowing))


def marked_titles(plan: PassPlan) -> set[str]:
    """What the composites that a plan marks are called in messages."""
    titles: set[str] = set()
    for each in leaves(plan.fx):
        if isinstance(each, MarkModules):
            titles |= {composite.name for composite in each.composites}
        elif isinstance(each, MarkPatterns):
            titles |= {pattern.title for pattern in each.patterns}
    return titles


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
