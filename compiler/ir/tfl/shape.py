"""Ops that move, repeat or make elements without reckoning with them."""

from __future__ import annotations

from . import shapes, versions
from .attributes import ACTIVATION
from .spec import Attribute, Default, Derived, OpSpec, slot
from .versions import by_type

_SLICED = "f32 f16 i32 i64 i8 ui8 ui32 i1 qi4 qi8 qui8 qi16"
_PADDED = "f32 f8E4M3FN f8E5M2 i1 i32 i64 ui8 qi8 qui8 qi16"
_JOINED = "f32 f16 f8E4M3FN f8E5M2 i64 i32 i16 i8 ui8 ui32 i1 qi4 qi8 qui8 qi16"
_PACKED = "f32 f16 bf16 f8E4M3FN f8E5M2 i1 i8 i16 i32 i64 ui8 ui32 qi8 qui8 qi16"
_SPLIT = "f32 f8E4M3FN f8E5M2 i16 i32 i64 i8 ui8 qi8 qui8 qi16"
_TRANSPOSED = "f32 f16 bf16 i32 i64 i16 i8 ui8 i4 i1 qi4 qi8 qui8 qi16"
_BLOCKS = "f32 i8 i32 i64 ui8 qi8 qui8"
_BATCHED = "f32 i8 i32 i64 ui8 qi8 qui8 qi16"

OPS = (
    OpSpec(
        "reshape", "RESHAPE", (slot("input"), slot("shape", "i32", 1)), (slot("output"),), shapes=shapes.reshape,
    ),
    OpSpec(
        "transpose", "TRANSPOSE", (slot("input", _TRANSPOSED, (0, 8)), slot("perm", "i32", 1)),
        (slot("output", _TRANSPOSED),), options="TransposeOptions", version=versions.transpose,
        shapes=shapes.transpose,
    ),
    OpSpec(
        "slice", "SLICE", (slot("input", _SLICED), slot("begin", "i32 i64", 1), slot("size", "i32 i64", 1)),
        (slot("output", _SLICED),), options="SliceOptions", version=versions.slice_, shapes=shapes.slice_,
    ),
    OpSpec(
        "strided_slice", "STRIDED_SLICE",
        (slot("input", _SLICED + " i16"), slot("begin", "i32", 1), slot("end", "i32", 1), slot("strides", "i32", 1)),
        (slot("output", _SLICED + " i16"),),
        (
            Attribute("begin_mask", "i32", default=0),
            Attribute("end_mask", "i32", default=0),
            Attribute("ellipsis_mask", "i32", default=0),
            Attribute("new_axis_mask", "i32", default=0),
            Attribute("shrink_axis_mask", "i32", default=0),
            Attribute("offset", "bool", default=False),
        ),
        "StridedSliceOptions", version=versions.strided_slice,
    ),
    OpSpec(
        "pad", "PAD", (slot("input", _PADDED, (0, 5)), slot("padding", "i32 i64", 2)), (slot("output", _PADDED),),
        options="PadOptions", version=versions.pad, shapes=shapes.pad,
    ),
    OpSpec(
        "padv2", "PADV2",
        (slot("input", _PADDED, (0, 5)), slot("padding", "i32 i64", 2), slot("constant_values", _PADDED, (0, 1))),
        (slot("output", _PADDED),), options="PadV2Options", version=versions.pad, shapes=shapes.pad,
    ),
    OpSpec(
        "mirror_pad", "MIRROR_PAD",
        (slot("input", "f32 i32 i64 i8 ui8 qi8 qui8 qi16"), slot("pad", "i32 i64", 2)),
        (slot("output", "f32 i32 i64 i8 ui8 qi8 qui8 qi16"),),
        (Attribute("mode", "keyword", cases=("REFLECT", "SYMMETRIC"), mnemonic="mirror_pad_attr"),),
        "MirrorPadOptions", version=versions.INT8_INT16, shapes=shapes.pad,
    ),
    OpSpec(
        "concatenation", "CONCATENATION", (slot("values*", _JOINED),), (slot("output", _JOINED),),
        (Attribute("axis", "i32"), ACTIVATION), "ConcatenationOptions",
        version=by_type({"f8": 7, "f16": 6, "i4": 5, "ui32": 4, "i16": 3, "i8": 2}), shapes=shapes.concatenation,
    ),
    OpSpec(
        "split", "SPLIT", (slot("split_dim", "i32", (0, 1)), slot("value", _SPLIT)), (slot("outputs*", _SPLIT),),
        (Attribute("num_splits", "i32", Default.RESULT_COUNT),), "SplitOptions",
        version=by_type({"f8": 5, "i16": 4, "i32": 3, "i8": 2}, operand=1), shapes=shapes.split,
    ),
    OpSpec(
        "split_v", "SPLIT_V",
        (slot("value", _SPLIT), slot("size_splits", "i32", 1), slot("split_dim", "i32", (0, 1))),
        (slot("outputs*", _SPLIT),), (Attribute("num_splits", "i32", Default.RESULT_COUNT),), "SplitVOptions",
        version=by_type({"f8": 3, "i8": 2}),
    ),
    OpSpec(
        "pack", "PACK", (slot("values*", _PACKED),), (slot("output", _PACKED),),
        (Attribute("values_count", "i32", Default.OPERAND_COUNT), Attribute("axis", "i32", default=0)), "PackOptions",
        version=by_type({"f8": 5, "i8": 2, "i16": 3, "ui32": 4}), shapes=shapes.pack,
    ),
    OpSpec(
        "unpack", "UNPACK", (slot("input", _PACKED),), (slot("outputs*", _PACKED),),
        (Attribute("num", "i32", Default.RESULT_COUNT), Attribute("axis", "i32", default=0)), "UnpackOptions",
        version=by_type({"f8": 6, "i8": 2, "ui8": 2, "i1": 3, "i16": 4, "f16": 5, "bf16": 5}), shapes=shapes.unpack,
    ),
    OpSpec(
        "expand_dims", "EXPAND_DIMS", (slot("input"), slot("dim", "i32 i64", (0, 1))), (slot("output"),),
        options="ExpandDimsOptions", shapes=shapes.expand_dims,
    ),
    OpSpec(
        "squeeze", "SQUEEZE", (slot("input"),), (slot("output"),), (Attribute("squeeze_dims", "i64s", default=()),),
        "SqueezeOptions", shapes=shapes.squeeze,
    ),
    OpSpec(
        "tile", "TILE",
        (slot("input", "f32 i1 i8 i32 i64 ui8 qi8 qui8 !tf_type.string"), slot("multiples", "i32 i64", 1)),
        (slot("output", "f32 i1 i8 i32 i64 ui8 qi8 qui8 !tf_type.string"),), options="TileOptions",
        version=by_type({"i8": 3, "!tf_type.string": 2}), shapes=shapes.tile,
    ),
    OpSpec(
        "broadcast_to", "BROADCAST_TO",
        (slot("input", "f32 f16 i32 i1 i4 i8 ui8 ui32 i16 i64 qi8 qui8 qi16 f8E4M3FN f8E5M2", (0, 8)),
         slot("shape", "i32 i64", 1)),
        (slot("output", "f32 f16 i32 i1 i4 i8 ui8 ui32 i16 i64 qi8 qui8 qi16 f8E4M3FN f8E5M2"),),
        options="BroadcastToOptions", version=by_type({"f8": 4, "i8": 3, "i16": 3}, otherwise=2),
        shapes=shapes.from_operand(1),
    ),
    OpSpec(
        "broadcast_args", "BROADCAST_ARGS", (slot("s0", "i32 i64", 1), slot("s1", "i32 i64", 1)),
        (slot("r0", "i32 i64", 1),),
    ),
    OpSpec(
        "shape", "SHAPE", (slot("input"),), (slot("output", "i32 i64", 1),),
        options="ShapeOptions", derived=(Derived("out_type", result=0),), shapes=shapes.shape,
    ),
    OpSpec("rank", "RANK", (slot("input"),), (slot("output", "i32 i64", 0),), options="RankOptions"),
    OpSpec(
        "range", "RANGE", tuple(slot(name, "i32 f32 i64", 0) for name in ("start", "limit", "delta")),
        (slot("result", "i32 f32 i64", 1),), options="RangeOptions", version=by_type({"i64": 2}),
    ),
    OpSpec(
        "fill", "FILL",
        (slot("dims", "i32 i64", 1), slot("input", "f32 f16 f8E4M3FN f8E5M2 i32 i64 i1 qi8 qi16 !tf_type.string", 0)),
        (slot("result", "f32 f16 f8E4M3FN f8E5M2 i32 i64 i1 qi8 qi16 !tf_type.string"),), options="FillOptions",
        version=by_type({"f8": 5, "f16": 4, "i8": 3, "i16": 3, "i1": 2, "!tf_type.string": 2}, operand=1),
        shapes=shapes.from_operand(0),
    ),
    OpSpec(
        "zeros_like", "ZEROS_LIKE", (slot("input", "i64 i32 f32"),), (slot("output", "i64 i32 f32"),),
        options="ZerosLikeOptions", shapes=shapes.same,
    ),
    OpSpec(
        "reverse_v2", "REVERSE_V2",
        (slot("input", "f32 f8E4M3FN f8E5M2 i8 ui8 i16 i32 i64 qi16 qui8 qi8 i1"), slot("axis", "i32", 1)),
        (slot("output", "f32 f8E4M3FN f8E5M2 i8 ui8 i16 i32 i64 qi16 qui8 qi8 i1"),), options="ReverseV2Options",
        version=by_type({"f8": 4, "i8": 3, "i1": 2}), shapes=shapes.same,
    ),
    OpSpec(
        "reverse_sequence", "REVERSE_SEQUENCE",
        (slot("input", "f32 i32 i64 qi16 qui8"), slot("seq_lengths", "i32 i64", 1)),
        (slot("output", "f32 i32 i64 qi16 qui8"),),
        (Attribute("seq_dim", "i32"), Attribute("batch_dim", "i32", default=0)), "ReverseSequenceOptions",
        shapes=shapes.same,
    ),
    OpSpec(
        "depth_to_space", "DEPTH_TO_SPACE", (slot("input", _BLOCKS, 4),), (slot("output", _BLOCKS, 4),),
        (Attribute("block_size", "i32"),), "DepthToSpaceOptions", version=versions.INT8,
    ),
    OpSpec(
        "space_to_depth", "SPACE_TO_DEPTH", (slot("input", _BLOCKS, 4),), (slot("output", _BLOCKS, 4),),
        (Attribute("block_size", "i32"),), "SpaceToDepthOptions", version=versions.INT8,
    ),
    OpSpec(
        "batch_to_space_nd", "BATCH_TO_SPACE_ND",
        (slot("input", _BATCHED, (3, 4)), slot("block_shape", "i32", 1), slot("indices", "i32", 2)),
        (slot("output", _BATCHED),), options="BatchToSpaceNDOptions", version=versions.block_and_batch,
    ),
    OpSpec(
        "space_to_batch_nd", "SPACE_TO_BATCH_ND",
        (slot("input", _BATCHED, (3, 4)), slot("block_shape", "i32", 1), slot("paddings", "i32", 2)),
        (slot("output", _BATCHED),), options="SpaceToBatchNDOptions", version=versions.block_and_batch,
    ),
    OpSpec("bitcast", "BITCAST", (slot("input"),), (slot("output"),), options="BitcastOptions"),
    OpSpec(
        "dilate", "DILATE",
        (slot("input", "i8 i16 i32 i64 ui8 ui16 ui32 ui64 f32 f64"), slot("dilations", "i32", 1),
         slot("padding_value", "i8 i16 i32 i64 ui8 ui16 ui32 ui64 f32 f64", 0)),
        (slot("output", "i8 i16 i32 i64 ui8 ui16 ui32 ui64 f32 f64"),), options="DilateOptions",
    ),
    OpSpec(
        "matrix_diag", "MATRIX_DIAG", (slot("diagonal", "f32 i8 i16 i32 i64 ui8 qui8 qi8"),),
        (slot("output", "f32 i8 i16 i32 i64 ui8 qui8 qi8"),), options="MatrixDiagOptions",
    ),
    OpSpec(
        "matrix_set_diag", "MATRIX_SET_DIAG",
        (slot("input", "f32 i8 i16 i32 i64 ui8 qui8 qi8 qi16"),
         slot("diagonal", "f32 i8 i16 i32 i64 ui8 qui8 qi8 qi16")),
        (slot("result", "f32 i8 i16 i32 i64 ui8 qui8 qi8 qi16"),), options="MatrixSetDiagOptions", shapes=shapes.same,
    ),
)  # fmt: skip
