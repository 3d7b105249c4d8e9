"""The command that runs a failed pass again, on what it failed on."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from litewright.passes.core import RuleSet

from ..diagnostics import UserError
from ..ir.observer import Observer
from ..quantize.recipe import Recipe
from ..quantize.recipes import READY
from .catalogue import OF_RECIPES
from .plan import STAGES, AnyPass, PassPlan, leaves


def replay_command(plan: PassPlan, names: str, path: Path) -> str:
    """A command line, fit to be pasted, that runs passes of a plan on a program in a file.

    Args:
        plan: the passes that ran.
        names: those to run again, separated by commas.
        path: the program, as MLIR text.

    Returns:
        `litewright opt PATH --pass NAMES`, with the options of the passes, and with the modules that
        define those which are not litewright's own.
    """
    known = {each.name: each for stage in STAGES for each in leaves(plan.of(stage))}
    meant = [known[name] for name in names.split(",") if name in known]
    pipeline = ",".join(spelling(each) for each in meant) or names
    modules = dict.fromkeys(module for each in meant for module in _modules(each))
    imports = [part for module in modules for part in ("--import", module)]
    return shlex.join(["litewright", *imports, "opt", str(path), "--pass", pipeline])


def spelling(item: AnyPass) -> str:
    """A pass as pipelines spell it: its name, and in braces the options that have not their defaults.

    A recipe that has no name of ours is spelt as the file that it would have to be saved to.
    """
    options = [
        f"{field.name.replace('_', '-')}={getattr(item, field.name)}"
        for field in dataclasses.fields(item)
        if isinstance(field.default, bool | int | float | str)
        and getattr(item, field.name) != field.default
    ]
    recipe = getattr(item, "recipe", None)
    if isinstance(recipe, Recipe) and item not in OF_RECIPES:
        is_ready = recipe.name in READY and READY[recipe.name]() == recipe
        options.append(f"recipe={recipe.name}{'' if is_ready else '.json'}")
    return f"{item.name}{{{','.join(options)}}}" if options else item.name


def _modules(item: AnyPass) -> Iterator[str]:
    """What must be imported for a pass to be registered: a dotted name, or a file that belongs to no package."""
    rules = [rule.defined_in for rule in item.members] if isinstance(item, RuleSet) else []
    for name in rules or [type(item).__module__]:
        if name.startswith("litewright."):
            continue
        file = getattr(sys.modules.get(name), "__file__", None)
        if "." in name:
            yield name
        elif file is not None:
            yield file


class HowToReplay(Observer[object]):
    """Tells, on an error, how to get hold of the program that a pass failed on; where none is dumped."""

    def failed(self, pass_name: str, unit: object, error: Exception) -> None:
        """Adds a note, unless the error is about what the caller gave."""
        if isinstance(error, UserError):
            return
        error.add_note(
            "convert again with dump_ir=FOLDER (or LITEWRIGHT=dump=FOLDER): it will hold every program "
            "before the error, and the error will tell the command to replay it"
        )
