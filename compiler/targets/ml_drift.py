"""What ML Drift takes, the GPU delegate of LiteRT 2.3, and computes right.

It takes more than it computes right: `Miscomputed` says where. Tensors have four dimensions at most. All
of it is held by tests on the delegate itself (`tests/gpu`).
"""

from __future__ import annotations

from types import MappingProxyType

from ..ir import tfl
from ..ir.mlir import ir
from .checks import (
    attribute_in,
    elements,
    facts,
    is_static_operand,
    miscomputed,
    rank_at_most,
    refused,
    runtime,
    static,
    whole_steps,
)
from .placement import operands_fit
from .target import Check, Miscomputed, Target
from .weight_schemes import GPU_WEIGHTS

_FLOAT = elements("f32 f16")
_NUMBER = elements("f32 f16 i32")
_ANY = "f32 f16 i32 i1"
_RANK = rank_at_most(4)
_ACTIVATION = miscomputed(
    attribute_in("fused_activation_function", ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"))
)

_FLOAT_UNARY = (
    "ceil cos elu exp floor gelu hard_swish leaky_relu log logistic relu relu6 relu_n1_to_1 round rsqrt sign "
    "sin sqrt square tanh"
)  # fmt: skip
_COMPARISONS = "equal not_equal less less_equal greater greater_equal"


def _rows(names: str, *checks: Check) -> dict[str, tuple[Check, ...]]:
    return {f"tfl.{name}": checks for name in names.split()}


def _two_values(op: ir.OpView) -> str | None:
    return "the same operand twice" if op.operands[0] == op.operands[1] else None


def _rank_from(low: int) -> Check:
    def check(op: ir.OpView) -> str | None:
        rank = facts(op.operands)[0].rank
        return f"rank {rank}, at least {low}" if rank < low else None

    return check


def _rank_4(op: ir.OpView) -> str | None:
    rank = facts(op.operands)[0].rank
    return Miscomputed(f"rank {rank}, only 4") if rank != 4 else None


def _one_image(op: ir.OpView) -> str | None:
    """With more, it mixes them up."""
    batch = facts(op.operands)[0].shape[0]
    return Miscomputed(f"a batch of {batch}") if batch != 1 else None


def _keeps_batch(op: ir.OpView) -> str | None:
    amounts = tfl.constant_of(op.operands[1])
    fits = amounts is not None and not amounts[0].any()
    return None if fits else Miscomputed("padding of the batch")


def _along_inner_axis(op: ir.OpView) -> str | None:
    axis = tfl.constant_of(op.operands[1])
    fits = axis is not None and int(axis) > 0
    return None if fits else Miscomputed("a sum along the first or a negative axis")


def _keeps_signs(op: ir.OpView) -> str | None:
    exponent = tfl.constant_of(op.operands[1])
    odd = exponent is not None and bool(((exponent < 0) & (exponent % 2 == 1)).any())
    return Miscomputed("an odd negative power, whose sign is lost") if odd else None


def _reverses_lanes(op: ir.OpView) -> str | None:
    fact, axes = facts(op.operands)[0], tfl.constant_of(op.operands[1])
    assert axes is not None, "asked before"
    channels = fact.shape[-1]
    whole = fact.rank < 2 or channels <= 4 or channels % 4 == 0
    inner = any(int(axis) % fact.rank == fact.rank - 1 for axis in axes.reshape(-1))
    return Miscomputed(f"{channels} channels reversed") if inner and not whole else None


def _whole_quads(op: ir.OpView) -> str | None:
    last = facts(op.operands)[0].shape[-1]
    return Miscomputed(f"{last} candidates, only multiples of 4") if last % 4 else None


def _flat_indices(op: ir.OpView) -> str | None:
    indices = facts(op.operands)[1]
    return f"indices of rank {indices.rank}, only 1" if indices.rank != 1 else None


def _lookup(op: ir.OpView) -> str | None:
    indices, table = facts(op.operands)
    if indices.element != "i32" or indices.rank != 1:
        return f"indices {indices.element} of rank {indices.rank}"
    if table.element == "f32" or (
        table.granularity == "axis" and table.element in ("qi8", "qi4", "qi2")
    ):
        return None
    if table.granularity is None:
        return f"a table of {table.element}"
    return Miscomputed(f"a table of {table.element} with a scale for each {table.granularity}")


def _choice(op: ir.OpView) -> str | None:
    condition, *branches = facts(op.operands)
    result = facts(op.results)[0]
    if condition.element != "i1":
        return f"a condition of {condition.element}"
    if condition.rank not in (0, result.rank):
        return Miscomputed(f"a condition of rank {condition.rank}")
    for branch, value in zip(branches, op.operands[1:], strict=True):
        is_scalar = is_static_operand(value) and not any(size > 1 for size in branch.shape)
        if branch.shape != result.shape and not is_scalar:
            return "a choice that is broadcast, and no constant scalar"
    return None


def _filters(op: ir.OpView) -> str | None:
    x, w = facts([op.operands[0], op.operands[1]])
    if x.element not in ("f32", "f16"):
        return f"element type {x.element}"
    if w.element not in ("f32", "f16", "qi8", "qi4"):
        return f"a filter of {w.element}"
    return Miscomputed("groups") if w.shape[3] != x.shape[3] else None


def _depthwise_filters(op: ir.OpView) -> str | None:
    x, w = facts([op.operands[0], op.operands[1]])
    if w.element == "qi8" and w.granularity == "tensor":
        return Miscomputed("a filter of qi8 with one scale")
    taken = x.element in ("f32", "f16") and w.element in ("f32", "f16", "qi8")
    return None if taken else f"a filter of {w.element} for {x.element}"


def _dense_types(op: ir.OpView) -> str | None:
    x, w = facts(op.operands[:2])
    if x.element not in ("f32", "f16") or w.element not in ("f32", "f16", "qi8", "qi4", "qi2"):
        return f"a filter of {w.element} for {x.element}"
    if w.granularity == "block":
        return Miscomputed("a filter with a scale for each block, which ends the process")
    return f"a filter of rank {w.rank}" if w.rank != 2 else None


def _products(op: ir.OpView) -> str | None:
    x, y = facts(op.operands)
    if x.element not in ("f32", "f16") or y.element not in ("f32", "f16", "qi8"):
        return f"{x.element} by {y.element}"
    if y.rank == 2 and is_static_operand(op.operands[1]):
        turns = tfl.attribute(op, "adj_x") or tfl.attribute(op, "adj_y")
        return Miscomputed("a product with a constant matrix, transposed") if turns else None
    if x.rank != y.rank or x.shape[:-2] != y.shape[:-2]:
        batches = f"{list(x.shape[:-2])} by {list(y.shape[:-2])}"
        return Miscomputed(f"batches {batches}, which are not broadcast")
    return None


def _unpacks(op: ir.OpView) -> str | None:
    """Constants are unpacked for kernels alone."""
    fact = facts(op.operands)[0]
    if not is_static_operand(op.operands[0]):
        taken = fact.granularity == "tensor" and fact.element in ("qi8", "qui8")
        return None if taken else f"{fact.element} that is computed at run time"
    if fact.granularity == "axis":
        return "a constant with a scale for each channel"
    filters = ("tfl.fully_connected", "tfl.conv_2d", "tfl.depthwise_conv_2d")
    uses = [(use.owner.operation.name, use.operand_number) for use in op.results[0].uses]
    return None if all(o in filters and n == 1 for o, n in uses) else "a constant that is no filter"


def _scale_constant(position: int) -> Check:
    def check(op: ir.OpView) -> str | None:
        if len(op.operands) <= position:
            return None
        fact = facts([op.operands[position]])[0]
        channels = facts(op.operands)[0].shape[-1:]
        if not is_static_operand(op.operands[position]) or fact.shape != channels:
            return "scale or bias is no constant with a number per channel"
        return None

    return check


def _has_scale(op: ir.OpView) -> str | None:
    # The delegate reads it without asking whether it is there.
    return "no scale" if len(op.operands) < 2 else None


def _attends(op: ir.OpView) -> str | None:
    """Queries [B, T, N, H], keys and values [B, S, N, H], an optional mask [1 or B, 1 or N, 1 or T, S]."""
    query, key, value, *masks = facts(op.operands)
    if query.rank != 4 or key.rank != 4:
        return f"queries of rank {query.rank}"
    if key.shape != value.shape or key.shape[2:] != query.shape[2:]:
        return Miscomputed(f"keys {key.shape} and values {value.shape} for queries {query.shape}")
    for mask in masks:
        if mask.rank != 4 or mask.shape[3] != key.shape[1]:
            return f"a mask {mask.shape} for keys {key.shape}"
        if mask.shape[0] != 1:
            return Miscomputed("a mask for each of a batch")
    return None


_PADS = (
    _RANK,
    _rank_from(2),
    _rank_4,
    runtime(0),
    static(1, "padding"),
    elements("f32 f16", 0),
    _keeps_batch,
)


def _rotates(op: ir.OpView) -> str | None:
    """x [B, N, T, H] and positions [1, T]; the angles of a pair are position * timescale."""
    x, positions = facts(op.operands)
    if x.rank != 4 or x.element != "f32" or positions.element not in ("i32", "f32"):
        return f"{x.element} of rank {x.rank} at positions {positions.element}"
    if positions.shape != (1, x.shape[2]):
        return Miscomputed(f"positions {list(positions.shape)} for {list(x.shape)}")
    given = {each.name for each in ir.DictAttr(op.attributes["composite_attributes"])}
    more = given - {"min_timescale", "max_timescale"}
    return f"attributes {', '.join(sorted(more))}" if more else None


_ROWS: dict[str, tuple[Check, ...]] = {
    **_rows(_FLOAT_UNARY, _RANK, runtime(0), _FLOAT),
    **_rows("abs neg", _RANK, runtime(0), _NUMBER),
    **_rows("logical_not", _RANK, runtime(0), elements("i1")),
    **_rows("prelu", _RANK, runtime(0), static(1, "the slope"), _FLOAT),
    **_rows("softmax", _RANK, miscomputed(_rank_from(2)), runtime(0), _FLOAT, attribute_in("beta", (1.0,))),
    **_rows("add mul", _RANK, _NUMBER, operands_fit, _ACTIVATION),
    **_rows("sub div", _RANK, _NUMBER, _two_values, operands_fit, _ACTIVATION),
    **_rows("pow", _RANK, _NUMBER, _two_values, operands_fit, _keeps_signs),
    **_rows("maximum minimum squared_difference floor_div floor_mod atan2", _RANK, _NUMBER, _two_values,
            operands_fit),
    **_rows(_COMPARISONS, _RANK, elements("f32 f16 i32 i1"), _two_values, operands_fit),
    **_rows("logical_and logical_or", _RANK, elements("i1"), _two_values, operands_fit),
    **_rows("mean", _RANK, runtime(0), static(1, "axes"), elements("f32 f16", 0)),
    **_rows("sum reduce_max reduce_min reduce_prod", _RANK, runtime(0), static(1, "axes"),
            elements("f32 f16 i32", 0)),
    **_rows("reduce_any reduce_all", _RANK, runtime(0), static(1, "axes"), elements("i1", 0)),
    **_rows("arg_max", _RANK, runtime(0), static(1, "the axis"), elements("f32 i32")),
    **_rows("topk_v2", _RANK, runtime(0), static(1, "k"), elements("f32 i32", 0), _whole_quads),
    **_rows("cumsum", _RANK, runtime(0), static(1, "the axis"), elements("f32 f16", 0), _along_inner_axis,
            miscomputed(attribute_in("exclusive", (False,))), miscomputed(attribute_in("reverse", (False,)))),
    **_rows("reshape", _RANK, runtime(0), static(1, "the shape"), elements(_ANY, 0)),
    **_rows("transpose", _RANK, _rank_from(2), runtime(0), static(1, "the permutation"), elements(_ANY, 0)),
    **_rows("slice", _RANK, runtime(0), static(1, "the begin"), static(2, "the size"), elements(_ANY, 0)),
    **_rows("strided_slice", _RANK, runtime(0), static(1, "the begin"), static(2, "the end"),
            static(3, "the strides"), elements(_ANY, 0), whole_steps(lowest=1)),
    **_rows("pad padv2", *_PADS),
    **_rows("mirror_pad", *_PADS, attribute_in("mode", ("REFLECT",))),
    **_rows("concatenation", _RANK, _NUMBER, _ACTIVATION),
    **_rows("split", _RANK, runtime(1), static(0, "the axis"), _NUMBER),
    **_rows("split_v", _RANK, runtime(0), static(1, "sizes"), static(2, "the axis"), elements("f32 f16", 0)),
    **_rows("pack", _RANK, _NUMBER),
    **_rows("unpack", _RANK, runtime(0), _NUMBER),
    **_rows("tile", _RANK, runtime(0), static(1, "multiples"), elements("f32 f16 i32", 0)),
    **_rows("reverse_v2", _RANK, runtime(0), static(1, "axes"), elements("f32 f16", 0), _reverses_lanes),
    **_rows("depth_to_space space_to_depth", _RANK, runtime(0), _one_image, _FLOAT),
    **_rows("gather", _RANK, _flat_indices, elements(_ANY), attribute_in("batch_dims", (0,))),
    **_rows("embedding_lookup", _RANK, runtime(0), static(1, "the table"), _lookup),
    **_rows("dynamic_update_slice", _RANK, _rank_4, runtime(0), runtime(1), runtime(2), elements("f32 f16 i32")),
    **_rows("select_v2 select", _RANK, elements("f32 f16 i32", 1, 2), _choice),
    **_rows("cast", _RANK, runtime(0), elements(_ANY)),
    **_rows("batch_matmul", _RANK, runtime(0), _products),
    **_rows("fully_connected", _RANK, runtime(0), miscomputed(static(1, "the filter")), static(2, "the bias"),
            _dense_types, _ACTIVATION),
    **_rows("conv_2d", runtime(0), static(2, "the bias"), _filters, _ACTIVATION),
    **_rows("depthwise_conv_2d", runtime(0), static(1, "the filter"), static(2, "the bias"),
            _depthwise_filters, _ACTIVATION),
    **_rows("transpose_conv", runtime(2), static(0, "the output's shape"), static(1, "the filter"),
            static(3, "the bias"), elements("f32 f16", 2), _ACTIVATION),
    **_rows("max_pool_2d average_pool_2d", runtime(0), _FLOAT, _ACTIVATION),
    **_rows("resize_bilinear resize_nearest_neighbor", runtime(0), static(1, "the size"),
            elements("f32 f16", 0)),
    **_rows("quantize", _RANK, runtime(0), elements("f32 f16 qi8 qui8")),
    **_rows("dequantize", _unpacks),
    **_rows("expand_dims squeeze", refused("reshape is taken, this is not")),
    **_rows("broadcast_to", refused("arithmetic broadcasts by itself, and tile is taken")),
    **_rows("gather_nd scatter_nd", refused("coordinates have no kernel")),
}  # fmt: skip

_NORMALISED = (elements("f32"), _RANK, _rank_from(2), _scale_constant(1), _scale_constant(2))
_COMPOSITES: dict[str, tuple[Check, ...]] = {
    "odml.rms_norm": (*_NORMALISED, _has_scale),
    "odml.group_norm": _NORMALISED,
    "odml.scaled_dot_product_attention": (elements("f32"), _attends),
    # Conversion never writes it, since our own rotations are told cosines and sines; others may.
    "odml.rope": (_rotates,),
}

ML_DRIFT = Target(
    "gpu",
    "LiteRT on the GPU with the ML Drift delegate",
    MappingProxyType(_ROWS),
    fits=True,
    static_shapes=True,
    weights=GPU_WEIGHTS,
)
"""No composite: in the packages of LiteRT 2.3 for Python, delegate and runtime are built with different
layouts of a class that composites need, and any composite ends the process."""

ML_DRIFT_IN_LITERT_LM = Target(
    "litert-lm-gpu",
    "LiteRT-LM on the GPU with the ML Drift delegate",
    MappingProxyType(_ROWS),
    MappingProxyType(_COMPOSITES),
    emits=frozenset(_COMPOSITES),
    fits=True,
    static_shapes=True,
    weights=GPU_WEIGHTS,
)
"""The same delegate in one library with its runtime, where composites work."""
