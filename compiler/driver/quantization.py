"""What `convert(quant_config=...)` takes, and the pass that it adds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from litewright.passes.tfl.quantize_weights import QuantizeWeights

from ..diagnostics import UserError
from ..quantize.recipe import Recipe
from ..quantize.recipes import recipe_of
from ..quantize.specs import QuantSpec
from .plan import PassPlan

QuantConfig = Recipe | QuantSpec | str | Path
"""A recipe, a spec for all weights, the name of a ready recipe, or a JSON file."""


def with_recipe(plan: PassPlan, quant_config: QuantConfig | None) -> PassPlan:
    """The plan with a recipe's pass behind all others: they fold into weights what they can before.

    Raises:
        UserError: it is no recipe, or there is none of that name.
    """
    if quant_config is None:
        return plan
    given: Any = quant_config
    if not isinstance(given, Recipe | QuantSpec | str | Path):
        raise UserError(
            f"quant_config is {given!r}: give a recipe of litewright.quantize, the name of one, or a JSON file"
        )
    return replace(plan, tfl=(*plan.tfl, QuantizeWeights(recipe_of(given))))
