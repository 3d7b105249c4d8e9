"""All passes by name, and pipelines as text: `fold-constants{max_bytes=1024},simplify`."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import re
from collections.abc import Collection, Sequence
from typing import Any

from litewright.lowering.stablehlo_to_tfl import rules_for
from litewright.passes.core import (
    EliminateCommonSubexpressions,
    Pass,
    RewritePass,
    Rule,
    RuleSet,
)
from litewright.passes.tfl.quantize_activations import QuantizeActivations
from litewright.passes.tfl.quantize_state import QuantizeState
from litewright.passes.tfl.show_integers import ShowIntegers

from ..diagnostics import UserError
from ..ir.program import Program
from ..quantize.recipe import Recipe
from ..quantize.recipes import recipe_of, static_int8
from ..targets import Target
from .extensions import Extensions, plan_for
from .marking import marked_titles
from .plan import AnyPass, PassPlan, Stage, leaves

_ITEM = re.compile(r"\s*([\w-]+)\s*(?:\{([^}]*)\})?\s*(?:,|$)")


def passes_of(stage: Stage, extensions: Extensions) -> dict[str, AnyPass]:
    """The passes of a stage by name: those of the default plan, of recipes, and those that others have added."""
    plan = plan_for(None, extensions)
    more = {"fx": (), "stablehlo": (_ELIMINATE,), "tfl": (_ELIMINATE, *OF_RECIPES)}
    return {each.name: each for each in (*leaves(plan.of(stage)), *more[stage])}


def describe(item: AnyPass) -> str:
    """What a pass does, in a line: the first of its docstring, or of that of its only rule."""
    if isinstance(item, RuleSet) and len(item.members) == 1:
        return item.members[0].summary
    return (type(item).__doc__ or "").strip().partition("\n")[0]


def listing(stage: Stage, extensions: Extensions) -> list[str]:
    """The passes of a stage, and what others have added to the way down from it, a line each."""
    lines = [
        f"{name}: {describe(item)}" for name, item in sorted(passes_of(stage, extensions).items())
    ]
    if stage == "stablehlo":
        rules = sorted(extensions.legalisations, key=lambda rule: rule.name)
        lines += [f"legalisation {rule.name}: {rule.summary}" for rule in rules]
        names = sorted(each.name for each in extensions.composites)
        lines += [f"composite {name}" for name in names]
    return lines


_ELIMINATE = EliminateCommonSubexpressions()

OF_RECIPES: tuple[Pass[Program], ...] = (
    QuantizeState(Recipe((), state="int8")),
    QuantizeActivations(static_int8()),
    ShowIntegers(),
)
"""Passes on tfl that `with_recipe` adds, and that need nothing beside the program and a recipe."""


def parse_pipeline(text: str, stage: Stage, extensions: Extensions) -> tuple[AnyPass, ...]:
    """The passes that a text names, in its order.

    Args:
        text: names separated by commas, options in braces: `NAME{option=value,option=value},NAME`; `default`
            stands for the default passes of the stage. An option `recipe` is a name or a JSON file.
        stage: the level of the passes.
        extensions: what others have added.

    Raises:
        UserError: a name, option or value is unknown; the message names those that are near, or else all.
    """
    known = passes_of(stage, extensions)
    passes: list[AnyPass] = []
    position = 0
    while position < len(text):
        item = _ITEM.match(text, position)
        if item is None:
            raise UserError(
                f"cannot read the pipeline at {text[position:]!r}; it is NAME or NAME{{option=value}}, "
                "separated by commas"
            )
        name, options = item.group(1), item.group(2)
        if name == "default":
            passes += plan_for(None, extensions).of(stage)
        elif name not in known:
            raise UserError(f"no pass {name!r} on {stage}; {_those_there_are(name, known)}")
        else:
            passes.append(_with_options(known[name], options or ""))
        position = item.end()
    return tuple(passes)


def stages_of_rule(
    rule: str, plan: PassPlan, target: Target, more: Sequence[Rule] = ()
) -> list[str]:
    """Where a rule, or a pass whose rules are meant, runs: names of stages, `legalise` among them.

    Args:
        rule: its name, or the name of a composite that is marked on FX.
        plan: the passes.
        target: whose legalisations run.
        more: legalisations of others.

    Raises:
        UserError: there is no such rule.
    """
    by_stage = {stage: _rules_in(plan.of(stage)) for stage in ("stablehlo", "tfl")}
    by_stage["fx"] = marked_titles(plan)
    by_stage["legalise"] = {each.name for each in (*more, *rules_for(target))}
    found = [stage for stage, names in by_stage.items() if rule in names]
    if not found:
        known = {name for names in by_stage.values() for name in names}
        raise UserError(f"no rule or pass {rule!r} with rules; {_those_there_are(rule, known)}")
    return found


def _those_there_are(name: str, known: Collection[str]) -> str:
    """The names that are near, or all of them where none is."""
    near = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(sorted(known))}"


def _rules_in(passes: Sequence[AnyPass]) -> set[str]:
    names: set[str] = set()
    for each in leaves(passes):
        if isinstance(each, RewritePass):
            names |= {each.name, *(rule.name for rule in each.rules())}
    return names


def _with_options(item: AnyPass, text: str) -> AnyPass:
    fields = {field.name.replace("_", "-"): field for field in dataclasses.fields(item)}
    given: dict[str, Any] = {}
    for option in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = option.partition("=")
        field = fields.get(name.strip().replace("_", "-"))
        if field is None or not equals:
            known = ", ".join(fields) or "none"
            raise UserError(f"pass {item.name} has no option {option!r}; there is {known}")
        given[field.name] = _value(item, field.name, value.strip())
    return dataclasses.replace(item, **given)


def _value(item: AnyPass, name: str, text: str) -> Any:
    current = getattr(item, name)
    if isinstance(current, str):
        return text
    if isinstance(current, Recipe):
        return recipe_of(text)
    try:
        value = ast.literal_eval({"true": "True", "false": "False"}.get(text.lower(), text))
    except (ValueError, SyntaxError) as error:
        raise UserError(f"option {name} of pass {item.name}: cannot read {text!r}") from error
    if type(value) is not type(current) and not (isinstance(current, float) and type(value) is int):
        kind = type(current).__name__
        raise UserError(f"option {name} of pass {item.name} is of type {kind}, not {text!r}")
    return value
