"""Reductions over axes, and what searches or accumulates along one."""

from __future__ import annotations

from . import shapes, versions
from .attributes import KEEP_DIMS
from .spec import Attribute, Derived, OpSpec, slot, version_1
from .versions import VersionRule, by_type


def _reduce(name: str, types: str, axes: str, version: VersionRule = version_1) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("input", types), slot(axes, "i32", (0, 1))),
        results=(slot("output", types),),
        attributes=(KEEP_DIMS,),
        options="ReducerOptions",
        version=version,
        shapes=shapes.reduction,
    )


def _search(name: str, options: str) -> OpSpec:
    types = "i1 f32 i32 i8 ui8 qi8 qui8"
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("input", types), slot("dim", "i32 i64", (0, 1))),
        results=(slot("output", "i32 i64"),),
        options=options,
        derived=(Derived("output_type", result=0),),
        version=by_type({"i1": 3, "i8": 2}),
        shapes=shapes.search,
    )


_EXTREME = "f32 f16 i32 i64 qi8 qui8 qi16"

OPS = (
    _reduce("sum", "f32 f16 i32 i64 qi8 qui8 qi16", "axes", versions.INT8),
    _reduce("mean", "f32 f16 i32 i64 ui8 qi8 qui8 qi16", "axis", versions.INT8_INT16),
    _reduce("reduce_max", _EXTREME, "axes", versions.INT8_INT16),
    _reduce("reduce_min", _EXTREME, "axes", versions.INT8_INT16),
    _reduce("reduce_prod", "f32 i32 i64 qi8 qui8 qi16", "axes", by_type({"i8": 2, "i16": 2})),
    _reduce("reduce_any", "i1", "reduction_indices"),
    _reduce("reduce_all", "i1", "reduction_indices"),
    _search("arg_max", "ArgMaxOptions"),
    _search("arg_min", "ArgMinOptions"),
    OpSpec(
        "topk_v2", "TOPK_V2",
        (slot("input", "f32 i8 i16 i32 i64 ui8 qi8 qui8"), slot("k", "i16 i32", (0, 1))),
        (slot("values", "f32 i8 i16 i32 i64 ui8 qi8 qui8"), slot("indices", "i16 i32")),
        options="TopKV2Options", version=versions.top_k,
    ),
    OpSpec(
        "cumsum", "CUMSUM", (slot("input", "f32 i32 i64"), slot("axis", "i32", (0, 1))),
        (slot("output", "f32 i32 i64"),),
        (Attribute("exclusive", "bool", default=False), Attribute("reverse", "bool", default=False)),
        "CumsumOptions", shapes=shapes.same,
    ),
    OpSpec(
        "segment_sum", "SEGMENT_SUM", (slot("input", "f32 i32"), slot("segment_ids", "i32", 1)),
        (slot("output", "f32 i32"),), options="SegmentSumOptions",
    ),
    *(
        OpSpec(
            f"unsorted_segment_{kind}", f"UNSORTED_SEGMENT_{kind.upper()}",
            (slot("input", "f32 i32"), slot("segment_ids", "i32"), slot("num_segments", "i32")),
            (slot("output", "f32 i32"),), options=f"UnsortedSegment{kind.capitalize()}Options",
        )
        for kind in ("prod", "max", "min", "sum")
    ),
)  # fmt: skip
