"""Quantisation parameters: the schema's table, the quantised types of MLIR, and `litewright.quant`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.diagnostics import FormatError, InternalError
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.quantized_type import (
    QuantizedType,
    WeightQuantization,
    quantized_type_of,
)
from litewright.compiler.weights import WeightStore

from .packing import LaterFloats
from .schema import ELEMENT_CODES, Record

_INTEGERS = frozenset({"i2", "i4", "i8", "i16", "i32", "i64", "ui4", "ui8", "ui16", "ui32"})
BLOCK_SCALES = "f16"


def record_of_type(element: ir.Type) -> Record | None:
    """The quantisation of a value by its element type; None if it has none."""
    quantized = quantized_type_of(element)
    if quantized is None:
        return None
    return _record(quantized.scales, quantized.zero_points, quantized.axis or 0)


def record_of_weight(
    quantization: WeightQuantization, weights: WeightStore, later: LaterFloats | None = None
) -> Record:
    """The quantisation of a weight argument that is not in blocks.

    Reads its scales, unless these are filled in `later`.
    """
    if later is not None:
        return {
            "scale": later,
            "zero_point": [0] * later.length,
            "quantized_dimension": quantization.axis or 0,
        }
    scales = weights.read(quantization.scales).reshape(-1).astype(np.float32)
    zeros = np.zeros(scales.size, np.int64)
    if quantization.zero_points is not None:
        zeros = weights.read(quantization.zero_points).reshape(-1).astype(np.int64)
    return _record(scales.tolist(), zeros.tolist(), quantization.axis or 0)


def block_scales(quantization: WeightQuantization, weights: WeightStore) -> Array:
    """The scales of a weight in blocks, as the 16-bit floats that runtimes want.

    Raises:
        InternalError: a scale is no normal positive number of 16 bits, so that the integers would be
            taken for other numbers than they were made for.
    """
    wanted = weights.read(quantization.scales)
    scales = wanted.astype(np.float16)
    exact = np.array_equal(scales.astype(np.float64), wanted.astype(np.float64))
    normal = np.isfinite(scales) & (scales >= np.finfo(np.float16).smallest_normal)
    if not exact or not np.all(normal):
        raise InternalError(
            f"the scales {quantization.scales} of a weight in blocks must be exact in {BLOCK_SCALES}"
        )
    return scales


def type_from_record(
    record: Record | None, code: int, storage: str, shape: Sequence[int]
) -> QuantizedType | None:
    """The quantised element type of a tensor in a file; None if it is a plain one.

    Raises:
        FormatError: scales, zero points and shape do not fit each other.
    """
    scales = _scales(record)
    if record is None or not scales or storage not in _INTEGERS or code == ELEMENT_CODES["i1"]:
        return None
    zeros: list[int] = record["zero_point"] or [0] * len(scales)
    axis: int = record["quantized_dimension"]
    if len(zeros) != len(scales):
        raise FormatError(f"a tensor has {len(scales)} scales and {len(zeros)} zero points")
    if not all(map(np.isfinite, scales)):
        raise FormatError("a tensor has a scale that is no number")
    if len(scales) == 1:
        return QuantizedType(storage, tuple(scales), tuple(zeros))
    if not 0 <= axis < len(shape) or shape[axis] != len(scales):
        raise FormatError(
            f"a tensor of shape {list(shape)} has {len(scales)} scales along dimension {axis}"
        )
    return QuantizedType(storage, tuple(scales), tuple(zeros), axis)


def blocks_of(record: Record | None) -> Record | None:
    """The table that says how a tensor is quantised in blocks, if it is.

    Raises:
        FormatError: it is quantised in another way than by one scale, one axis or blocks.
    """
    details = record["details"] if record is not None else None
    if details is None:
        return None
    kind, blocks = details
    if kind != "BlockwiseQuantization" or blocks["block_shape"] or blocks["block_size"] <= 0:
        raise FormatError(f"a tensor is quantised in a way that is not supported ({kind})")
    return blocks


def _scales(record: Record | None) -> list[float]:
    return record["scale"] if record is not None else []


def _record(scales: Sequence[float], zero_points: Sequence[int], axis: int) -> Record:
    return {"scale": scales, "zero_point": zero_points, "quantized_dimension": axis}
