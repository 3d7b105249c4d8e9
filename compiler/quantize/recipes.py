"""Ready recipes by name, and those that litert-torch has under their names there."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..diagnostics import UserError
from .ranges import RangeChoice
from .recipe import Kind, Recipe, Rule
from .specs import (
    FLOAT16,
    INT8_CHANNEL,
    Algorithm,
    QuantSpec,
    check_word,
    int4_blocks,
)

LANGUAGE_HEADS = r"(^|\.)(lm_head|output_head|embed_out|logits_proj)(\.|$)"
"""Modules that compute logits, by the names that decoders give them."""

BEHIND_NORMS = (
    r"(^|\.)(query|key|value|[qkv]_proj|[qkv]_lin|qkv|c_attn|in_proj|intermediate|gate_proj|up_proj|fc1|c_fc|lin1)"
    r"(\.|$)"
)
"""Projections that read what norms make, by the names that encoders and decoders give them."""

ROTARY_TABLES = r"(^|\.)rotary_emb\.table$"
"""Cosines and sines by position."""

_LOOKUPS: tuple[Kind, ...] = ("embedding_lookup",)
_DENSE: tuple[Kind, ...] = ("fully_connected",)


class Dtype(enum.Enum):
    """Element types of weights, as litert-torch names them."""

    FP32 = enum.auto()
    FP16 = enum.auto()
    INT8 = enum.auto()
    INT4 = enum.auto()


class Granularity(enum.Enum):
    """What has a scale of its own, as litert-torch names it."""

    NONE = enum.auto()
    CHANNELWISE = enum.auto()
    BLOCKWISE_32 = enum.auto()
    BLOCKWISE_64 = enum.auto()
    BLOCKWISE_128 = enum.auto()
    BLOCKWISE_256 = enum.auto()


def dynamic_int8(algorithm: Algorithm = "min_max") -> Recipe:
    """Weights of 8 bits, a scale per output channel; activations are quantised as they come."""
    spec = QuantSpec("int8", "channel", algorithm=algorithm)
    return Recipe((Rule(spec),), "dynamic_int8")


def equalised_int8(modules: str = BEHIND_NORMS) -> Recipe:
    """As `dynamic_int8`, and what norms make is brought nearer to one size before it meets a matrix.

    For encoders, whose norms make a few large channels. Wants calibration data; tokens drawn by chance will do.

    Args:
        modules: regular expression that finds the projections which read what norms make.

    Raises:
        UserError: it is no regular expression.
    """
    return Recipe((Rule(INT8_CHANNEL, modules, equalise=0.5), Rule(INT8_CHANNEL)), "equalised_int8")


def weight_only_int8(algorithm: Algorithm = "min_max") -> Recipe:
    """Weights of 8 bits in the file, unpacked to floats when the model is loaded."""
    spec = QuantSpec("int8", "channel", algorithm=algorithm, compute="float")
    return Recipe((Rule(spec),), "weight_only_int8")


def fp16() -> Recipe:
    """Weights of 16 bits in the file; the runtime computes with 32 bits where it has to."""
    return Recipe((Rule(FLOAT16),), "fp16")


def static_int8(ranges: RangeChoice = "min_max") -> Recipe:
    """Weights and activations of 8 bits, with scales that calibration has found. Wants calibration data."""
    return Recipe((Rule(INT8_CHANNEL, activations="int8", ranges=ranges),), "static_int8")


def static_int16x8(ranges: RangeChoice = "min_max") -> Recipe:
    """Weights of 8 bits, activations of 16: nearly as exact as floats. Wants calibration data.

    Such ops run on the runtime's own kernels: no delegate takes them.
    """
    return Recipe((Rule(INT8_CHANNEL, activations="int16", ranges=ranges),), "static_int16x8")


def int4_block(block_size: int, algorithm: Algorithm = "mse") -> Recipe:
    """Projections of 4 bits in blocks; tables and output heads of 8 bits, other ops of 8 bits too.

    Raises:
        UserError: the runtime has no blocks of that size.
    """
    return _four_bits(_blocks(block_size, algorithm), f"int4_block{block_size}")


def int4_block32(algorithm: Algorithm = "mse") -> Recipe:
    """See `int4_block`."""
    return int4_block(32, algorithm)


def int4_block64(algorithm: Algorithm = "mse") -> Recipe:
    """See `int4_block`."""
    return int4_block(64, algorithm)


def int4_block128(algorithm: Algorithm = "mse") -> Recipe:
    """See `int4_block`."""
    return int4_block(128, algorithm)


def int4_block256(algorithm: Algorithm = "mse") -> Recipe:
    """See `int4_block`."""
    return int4_block(256, algorithm)


def int4_channel(algorithm: Algorithm = "mse") -> Recipe:
    """Projections of 4 bits with a scale per output channel; tables and output heads of 8 bits."""
    return _four_bits(QuantSpec("int4", "channel", algorithm=algorithm), "int4_channel")


def int4_compact(
    block_size: int = 32, algorithm: Algorithm = "mse", first_rows: int = 1024
) -> Recipe:
    """As few bytes as keep a language model good: tables and output heads of 4 bits as well, but for the first rows.

    Tokenisers number tokens by falling frequency, or nearly so: the first rows of a table are read most, and
    have 8 bits. A quarter of the vocabulary is a good choice. Tables of rotary embeddings become float16.

    Args:
        block_size: of all weights of 4 bits; 0 for a scale per output channel.
        algorithm: of these too.
        first_rows: of tables and output heads.

    Raises:
        UserError: the runtime has no blocks of that size.
    """
    eight, spec = INT8_CHANNEL, QuantSpec("int4", "channel", algorithm=algorithm)
    if block_size:
        spec = _blocks(block_size, algorithm)
    rules = (
        Rule(FLOAT16, ROTARY_TABLES, kinds=_LOOKUPS, optional=True),
        Rule(eight, kinds=_LOOKUPS, first_rows=first_rows),
        Rule(eight, LANGUAGE_HEADS, first_rows=first_rows, optional=True),
        Rule(spec, kinds=(*_LOOKUPS, *_DENSE)),
        Rule(eight),
    )
    return Recipe(rules, "int4_compact")


def mixed(
    modules: Mapping[str, QuantSpec | None], default: Recipe | QuantSpec | None = None
) -> Recipe:
    """A spec for each regular expression over module paths, in order, and something for the rest.

    Args:
        modules: regular expression to spec; None keeps the weights as they are.
        default: for all other weights; None keeps them as they are.

    Raises:
        UserError: an expression is none, or no module is given.
    """
    own = tuple(Rule(spec, pattern, at_least=1) for pattern, spec in modules.items())
    if isinstance(default, Recipe):
        return Recipe((*own, *default.rules), "mixed")
    return Recipe((*own, *([Rule(default)] if default is not None else [])), "mixed")


def full_dynamic_recipe(
    mcfg: object = None,
    weight_dtype: Dtype = Dtype.INT8,
    granularity: Granularity = Granularity.CHANNELWISE,
) -> Recipe:
    """litert-torch's recipe of that name: all weights alike, activations quantised as they come.

    Args:
        mcfg: taken for the sake of callers; shared weights are found without it.
        weight_dtype: INT8 or INT4; litert-torch's own enumeration is understood too.
        granularity: CHANNELWISE or BLOCKWISE_32 to BLOCKWISE_256.

    Raises:
        UserError: the combination does not exist.
    """
    del mcfg
    spec = _like_peer(weight_dtype, granularity)
    return Recipe((Rule(spec),), "full_dynamic")


def full_weight_only_recipe(
    mcfg: object = None,
    weight_dtype: Dtype = Dtype.INT8,
    granularity: Granularity = Granularity.CHANNELWISE,
) -> Recipe:
    """litert-torch's recipe of that name: all weights alike, unpacked to floats in front of each op.

    See `full_dynamic_recipe` for arguments and errors.
    """
    del mcfg
    spec = _like_peer(weight_dtype, granularity)
    if spec.element != "int8":
        raise UserError("weights that are unpacked in front of the op have 8 bits: Dtype.INT8")
    weight_only = QuantSpec(spec.element, spec.granularity, compute="float")
    return Recipe((Rule(weight_only),), "full_weight_only")


def full_fp16_recipe(mcfg: object = None) -> Recipe:
    """litert-torch's recipe of that name: all weights of 16 bits."""
    del mcfg
    return fp16()


READY: Mapping[str, Callable[[], Recipe]] = MappingProxyType(
    {
        "dynamic_int8": dynamic_int8,
        "equalised_int8": equalised_int8,
        "weight_only_int8": weight_only_int8,
        "fp16": fp16,
        "static_int8": static_int8,
        "static_int16x8": static_int16x8,
        "int4_block32": int4_block32,
        "int4_block64": int4_block64,
        "int4_block128": int4_block128,
        "int4_block256": int4_block256,
        "int4_channel": int4_channel,
    }
)
"""Recipes without arguments, by name."""


def recipe_of(given: Recipe | QuantSpec | str | Path) -> Recipe:
    """The recipe that is meant by itself, by its name, or by a JSON file.

    Raises:
        UserError: there is none.
    """
    if isinstance(given, Recipe):
        return given
    if isinstance(given, QuantSpec):
        return Recipe((Rule(given),), str(given))
    if isinstance(given, Path) or str(given).endswith(".json"):
        return Recipe.load(given)
    check_word("recipe", given, READY)
    return READY[given]()


def _four_bits(spec: QuantSpec, name: str) -> Recipe:
    eight = INT8_CHANNEL
    rules = (
        Rule(eight, kinds=_LOOKUPS),
        Rule(eight, LANGUAGE_HEADS, optional=True),
        Rule(spec, kinds=_DENSE),
        Rule(eight),
    )
    return Recipe(rules, name)


def _blocks(size: int, algorithm: Algorithm) -> QuantSpec:
    if size not in {32, 64, 128, 256}:
        raise UserError(f"no blocks of {size}; there are 32, 64, 128 and 256")
    return int4_blocks(size, algorithm)


def _like_peer(dtype: Any, granularity: Any) -> QuantSpec:
    element, grain = _name(dtype, Dtype), _name(granularity, Granularity)
    if grain == "CHANNELWISE" and element in {"INT8", "INT4"}:
        return QuantSpec("int8" if element == "INT8" else "int4", "channel")
    if grain.startswith("BLOCKWISE_") and element == "INT4":
        return int4_blocks(int(grain.removeprefix("BLOCKWISE_")))
    raise UserError(f"no weights of {element}, {grain}: blocks have INT4, channels INT8 or INT4")


def _name(given: Any, known: type[enum.Enum]) -> str:
    name = getattr(given, "name", given)
    check_word(known.__name__, name, [each.name for each in known])
    return str(name)
