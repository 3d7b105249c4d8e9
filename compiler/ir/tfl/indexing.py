"""Reading and writing at positions that are data."""

from __future__ import annotations

from . import shapes, versions
from .spec import Attribute, Derived, OpSpec, slot

_GATHERED = "f32 f16 f8E4M3FN f8E5M2 i1 i4 i8 i16 i32 i64 ui8 qi8 qui8 qi16 !tf_type.string"
_SCATTERED = "f32 i8 i64 i32 ui8 i1"
_UPDATED = "i1 i4 qi4 qi8 i8 i16 i32 i64 f32 f16 bf16"
_HOT = "f32 i32 i64 i1 i8 ui8"

OPS = (
    OpSpec(
        "gather", "GATHER", (slot("params", _GATHERED), slot("indices", "i16 i32 i64")), (slot("output", _GATHERED),),
        (Attribute("axis", "i32"), Attribute("batch_dims", "i32", default=0)), "GatherOptions",
        version=versions.gather, shapes=shapes.gather,
    ),
    OpSpec(
        "gather_nd", "GATHER_ND", (slot("params", _GATHERED), slot("indices", "i16 i32 i64")),
        (slot("output", _GATHERED),), options="GatherNdOptions", version=versions.gather_nd, shapes=shapes.gather_nd,
    ),
    OpSpec(
        "scatter_nd", "SCATTER_ND", (slot("indices", "i32"), slot("updates", _SCATTERED), slot("shape", "i32", 1)),
        (slot("output", _SCATTERED),), options="ScatterNdOptions", shapes=shapes.from_operand(2),
    ),
    OpSpec(
        "dynamic_update_slice", "DYNAMIC_UPDATE_SLICE",
        (slot("operand", _UPDATED), slot("update", _UPDATED), slot("start_indices", "i32 i64", 1)),
        (slot("output", _UPDATED),), options="DynamicUpdateSliceOptions", version=versions.dynamic_update_slice,
        shapes=shapes.same,
    ),
    OpSpec(
        "embedding_lookup", "EMBEDDING_LOOKUP",
        (slot("lookup", "i32", 1), slot("value", "f32 f16 i8 ui8 qi8 qui8 qi4 qi2", (2, 8))),
        (slot("output", "f32 f16 i8 ui8"),), version=versions.embedding_lookup, shapes=shapes.embedding_lookup,
    ),
    OpSpec(
        "one_hot", "ONE_HOT",
        (slot("indices", "i32 i64"), slot("depth", "i32", (0, 1)), slot("on_value", _HOT, (0, 1)),
         slot("off_value", _HOT, (0, 1))),
        (slot("output", _HOT),), (Attribute("axis", "i32", default=-1),), "OneHotOptions",
    ),
    OpSpec(
        "sparse_to_dense", "SPARSE_TO_DENSE",
        (slot("sparse_indices", "i32 i64"), slot("output_shape", "i32 i64"),
         slot("sparse_values", "i32 i64 i8 ui8 qi8 qui8 f32"), slot("default_value", "i32 i64 i8 ui8 qi8 qui8 f32")),
        (slot("dense", "i32 i64 i8 ui8 qi8 qui8 f32"),),
        (Attribute("validate_indices", "bool", default=None),), "SparseToDenseOptions",
        version=versions.by_type({"i8": 3, "ui8": 3, "i64": 2}, operand=2),
    ),
    OpSpec(
        "unique", "UNIQUE", (slot("input", "i8 ui8 i16 i32 i64 f32 qi8 qui8 qi16", 1),),
        (slot("output", "i8 ui8 i16 i32 i64 f32 qi8 qui8 qi16"), slot("idx", "i32 i64")), options="UniqueOptions",
        derived=(Derived("idx_out_type", result=1),),
    ),
    OpSpec(
        "bucketize", "BUCKETIZE", (slot("input", "f32 f64 i32 i64"),), (slot("output", "i32"),),
        (Attribute("boundaries", "f32s"),), "BucketizeOptions", shapes=shapes.same,
    ),
    OpSpec(
        "non_max_suppression_v4", "NON_MAX_SUPPRESSION_V4",
        (slot("boxes", "f32", 2), slot("scores", "f32", 1), slot("max_output_size", "i32", 0),
         slot("iou_threshold", "f32", 0), slot("score_threshold", "f32", 0)),
        (slot("selected_indices", "i32"), slot("valid_outputs", "i32")), options="NonMaxSuppressionV4Options",
    ),
    OpSpec(
        "non_max_suppression_v5", "NON_MAX_SUPPRESSION_V5",
        (slot("boxes", "f32", 2), slot("scores", "f32", 1), slot("max_output_size", "i32", 0),
         slot("iou_threshold", "f32", 0), slot("score_threshold", "f32", 0), slot("soft_nms_sigma", "f32", 0)),
        (slot("selected_indices", "i32"), slot("selected_scores", "f32"), slot("valid_outputs", "i32")),
        options="NonMaxSuppressionV5Options",
    ),
)  # fmt: skip
