"""tfl ops that many rules build or look for: RESHAPE, TRANSPOSE, elementwise ops, integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..hlo import producer
from ..mlir import ir, op_name
from ..types import element_of, shape_of, tensor_type
from .build import emit
from .constants import constant, constant_of, splat


def defined_by(value: ir.Value, name: str) -> ir.OpView | None:
    """The op that defines a value, if it is `tfl.<name>`."""
    op = producer(value)
    return op if op is not None and op_name(op) == f"tfl.{name}" else None


def integers(value: ir.Value) -> list[int] | None:
    """The numbers of a constant integer operand, such as a permutation."""
    array = constant_of(value)
    return None if array is None else [int(number) for number in array.reshape(-1)]


def constant_integers(numbers: Sequence[int]) -> ir.Value:
    """A 1-D i32 constant."""
    return constant(np.array(numbers, np.int32))


def reshape(x: ir.Value, shape: Sequence[int]) -> ir.Value:
    """RESHAPE; x itself where nothing changes."""
    if shape_of(x) == tuple(shape):
        return x
    result = tensor_type(shape, element_of(x))
    return emit("reshape", [x, constant_integers(shape)], result)


def transpose(x: ir.Value, permutation: Sequence[int]) -> ir.Value:
    """TRANSPOSE; x itself for the identity."""
    if list(permutation) == list(range(len(permutation))):
        return x
    shape = shape_of(x)
    result = tensor_type([shape[i] for i in permutation], element_of(x))
    return emit("transpose", [x, constant_integers(permutation)], result)


def permutation_of(op: ir.OpView) -> list[int] | None:
    """The permutation of a TRANSPOSE, if it is constant."""
    return integers(op.operands[1])


def binary(name: str, x: ir.Value, y: ir.Value) -> ir.Value:
    """An elementwise op of two operands, broadcast as NumPy does."""
    shape = np.broadcast_shapes(shape_of(x), shape_of(y))
    return emit(name, [x, y], tensor_type(shape, element_of(x)))


def unary(name: str, x: ir.Value) -> ir.Value:
    """An elementwise op of one operand."""
    return emit(name, [x], x.type)


def scalar(number: float, like: ir.Value) -> ir.Value:
    """A constant of rank 0 with the element type of `like`."""
    return splat(number, (), element_of(like))


def mean(x: ir.Value, axes: Sequence[int]) -> ir.Value:
    """MEAN over axes that stay as size 1."""
    shape = [1 if i in set(axes) else n for i, n in enumerate(shape_of(x))]
    result = tensor_type(shape, element_of(x))
    return emit("mean", [x, constant_integers(axes)], result, keep_dims=True)


def slice_of(x: ir.Value, begin: Sequence[int], size: Sequence[int]) -> ir.Value:
    """SLICE; x itself where nothing is cut off."""
    if shape_of(x) == tuple(size):
        return x
    bounds = [constant_integers(begin), constant_integers(size)]
    return emit("slice", [x, *bounds], tensor_type(size, element_of(x)))


def cast(x: ir.Value, element: ir.Type) -> ir.Value:
    """CAST; x itself where it has the element type."""
    return x if element_of(x) == element else emit("cast", [x], tensor_type(shape_of(x), element))
