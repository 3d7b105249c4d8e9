"""Comparisons, logic, and selection by a condition."""

from __future__ import annotations

from . import shapes, versions
from .spec import OpSpec, slot, version_1
from .versions import VersionRule, by_type


def _compare(
    name: str,
    types: str,
    options: str,
    *,
    version: VersionRule = versions.INT8,
    commutative: bool = False,
) -> OpSpec:
    return OpSpec(
        name,
        name.upper(),
        operands=(slot("lhs", types), slot("rhs", types)),
        results=(slot("output", "i1"),),
        options=options,
        version=version,
        commutative=commutative,
        shapes=shapes.broadcast,
    )


def _logic(name: str, options: str) -> OpSpec:
    return _compare(name, "i1", options, version=version_1, commutative=True)


_VALUES = "f32 f16 i1 i8 i16 i32 i64 ui32 qi8 qui8 qi16"

OPS = (
    _compare(
        "equal", "i1 f32 i16 i32 i64 ui8 qi8 qui8 qi16", "EqualOptions",
        version=by_type({"i8": 2, "i16": 5}), commutative=True,
    ),
    _compare(
        "not_equal", "i1 f32 i16 i32 i64 qi8 qui8 qi16", "NotEqualOptions",
        version=by_type({"i8": 2, "i16": 4}), commutative=True,
    ),
    _compare("less", "f32 i16 i32 i64 qi8 qui8", "LessOptions", version=versions.INT8_INT16),
    _compare("less_equal", "f32 i32 i64 qi8 qui8", "LessEqualOptions"),
    _compare("greater", "f32 i32 i64 qi8 qui8", "GreaterOptions"),
    _compare("greater_equal", "f32 i16 i32 i64 qi8 qui8", "GreaterEqualOptions", version=versions.INT8_INT16),
    _logic("logical_and", "LogicalAndOptions"),
    _logic("logical_or", "LogicalOrOptions"),
    OpSpec(
        "logical_not", "LOGICAL_NOT", (slot("lhs", "i1"),), (slot("output", "i1"),),
        options="LogicalNotOptions", shapes=shapes.same,
    ),
    OpSpec(
        "select", "SELECT", (slot("condition", "i1"), slot("x", _VALUES), slot("y", _VALUES)),
        (slot("output", _VALUES),), options="SelectOptions", version=versions.select,
    ),
    OpSpec(
        "select_v2", "SELECT_V2", (slot("condition", "i1"), slot("x", _VALUES), slot("y", _VALUES)),
        (slot("output", _VALUES),), options="SelectV2Options", version=by_type({"ui32": 2}, operand=1),
        shapes=shapes.broadcast,
    ),
    OpSpec(
        "where", "WHERE", (slot("condition", "i1 f32 i32 i64 i8 ui8 ui32"),), (slot("index", "i64", 2),),
        options="WhereOptions", version=versions.where,
    ),
)  # fmt: skip
