"""Quantisation for `convert(quant_config=...)`: ready recipes, and what own ones are made of.

`litewright.convert(model, args, quant_config=litewright.quantize.int4_block32())`, or rules of your own:

recipe(
    Rule(QuantSpec("int8"), modules="down_proj"),
    Rule(QuantSpec("int4", "block", 32, algorithm="mse"), kinds=("fully_connected",)),
    Rule(QuantSpec("int8")),
)
"""

from litewright.compiler.quantize.recipe import KINDS, Recipe, Rule, recipe
from litewright.compiler.quantize.recipes import (
    READY,
    Dtype,
    Granularity,
    dynamic_int8,
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
    mixed,
    recipe_of,
    weight_only_int8,
)
from litewright.compiler.quantize.specs import ALGORITHMS, QuantSpec

__all__ = [
    "ALGORITHMS",
    "KINDS",
    "READY",
    "Dtype",
    "Granularity",
    "QuantSpec",
    "Recipe",
    "Rule",
    "dynamic_int8",
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
    "mixed",
    "recipe",
    "recipe_of",
    "weight_only_int8",
]
