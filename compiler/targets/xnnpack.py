"""What XNNPACK takes in LiteRT 2.3, with the flags that its interpreter sets by default.

An op that passes the checks is one that the delegate accepts; for an op that it accepts and then fails on
there is no way back to the kernels of the runtime, so the checks are also what may be emitted.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from ..ir import tfl
from ..ir.mlir import ir
from .checks import (
    attribute_in,
    elements,
    facts,
    is_static_operand,
    operands_at_most,
    rank_at_most,
    refused,
    results_between,
    static,
    whole_steps,
)
from .target import Check, Target

_FLOAT = "f32 f16"
_FLOAT_OR_INT8 = "f32 f16 qi8 qui8"
_RANK = rank_at_most(6)
_ACTIVATION = attribute_in("fused_activation_function", ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"))

_BLOCK = 32
_CLAMPS = "relu relu6 relu_n1_to_1 hard_swish"
_ELEMENTARY = "abs ceil cos exp floor gelu log neg round rsqrt sin sqrt square"


def _rows(names: str, *checks: Check) -> dict[str, tuple[Check, ...]]:
    return {f"tfl.{name}": checks for name in names.split()}


def _last_axis_scale_1(op: ir.OpView) -> str | None:
    beta = tfl.attribute(op, "beta")
    return None if beta == 1.0 else f"beta is {beta}, only 1"


def _non_empty(op: ir.OpView) -> str | None:
    shapes = [fact.shape for fact in facts(op.results)]
    return "an empty result" if any(0 in shape for shape in shapes) else None


def _grows(op: ir.OpView) -> str | None:
    amounts = tfl.constant_of(op.operands[1])
    return "negative padding" if amounts is not None and bool(np.any(amounts < 0)) else None


def _window_covers_stride(op: ir.OpView) -> str | None:
    """Pooling that would skip elements has no kernel."""
    height, width = tfl.attribute(op, "filter_height"), tfl.attribute(op, "filter_width")
    if tfl.attribute(op, "stride_h") > height or tfl.attribute(op, "stride_w") > width:
        return "a stride larger than the window"
    return None


def _dense_types(op: ir.OpView) -> str | None:
    """Which filters go with which inputs, for FULLY_CONNECTED."""
    x, w = facts(op.operands[:2])
    if w.rank != 2:
        return f"a filter of rank {w.rank}, only 2"
    if x.element in ("f32", "f16"):
        return (
            _weight_only(w.element, w.granularity, w.shape[-1]) if w.element != x.element else None
        )
    if x.element == "qi8":
        return None if w.element in ("qi8", "qi4", "qi2") else f"{w.element} filter for {x.element}"
    return f"element type {x.element}, only f32, f16, qi8"


def _weight_only(element: str, granularity: str | None, depth: int) -> str | None:
    """Quantised filters that meet float inputs, which the delegate quantises as they come."""
    if granularity == "block":
        return None if element == "qi4" and depth % _BLOCK == 0 else f"blocks of {element}"
    if element not in ("qi8", "qi4", "qi2"):
        return f"a filter of {element} for float inputs"
    per_byte = {"qi8": 1, "qi4": 2, "qi2": 4}[element]
    if depth % per_byte:
        return f"{depth} columns of {element} do not fill bytes"
    return None if element != "qi2" or granularity == "axis" else "int2 with one scale"


def _convolution_types(position: int, image: int) -> Check:
    def check(op: ir.OpView) -> str | None:
        x, w = facts([op.operands[image], op.operands[position]])
        pairs = {("f32", "f32"), ("f16", "f16"), ("f32", "qi8"), ("qi8", "qi8"), ("qi8", "qi4")}
        return None if (x.element, w.element) in pairs else f"{w.element} kernel for {x.element}"

    return check


def _product_types(op: ir.OpView) -> str | None:
    x, y = facts(op.operands[:2])
    if x.element == y.element and x.element in ("f32", "f16", "qi8"):
        return None
    if (x.element, y.element) == ("f32", "qi8"):
        # XNNPACK takes it, reads the numbers once when it is set up, and computes wrong results.
        known = is_static_operand(op.operands[1])
        return None if known else "int8 computed at run time against float"
    return f"{x.element} by {y.element}"


def _attends(op: ir.OpView) -> str | None:
    """Queries [B, T, N, H], keys and values [B, S, KV, H], where N is a multiple of KV."""
    query, key, value = facts(op.operands[:3])
    if query.rank != 4 or key.shape != value.shape:
        return f"queries of rank {query.rank} with keys {key.shape} and values {value.shape}"
    if query.shape[2] % key.shape[2]:
        return f"{query.shape[2]} query heads for {key.shape[2]} key heads"
    # The delegate takes it, and cannot prepare it.
    return "one key head in a batch" if key.shape[2] == 1 and key.shape[0] > 1 else None


_KERNEL = (static(1, "the filter"), static(2, "the bias"))

_ROWS: dict[str, tuple[Check, ...]] = {
    **_rows(f"{_ELEMENTARY} {_CLAMPS}", elements(_FLOAT), _RANK),
    **_rows("logistic tanh leaky_relu", elements(_FLOAT_OR_INT8), _RANK),
    **_rows("elu", elements("f32 f16 qi8"), _RANK),
    **_rows("prelu", static(1, "the slope"), elements(_FLOAT), _RANK),
    **_rows("softmax", _last_axis_scale_1, elements(_FLOAT), _RANK),
    **_rows("add sub mul", elements(_FLOAT_OR_INT8), _RANK, _ACTIVATION),
    **_rows("div", elements(_FLOAT), _RANK, _ACTIVATION),
    **_rows("maximum minimum squared_difference", elements(_FLOAT), _RANK),
    **_rows("mean sum reduce_max reduce_min", static(1, "axes"), elements(_FLOAT_OR_INT8, 0), _RANK),
    **_rows("reshape", static(1, "the shape"), elements(_FLOAT_OR_INT8, 0), _RANK),
    **_rows("transpose", static(1, "the permutation"), elements(_FLOAT_OR_INT8, 0), _RANK),
    **_rows("slice", static(1, "the begin"), static(2, "the size"), elements(_FLOAT_OR_INT8, 0), _RANK,
            _non_empty),
    **_rows("strided_slice", static(1, "the begin"), static(2, "the end"), static(3, "the strides"),
            elements(_FLOAT_OR_INT8, 0), _RANK, whole_steps(lowest=1, highest=1), _non_empty),
    **_rows("pad", static(1, "padding"), elements(_FLOAT_OR_INT8, 0), _RANK, _grows),
    **_rows("concatenation", operands_at_most(5), elements(_FLOAT_OR_INT8), _RANK, _ACTIVATION),
    **_rows("split", results_between(2, 4), static(0, "the axis"), elements(_FLOAT_OR_INT8, 1), _RANK),
    **_rows("batch_matmul", _product_types, _RANK),
    **_rows("fully_connected", *_KERNEL, _dense_types, _RANK, _ACTIVATION),
    **_rows("conv_2d depthwise_conv_2d", *_KERNEL, _convolution_types(1, 0), _ACTIVATION),
    **_rows("transpose_conv", static(0, "the output's shape"), static(1, "the filter"), static(3, "the bias"),
            _convolution_types(1, 2), _ACTIVATION),
    **_rows("max_pool_2d", elements(_FLOAT_OR_INT8), _window_covers_stride, _ACTIVATION),
    **_rows("average_pool_2d", elements(_FLOAT), _window_covers_stride, _ACTIVATION),
    **_rows("resize_bilinear", static(1, "the size"), elements(_FLOAT_OR_INT8, 0)),
    **_rows("depth_to_space space_to_depth", elements(_FLOAT_OR_INT8)),
    **_rows("quantize dequantize", elements("f32 f16 qi8 qui8 qi4"), _RANK),
    **_rows("var_handle read_variable assign_variable"),
    **_rows("expand_dims squeeze", refused("reshape is taken, this is not")),
    **_rows("broadcast_to tile", refused("arithmetic broadcasts by itself, copies have no kernel")),
    **_rows("gather gather_nd embedding_lookup", refused("lookups have no kernel")),
    **_rows("dynamic_update_slice", refused("updates at positions that are data have no kernel")),
    **_rows("cast", refused("conversions have no kernel")),
    **_rows("select_v2 select", refused("choices have no kernel")),
    **_rows("pack unpack", refused("concatenation and split are taken, this is not")),
    **_rows("pow floor_div floor_mod sign log_softmax cumsum reduce_prod arg_max arg_min topk_v2",
            refused("no kernel")),
    **_rows("less less_equal greater greater_equal equal not_equal logical_and logical_or logical_not",
            refused("comparisons and logic have no kernel")),
}  # fmt: skip

# Not emitted: it transposes the whole cache at each step, which what it decomposes to does not.
_COMPOSITES: dict[str, tuple[Check, ...]] = {
    "odml.scaled_dot_product_attention": (elements("f32"), _attends),
}

XNNPACK = Target(
    "cpu",
    "LiteRT on the CPU with the XNNPACK delegate",
    MappingProxyType(_ROWS),
    MappingProxyType(_COMPOSITES),
)
