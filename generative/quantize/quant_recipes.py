"""Recipes for language models under the names of the AI Edge Torch Generative API.

Each is one of `litewright.quantize`, which has more.
"""

from __future__ import annotations

from litewright import quantize


def full_linear_int8_dynamic_recipe() -> quantize.Recipe:
    """Weights in int8 per channel; activations are quantised as the model runs."""
    return quantize.dynamic_int8()


def full_int8_dynamic_recipe() -> quantize.Recipe:
    """The same under its later name."""
    return quantize.dynamic_int8()


def full_int8_weight_only_recipe() -> quantize.Recipe:
    """Weights in int8 per channel, computed with in float32."""
    return quantize.weight_only_int8()


def full_int4_dynamic_block_recipe(block_size: int = 32) -> quantize.Recipe:
    """Weights in int4 in blocks, embedding and head in int8."""
    return quantize.int4_block(block_size)


def full_fp16_recipe() -> quantize.Recipe:
    """Weights in float16."""
    return quantize.fp16()
