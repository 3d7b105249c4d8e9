"""StableHLO ops on NumPy arrays, as far as NumPy computes what the op means.

Starting XLA and compiling costs tenths of a second, most constants need an addition and a reshape.
Arithmetic is that of the element type, rounded once; functions such as `tanh` are computed in double
precision and then rounded, which is at least as close as any runtime comes. Ops and cases that are
not here have no value here: `evaluate` says None, and XLA is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from litewright.compiler.ir import hlo
from litewright.compiler.ir.mlir import Array, ir, op_name, stablehlo
from litewright.compiler.ir.program import Program, body_of
from litewright.compiler.ir.types import array_of, dtype_of, shape_of

Evaluate = Callable[[ir.OpView, Sequence[Array]], Array | None]
Function = Callable[..., Any]


def evaluate(program: Program, op: ir.OpView, operands: Sequence[Array]) -> list[Array] | None:
    """The results of an op whose operands are known, or None where NumPy does not say."""
    if op_name(op) == "stablehlo.composite":
        name = ir.FlatSymbolRefAttr(op.attributes["decomposition"]).value
        return _call(program, name, operands)
    function = _EVALUATE.get(op_name(op))
    if function is None:
        return None
    with np.errstate(all="ignore"):
        array = function(op, operands)
    return None if array is None else [array]


def _call(program: Program, name: str, arguments: Sequence[Array]) -> list[Array] | None:
    block = body_of(program.function(name))
    known: dict[ir.Value, Array] = dict(zip(block.arguments, arguments, strict=True))
    for op in block.operations:
        operands = [known[operand] for operand in op.operands]
        if op_name(op) == "func.return":
            return operands
        results = evaluate(program, op, operands)
        if results is None:
            return None
        known.update(zip(op.results, results, strict=True))
    return None


# ---- elementwise ---------------------------------------------------------------------------------


def _exact(function: Function) -> Evaluate:
    """NumPy's function on the element type itself."""
    return lambda op, operands: np.asarray(function(*operands))


def _rounded(function: Function) -> Evaluate:
    """NumPy's function in double precision, rounded to the element type; for floats alone."""

    def apply(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
        dtype = dtype_of(op.results[0])
        if not _is_float(dtype):
            return None
        wide = [operand.astype(np.float64) for operand in operands]
        return np.asarray(function(*wide)).astype(dtype)

    return apply


def _is_float(dtype: np.dtype[np.generic]) -> bool:
    """Also bfloat16 and its like, whose kind is V."""
    return dtype.kind in "fV" and "int" not in dtype.name


def _divide(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    x, y = operands
    if _is_float(x.dtype):
        return np.asarray(x / y)
    if (y == 0).any() or x.dtype.kind not in "iu":
        return None
    # Towards zero, unlike NumPy's.
    quotient = np.abs(x) // np.abs(y)
    return np.asarray(np.where((x < 0) == (y < 0), quotient, -quotient)).astype(x.dtype)


def _remainder(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    x, y = operands
    if x.dtype.kind not in "iuf" or (x.dtype.kind in "iu" and (y == 0).any()):
        return None
    return np.asarray(np.fmod(x, y))


def _clamp(low: Array, x: Array, high: Array) -> Array:
    return np.minimum(np.maximum(low, x), high)


def _logistic(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _rsqrt(x: Array) -> Array:
    return 1 / np.sqrt(x)


_COMPARISONS: dict[str, Callable[..., Array]] = {
    "EQ": np.equal, "NE": np.not_equal, "GE": np.greater_equal, "GT": np.greater,
    "LE": np.less_equal, "LT": np.less,
}  # fmt: skip


def _compare(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    if "TOTALORDER" in str(op.attributes.get("compare_type", "")):
        return None
    direction = stablehlo.ComparisonDirectionAttr(op.attributes["comparison_direction"])
    return np.asarray(_COMPARISONS[direction.value](*operands))


def _convert(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    (x,) = operands
    dtype = dtype_of(op.results[0])
    if _is_float(x.dtype) and dtype.kind in "iu":
        limits, wide = np.iinfo(dtype.name), x.astype(np.float64)
        # What does not fit has no defined value.
        if not ((wide > float(limits.min) - 1) & (wide < float(limits.max))).all():
            return None
    return x != 0 if dtype.kind == "b" else x.astype(dtype)


# ---- shape ---------------------------------------------------------------------------------------


def _iota(op: ir.OpView, operands: Sequence[Array]) -> Array:
    shape, axis = shape_of(op.results[0]), ir.IntegerAttr(op.attributes["iota_dimension"]).value
    counts = np.arange(shape[axis]).astype(dtype_of(op.results[0]))
    return np.broadcast_to(
        counts.reshape([-1 if i == axis else 1 for i in range(len(shape))]), shape
    )


def _broadcast(op: ir.OpView, operands: Sequence[Array]) -> Array:
    shape, dimensions = shape_of(op.results[0]), hlo.ints(op, "broadcast_dimensions")
    ascending = sorted(range(len(dimensions)), key=dimensions.__getitem__)
    sizes = [1] * len(shape)
    for number, axis in enumerate(dimensions):
        sizes[axis] = operands[0].shape[number]
    return np.broadcast_to(operands[0].transpose(ascending).reshape(sizes), shape)


def _slice(op: ir.OpView, operands: Sequence[Array]) -> Array:
    bounds = [hlo.ints(op, name) for name in ("start_indices", "limit_indices", "strides")]
    return operands[0][tuple(map(slice, *bounds))]


def _concatenate(op: ir.OpView, operands: Sequence[Array]) -> Array:
    return np.concatenate(operands, ir.IntegerAttr(op.attributes["dimension"]).value)


def _pad(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    low, high = hlo.ints(op, "edge_padding_low"), hlo.ints(op, "edge_padding_high")
    if any(hlo.ints(op, "interior_padding")) or min((*low, *high), default=0) < 0:
        return None
    padded = np.full(shape_of(op.results[0]), operands[1])
    inside = tuple(slice(a, a + n) for a, n in zip(low, operands[0].shape, strict=True))
    padded[inside] = operands[0]
    return padded


def _reverse(op: ir.OpView, operands: Sequence[Array]) -> Array:
    return np.flip(operands[0], tuple(hlo.ints(op, "dimensions")))


_FOLDS: dict[str, np.ufunc] = {
    "stablehlo.add": np.add, "stablehlo.multiply": np.multiply, "stablehlo.maximum": np.maximum,
    "stablehlo.minimum": np.minimum, "stablehlo.and": np.logical_and, "stablehlo.or": np.logical_or,
}  # fmt: skip


def _reduce(op: ir.OpView, operands: Sequence[Array]) -> Array | None:
    kind = hlo.reduction_kind(op)
    fold = _FOLDS.get(kind or "")
    if fold is None or len(operands) != 2:
        return None
    x, initial = operands
    if kind in {"stablehlo.and", "stablehlo.or"} and x.dtype.kind != "b":
        return None
    wide = x.astype(np.float64) if _is_float(x.dtype) else x
    total = fold.reduce(wide, axis=tuple(hlo.ints(op, "dimensions")), dtype=wide.dtype)
    return np.asarray(fold(total, initial.astype(wide.dtype))).astype(x.dtype)


_EVALUATE: dict[str, Evaluate] = {
    "stablehlo.constant": lambda op, operands: array_of(op.attributes["value"]),
    "stablehlo.abs": _exact(np.abs),
    "stablehlo.add": _exact(np.add),
    "stablehlo.and": _exact(np.bitwise_and),
    "stablehlo.ceil": _exact(np.ceil),
    "stablehlo.clamp": _exact(_clamp),
    "stablehlo.compare": _compare,
    "stablehlo.convert": _convert,
    "stablehlo.cosine": _rounded(np.cos),
    "stablehlo.divide": _divide,
    "stablehlo.exponential": _rounded(np.exp),
    "stablehlo.exponential_minus_one": _rounded(np.expm1),
    "stablehlo.floor": _exact(np.floor),
    "stablehlo.is_finite": _exact(np.isfinite),
    "stablehlo.log": _rounded(np.log),
    "stablehlo.log_plus_one": _rounded(np.log1p),
    "stablehlo.logistic": _rounded(_logistic),
    "stablehlo.maximum": _exact(np.maximum),
    "stablehlo.minimum": _exact(np.minimum),
    "stablehlo.multiply": _exact(np.multiply),
    "stablehlo.negate": _exact(np.negative),
    "stablehlo.not": _exact(np.invert),
    "stablehlo.or": _exact(np.bitwise_or),
    "stablehlo.power": _rounded(np.power),
    "stablehlo.remainder": _remainder,
    "stablehlo.round_nearest_even": _exact(np.rint),
    "stablehlo.rsqrt": _rounded(_rsqrt),
    "stablehlo.select": _exact(np.where),
    "stablehlo.sign": _exact(np.sign),
    "stablehlo.sine": _rounded(np.sin),
    "stablehlo.sqrt": _rounded(np.sqrt),
    "stablehlo.subtract": _exact(np.subtract),
    "stablehlo.tanh": _rounded(np.tanh),
    "stablehlo.xor": _exact(np.bitwise_xor),
    "stablehlo.broadcast_in_dim": _broadcast,
    "stablehlo.concatenate": _concatenate,
    "stablehlo.iota": _iota,
    "stablehlo.pad": _pad,
    "stablehlo.reduce": _reduce,
    "stablehlo.reshape": lambda op, operands: operands[0].reshape(shape_of(op.results[0])),
    "stablehlo.reverse": _reverse,
    "stablehlo.slice": _slice,
    "stablehlo.transpose": lambda op, operands: operands[0].transpose(hlo.ints(op, "permutation")),
}
