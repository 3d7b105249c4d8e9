"""Quantisation for `convert(quant_config=...)`: ready recipes, and what own ones are made of.

`litewright.convert(model, args, quant_config=litewright.quantize.int4_block32())`, or rules of your own:

recipe(
    Rule(QuantSpec("int8"), modules="down_proj"),
    Rule(QuantSpec("int4", "block", 32, algorithm="mse"), kinds=("fully_connected",)),
    Rule(QuantSpec("int8")),
)

What rounding has lost, weight by weight, is told by `errors(model)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from litewright.compiler.quantize.recipe import KINDS, Recipe, Rule, recipe
from litewright.compiler.quantize.recipes import (
    READY,
    Dtype,
    Granularity,
    dynamic_int8,
    equalised_int8,
    fp16,
    full_dynamic_recipe,
    full_fp16_recipe,
    full_weight_only_recipe,
    int4_block,
    int4_block32,
    int4_block64,
    int4_block128,
    int4_block256,
    int4_channel,
    int4_compact,
    mixed,
    recipe_of,
    static_int8,
    static_int16x8,
    weight_only_int8,
)
from litewright.compiler.quantize.specs import ALGORITHMS, CALIBRATED, QuantSpec

if TYPE_CHECKING:
    from litewright.compiler.driver.model import EdgeModel
    from litewright.compiler.inspect import WeightFacts

__all__ = [
    "ALGORITHMS",
    "CALIBRATED",
    "KINDS",
    "READY",
    "Dtype",
    "Granularity",
    "QuantSpec",
    "Recipe",
    "Rule",
    "dynamic_int8",
    "equalised_int8",
    "errors",
    "fp16",
    "full_dynamic_recipe",
    "full_fp16_recipe",
    "full_weight_only_recipe",
    "int4_block",
    "int4_block32",
    "int4_block64",
    "int4_block128",
    "int4_block256",
    "int4_channel",
    "int4_compact",
    "mixed",
    "recipe",
    "recipe_of",
    "static_int8",
    "static_int16x8",
    "weight_only_int8",
]


def errors(model: EdgeModel) -> tuple[WeightFacts, ...]:
    """The quantised weights of a converted model with what rounding loses, who loses most first.

    `snr` of each is 10 log10(sum w^2 / sum (w - w')^2) in decibels, of the floats w and of what the stored
    numbers w' stand for; about 6 dB are a bit. Each weight is quantised once more for it. A model that was
    quantised before it was read has no floats: of its weights nothing is told.

    Raises:
        UserError: a weight holds NaN or infinity.
    """
    from litewright.compiler.inspect import quantisation_errors
    from litewright.compiler.ir import mlir

    with mlir.use(model.program.context):
        return quantisation_errors(model.program)
