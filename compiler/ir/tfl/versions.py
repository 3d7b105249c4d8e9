"""Rules that say which version of an op a use of it needs.

An op gained a version each time its kernel learnt a form; an old runtime refuses a version it does
not know. So files carry the lowest version that has the form at hand. The facts are those of the
runtime's own table (`tflite/converter/tools/versioning/op_version.cc` of LiteRT).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .facts import OpFacts

VersionRule = Callable[[OpFacts], int]

_F8 = ("f8E4M3FN", "f8E5M2")


def by_type(versions: Mapping[str, int], *, operand: int = 0, otherwise: int = 1) -> VersionRule:
    """The version goes by the element type, in memory, of one operand. `f8` stands for both kinds."""
    table = dict(versions)
    if "f8" in table:
        table |= dict.fromkeys(_F8, table.pop("f8"))

    def rule(facts: OpFacts) -> int:
        return table.get(facts.storage(operand), otherwise)

    return rule


INT8 = by_type({"i8": 2})
INT8_INT16 = by_type({"i8": 2, "i16": 3})


def broadcasting(types: Mapping[str, int], wide: int) -> VersionRule:
    """By type; else `wide` where operands of rank 5 and more are broadcast."""

    def rule(facts: OpFacts) -> int:
        if facts.storage(0) == "i16" and "i16" in types:
            return types["i16"]
        if facts.broadcasts and facts.highest_rank > 4:
            return wide
        return types.get(facts.storage(0), 1)

    return rule


def add(facts: OpFacts) -> int:
    """ADD: a 16-bit sum of quantised values with scales that are no powers of two is version 3."""
    element = facts.storage(0)
    if element == "i16":
        if facts.granularity(0) is None:
            return 5
        return 3 if facts.attributes.get("pot_scale_int16") is False else 1
    return {"f16": 6, "i64": 4, "i8": 2}.get(element, 1)


def sub(facts: OpFacts) -> int:
    """SUB."""
    element = facts.storage(0)
    if element == "i16" and facts.attributes.get("pot_scale_int16") is False:
        return 5
    if element == "i64":
        return 4
    if facts.broadcasts and facts.highest_rank > 4:
        return 3
    return 2 if element == "i8" else 1


def mul(facts: OpFacts) -> int:
    """MUL: a product whose rescale factor is 1 or more is version 3."""
    element = facts.storage(0)
    if element == "f16":
        return 8
    if element == "ui32" or (element == "i16" and facts.granularity(0) is None):
        return 7
    if element in {"complex<f32>", "i64", "i16"}:
        return {"complex<f32>": 6, "i64": 5, "i16": 4}[element]
    scales = [fact.scale for fact in (*facts.operands[:2], facts.results[0]) if fact is not None]
    if len(scales) == 3 and all(scales):
        a, b, c = (float(scale or 0) for scale in scales)
        if a * b / c >= 1:
            return 3
    return 2 if element == "i8" else 1


def absolute(facts: OpFacts) -> int:
    """ABS."""
    if facts.storage(0) == "i16":
        return 3 if facts.granularity(0) is not None else 4
    return {"i32": 5, "i8": 2, "ui8": 2}.get(facts.storage(0), 1)


def fully_connected(facts: OpFacts) -> int:
    """FULLY_CONNECTED: a bias that is named and not there is older than one that is not named."""
    x, w, y = facts.storage(0), facts.storage(1), facts.result_storage()
    if w == "i2":
        return 14
    if (x, w, y) == ("i16", "i4", "i16"):
        return 13
    if (x, y) == ("i16", "i16"):
        return 11 if facts.attributes.get("quantized_bias_type") is not None else 7
    if (x, w, y) == ("f32", "i8", "f32"):
        return _dynamic_range_fully_connected(facts)
    if len(facts.operands) == 2:
        return 6
    if facts.attributes["keep_num_dims"]:
        return 5
    by_types = {("i8", "i8", "i8"): 4, ("i8", "i4", "i8"): 10}.get((x, w, y))
    if by_types is not None:
        return by_types
    return 2 if facts.attributes["weights_format"] != "DEFAULT" else 1


def _dynamic_range_fully_connected(facts: OpFacts) -> int:
    """Weights of 8 bits, activations that are quantised as they come."""
    if facts.granularity(1) == "axis":
        return 12
    if len(facts.operands) == 2:
        return 6
    if facts.attributes["keep_num_dims"]:
        return 5
    return 9 if facts.attributes.get("asymmetric_quantize_inputs") else 3


def batch_matmul(facts: OpFacts) -> int:
    """BATCH_MATMUL."""
    x, y, z = facts.storage(0), facts.storage(1), facts.result_storage()
    if (x, y, z) == ("f32", "i8", "f32") and facts.attributes.get("asymmetric_quantize_inputs"):
        return 4
    return {"i16": 3, "i8": 2}.get(x, 1)


def conv_2d(facts: OpFacts) -> int:
    """CONV_2D."""
    x, w = facts.storage(0), facts.storage(1)
    if (x, w) == ("i16", "i8") and facts.attributes.get("quantized_bias_type") is not None:
        return 8
    if _is_grouped(facts):
        return 6
    if (x, w) == ("f32", "i8"):
        return 5 if facts.granularity(1) == "axis" else 2
    return {("i16", "i16"): 4, ("i16", "i8"): 4, ("i8", "i8"): 3, ("i8", "i4"): 7}.get((x, w), 1)


def _is_grouped(facts: OpFacts) -> bool:
    x, w = facts.operands[0], facts.operands[1]
    if x is None or w is None or x.rank != 4 or w.rank != 4:
        return False
    return x.shape[3] != w.shape[3]


def depthwise_conv_2d(facts: OpFacts) -> int:
    """DEPTHWISE_CONV_2D."""
    x, w = facts.storage(0), facts.storage(1)
    if (x, w) == ("f32", "i8"):
        return 6 if facts.granularity(1) == "axis" else 4
    by_types = {("i16", "i16"): 5, ("i16", "i8"): 5, ("i8", "i8"): 3, ("i8", "i4"): 7}.get((x, w))
    if by_types is not None:
        return by_types
    dilated = (
        facts.attributes["dilation_h_factor"] != 1 or facts.attributes["dilation_w_factor"] != 1
    )
    return 2 if dilated else 1


def transpose_conv(facts: OpFacts) -> int:
    """TRANSPOSE_CONV."""
    if facts.storage(2) == "i16" and facts.attributes.get("quantized_bias_type") is not None:
        return 5
    if facts.attributes["fused_activation_function"] != "NONE":
        return 4
    if facts.storage(2) == "i16" or (len(facts.operands) == 4 and facts.operands[3] is not None):
        return 3
    return 2 if facts.storage(1) == "i8" else 1


def embedding_lookup(facts: OpFacts) -> int:
    """EMBEDDING_LOOKUP."""
    if facts.storage(1) == "i4" or facts.granularity(1) == "axis":
        return 4
    return 5 if facts.storage(1) == "i2" else 1


def gather(facts: OpFacts) -> int:
    """GATHER."""
    element = facts.storage(0)
    if element in _F8:
        return 8
    if element == "i4":
        return 7
    if facts.storage(1) == "i16":
        return 6
    if facts.attributes["batch_dims"]:
        return 5
    return {"i16": 4, "i1": 3, "i8": 2}.get(element, 1)


def gather_nd(facts: OpFacts) -> int:
    """GATHER_ND."""
    element = facts.storage(0)
    if element in _F8:
        return 6
    if element == "i1":
        return 5
    if facts.storage(1) == "i16":
        return 4
    return 3 if element == "i16" else 1


def transpose(facts: OpFacts) -> int:
    """TRANSPOSE."""
    element, rank = facts.storage(0), facts.operands[0].rank if facts.operands[0] else 0
    if element == "f16":
        return 9
    if rank > 6 or element == "bf16":
        return 8
    if element == "i4":
        return 7
    if rank > 5:
        return 6
    if element == "i16":
        return 5
    if rank > 4:
        return 4
    return {"i1": 3, "i8": 2}.get(element, 1)


def slice_(facts: OpFacts) -> int:
    """SLICE."""
    element, rank = facts.storage(0), facts.operands[0].rank if facts.operands[0] else 0
    if element in {"f16", "i4", "ui32"}:
        return {"f16": 8, "i4": 7, "ui32": 6}[element]
    if rank > 4:
        return 5
    return {"i16": 4, "i8": 2}.get(element, 1)


def strided_slice(facts: OpFacts) -> int:
    """STRIDED_SLICE: what counts is the rank once new axes are in."""
    element, rank = facts.storage(0), facts.operands[0].rank if facts.operands[0] else 0
    if facts.attributes["offset"]:
        return 8
    if element == "ui32":
        return 7
    if facts.attributes["ellipsis_mask"] or facts.attributes["new_axis_mask"]:
        return 6
    if rank > 4:
        return 4
    return {"i1": 3, "i8": 2}.get(element, 1)


def pad(facts: OpFacts) -> int:
    """PAD and PADV2."""
    element, rank = facts.storage(0), facts.operands[0].rank if facts.operands[0] else 0
    if element in _F8:
        return 6
    if element == "i1":
        return 5
    if rank > 4:
        return 4
    return {"i16": 3, "i8": 2}.get(element, 1)


def block_and_batch(facts: OpFacts) -> int:
    """SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND."""
    element, rank = facts.storage(0), facts.operands[0].rank if facts.operands[0] else 0
    if element == "i16":
        return 4
    if rank != 4:
        return 3
    return 2 if element == "i8" else 1


def resize(facts: OpFacts) -> int:
    """RESIZE_BILINEAR."""
    if facts.storage(0) == "i16":
        return 4
    if facts.attributes["half_pixel_centers"]:
        return 3
    return 2 if facts.storage(0) == "i8" else 1


def resize_nearest(facts: OpFacts) -> int:
    """RESIZE_NEAREST_NEIGHBOR."""
    if facts.storage(0) != "i16" and facts.attributes["align_corners"]:
        return 3
    return resize(facts)


def select(facts: OpFacts) -> int:
    """SELECT. The runtime's table looks at the condition where the branches are meant."""
    if facts.storage(1) == "ui32":
        return 4
    if facts.highest_rank == 5:
        return 3
    return 2 if facts.storage(1) == "i8" else 1


def top_k(facts: OpFacts) -> int:
    """TOPK_V2."""
    indices = facts.results[1].storage if len(facts.results) > 1 else ""
    if "i16" in {facts.storage(0), facts.storage(1), indices}:
        return 3
    return 2 if facts.storage(0) == "i8" else 1


def dynamic_update_slice(facts: OpFacts) -> int:
    """DYNAMIC_UPDATE_SLICE."""
    by_element = {"bf16": 6, "i4": 5, "i16": 4, "f16": 3}.get(facts.storage(0))
    if by_element is not None:
        return by_element
    return 2 if facts.storage(2) == "i64" else 1


def cast(facts: OpFacts) -> int:
    """CAST: the newest element type of the two decides."""
    types = {facts.storage(0), facts.result_storage()}
    for version, newer in (
        (9, set(_F8)),
        (8, {"i2", "ui4"}),
        (7, {"bf16"}),
        (6, {"i4"}),
        (5, {"f64", "f16"}),
        (4, {"ui16"}),
        (3, {"i8"}),
        (2, {"ui32"}),
    ):
        if types & newer:
            return version
    return 1


def dequantize(facts: OpFacts) -> int:
    """DEQUANTIZE."""
    element = facts.storage(0)
    if element == "i8":
        return 5 if facts.granularity(0) == "axis" else 2
    return {"f8E4M3FN": 9, "f8E5M2": 9, "ui4": 8, "i2": 7, "i4": 6, "i16": 3, "f16": 3}.get(
        element, 1
    )


def quantize(facts: OpFacts) -> int:
    """QUANTIZE: also a change of scale between quantised types."""
    types = {facts.storage(0), facts.result_storage()}
    if types & {"ui4", "i2"}:
        return 6 if "i2" in types else 5
    if "i4" in types:
        return 4
    if "axis" in {facts.granularity(0), facts.results[0].granularity}:
        return 3
    return 2 if facts.result_storage() == "i16" else 1


def fake_quant(facts: OpFacts) -> int:
    """FAKE_QUANT."""
    return 2 if facts.attributes["narrow_range"] else 1


def where(facts: OpFacts) -> int:
    """WHERE."""
    return 1 if facts.storage(0) == "i1" else 2
