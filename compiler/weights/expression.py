"""Transforms of weights that are still to be made, as immutable trees.

A pass that folds a transpose into a weight does not touch bytes: it builds `Transpose(Leaf(...))`.
Equality is structural and `str` is canonical, so the printed form serves as the weight's symbol:
two signatures that fold the same transform arrive at the same symbol and share one buffer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np

from ..diagnostics import UserError
from ..quantize import tensors
from ..quantize.specs import QuantSpec

Array = np.ndarray[Any, np.dtype[Any]]
BinaryOp = Literal["add", "subtract", "multiply", "divide"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor of the store, by name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Transpose:
    """Result dimension i is dimension permutation[i] of the operand."""

    operand: Expression
    permutation: tuple[int, ...]

    def __str__(self) -> str:
        return f"transpose({self.operand}, {list(self.permutation)})"


@dataclass(frozen=True, slots=True)
class Reshape:
    """The elements in row-major order under another shape."""

    operand: Expression
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"reshape({self.operand}, {list(self.shape)})"


@dataclass(frozen=True, slots=True)
class Slice:
    """operand[start:limit] in every dimension."""

    operand: Expression
    start: tuple[int, ...]
    limit: tuple[int, ...]

    def __str__(self) -> str:
        return f"slice({self.operand}, {list(self.start)}, {list(self.limit)})"


@dataclass(frozen=True, slots=True)
class Concatenate:
    """The operands one after another along `axis`."""

    operands: tuple[Expression, ...]
    axis: int

    def __str__(self) -> str:
        return f"concatenate({', '.join(map(str, self.operands))}, axis={self.axis})"


@dataclass(frozen=True, slots=True)
class Cast:
    """The operand as another element type; `dtype` is NumPy's name for it."""

    operand: Expression
    dtype: str

    def __str__(self) -> str:
        return f"cast({self.operand}, {self.dtype})"


@dataclass(frozen=True, slots=True)
class Binary:
    """Elementwise arithmetic of two operands, broadcast as NumPy does."""

    op: BinaryOp
    lhs: Expression
    rhs: Expression

    def __str__(self) -> str:
        return f"{self.op}({self.lhs}, {self.rhs})"


@dataclass(frozen=True, slots=True)
class Quantize:
    """The integers of the operand.

    Attributes:
        operand: floats.
        spec: how they are chosen.
        axis: the dimension whose indices have scales of their own; None if there is one for all.
        moments: the leaf that holds the second moments of what meets the columns of the operand,
            [columns, columns], for algorithms that look at them; else empty.
    """

    operand: Expression
    spec: QuantSpec
    axis: int | None = None
    moments: str = ""

    def __str__(self) -> str:
        where = "" if self.axis is None else f", axis={self.axis}"
        moments = f", moments={self.moments}" if self.moments else ""
        return f"quantize({self.operand}, {self.spec}{where}{moments})"


@dataclass(frozen=True, slots=True)
class Scales:
    """The scales that go with the integers of a quantised weight.

    float32, one for the tensor or one per index of the axis; float16 [indices, blocks] for blocks.
    """

    quantized: Quantize

    def __str__(self) -> str:
        return f"scales({self.quantized})"


@dataclass(frozen=True, slots=True)
class BiasIntegers:
    """The integers of a bias that is added to products of integers: round(operand / scales).

    Attributes:
        operand: floats, one per channel.
        scales: symbol of the scales of the products, one or one per channel.
        dtype: `int32`, or `int64` where activations have 16 bits.
    """

    operand: Expression
    scales: str
    dtype: Literal["int32", "int64"]

    def __str__(self) -> str:
        return f"bias({self.operand}, {self.scales}, {self.dtype})"


Expression = (
    Leaf
    | Transpose
    | Reshape
    | Slice
    | Concatenate
    | Cast
    | Binary
    | Quantize
    | Scales
    | BiasIntegers
)


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and NumPy dtype of a weight."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Size in bytes once materialised, a whole byte per element at least."""
        count = 1
        for size in self.shape:
            count *= size
        return count * self.dtype.itemsize


@runtime_checkable
class RowReader(Protocol):
    """Yields the leaves, as any reader does, and parts of those that can be read in parts."""

    def __call__(self, name: str) -> Array:
        """A leaf."""
        ...

    def rows(self, name: str) -> tuple[tensors.Rows, tuple[int, ...]] | None:
        """Parts of a leaf along its first dimension, and its shape; None if it is read whole or not at all."""
        ...


def infer(expression: Expression, leaf: Callable[[str], TensorType]) -> TensorType:
    """The type that `evaluate` will yield, without reading any tensor."""
    match expression:
        case Leaf(name):
            return leaf(name)
        case Transpose(operand, permutation):
            inner = infer(operand, leaf)
            return TensorType(tuple(inner.shape[i] for i in permutation), inner.dtype)
        case Reshape(operand, shape):
            return TensorType(shape, infer(operand, leaf).dtype)
        case Slice(operand, start, limit):
            shape = tuple(e - s for s, e in zip(start, limit, strict=True))
            return TensorType(shape, infer(operand, leaf).dtype)
        case Concatenate(operands, axis):
            inner = [infer(operand, leaf) for operand in operands]
            shape = list(inner[0].shape)
            shape[axis] = sum(each.shape[axis] for each in inner)
            return TensorType(tuple(shape), inner[0].dtype)
        case Cast(operand, dtype):
            return TensorType(infer(operand, leaf).shape, np.dtype(dtype))
        case Binary(_, lhs, rhs):
            left, right = infer(lhs, leaf), infer(rhs, leaf)
            return TensorType(np.broadcast_shapes(left.shape, right.shape), left.dtype)
        case Quantize(operand, spec):
            return TensorType(infer(operand, leaf).shape, tensors.integer_dtype(spec))
        case Scales(Quantize(operand, spec, axis)):
            shape = tensors.scales_shape(spec, infer(operand, leaf).shape, axis)
            blocks = spec.granularity == "block"
            return TensorType(shape, np.dtype(np.float16 if blocks else np.float32))
        case BiasIntegers(operand, _, dtype):
            return TensorType(infer(operand, leaf).shape, np.dtype(dtype))


def evaluate(expression: Expression, read: Callable[[str], Array]) -> Array:
    """Materialises an expression; `read` yields the leaves. The result may be a view of a leaf."""
    match expression:
        case Leaf(name):
            return read(name)
        case Transpose(operand, permutation):
            return evaluate(operand, read).transpose(permutation)
        case Reshape(operand, shape):
            return evaluate(operand, read).reshape(shape)
        case Slice(operand, start, limit):
            return evaluate(operand, read)[tuple(map(slice, start, limit))]
        case Concatenate(operands, axis):
            return np.concatenate([evaluate(operand, read) for operand in operands], axis)
        case Cast(operand, dtype):
            return _cast(evaluate(operand, read), dtype, operand)
        case Binary(op, lhs, rhs):
            left = evaluate(lhs, read)
            function: np.ufunc = getattr(np, op)
            return function(left, evaluate(rhs, read)).astype(left.dtype, copy=False)
        case Quantize():
            return quantized(expression, read).integers
        case Scales(inner):
            return quantized(inner, read).scales
        case BiasIntegers(operand, scales, dtype):
            return _bias_integers(evaluate(operand, read), read(scales), dtype)


def quantized(expression: Quantize, read: Callable[[str], Array]) -> tensors.Quantized:
    """Integers and scales together: each costs as much as both.

    Raises:
        UserError: the operand holds NaN or infinity; its name is told.
    """
    rows, shape = rows_of(expression.operand, read)
    moments = read(expression.moments) if expression.moments else None
    try:
        return tensors.quantize(rows, shape, expression.spec, expression.axis, moments)
    except tensors.NotFiniteError as error:
        raise UserError(
            f"weight {_first_not_finite(expression, read)} holds {error} and cannot be quantised; "
            "was it trained or converted to 16 bits with an overflow?"
        ) from error


def _first_not_finite(expression: Expression, read: Callable[[str], Array]) -> str:
    """Of the tensors that a weight is made of, the first that holds NaN or infinity; else the first."""
    names = list(dict.fromkeys(leaves(expression)))
    return next((name for name in names if not np.isfinite(read(name)).all()), names[0])


def rows_of(
    expression: Expression, read: Callable[[str], Array]
) -> tuple[tensors.Rows, tuple[int, ...]]:
    """Parts of an expression along its first dimension, and its shape.

    What would only widen the tensor, a cast or a factor, is left until a part is wanted; a leaf of a file is
    read in parts, by whoever wants them.
    """
    if isinstance(expression, Leaf) and isinstance(read, RowReader):
        found = read.rows(expression.name)
        if found is not None:
            return found
    if isinstance(expression, Concatenate) and expression.axis == 0:
        return _joined([rows_of(operand, read) for operand in expression.operands])
    if isinstance(expression, Slice) and not any(expression.start[1:]):
        inner, shape = rows_of(expression.operand, read)
        first, limit = expression.start[0], expression.limit
        if limit[1:] == shape[1:]:
            return lambda start, stop: inner(first + start, first + stop), (
                limit[0] - first,
                *shape[1:],
            )
    if isinstance(expression, Cast):
        inner, shape = rows_of(expression.operand, read)
        dtype, name = expression.dtype, expression.operand
        return lambda start, stop: _cast(inner(start, stop), dtype, name), shape
    if isinstance(expression, Binary):
        left, shape = rows_of(expression.lhs, read)
        right = evaluate(expression.rhs, read)
        result = np.broadcast_shapes(shape, right.shape)
        if result == shape:
            function: np.ufunc = getattr(np, expression.op)
            factor = _by_row(right, shape)
            return lambda start, stop: _apply(
                function, left(start, stop), factor(start, stop)
            ), shape
    whole = evaluate(expression, read)
    return lambda start, stop: whole[start:stop], whole.shape


def _joined(
    parts: Sequence[tuple[tensors.Rows, tuple[int, ...]]],
) -> tuple[tensors.Rows, tuple[int, ...]]:
    """Parts of tensors that lie one after another."""
    ends = list(itertools.accumulate(shape[0] for _, shape in parts))

    def rows(start: int, stop: int) -> Array:
        found: list[Array] = []
        for (inner, shape), end in zip(parts, ends, strict=True):
            first = end - shape[0]
            low, high = max(start, first), min(stop, end)
            if low < high:
                found.append(inner(low - first, high - first))
        return found[0] if len(found) == 1 else np.concatenate(found, 0)

    return rows, (ends[-1], *parts[0][1][1:])


def _by_row(array: Array, shape: tuple[int, ...]) -> tensors.Rows:
    """Parts of what is broadcast to `shape`."""
    if array.ndim == len(shape) and array.shape[0] == shape[0]:
        return lambda start, stop: array[start:stop]
    return lambda _start, _stop: array


def _apply(function: np.ufunc, left: Array, right: Array) -> Array:
    return function(left, right).astype(left.dtype, copy=False)


def _cast(array: Array, dtype: str, operand: Expression) -> Array:
    """The array as another type.

    Raises:
        UserError: a number is too large for 16 bits, or none; the weight's name is told.
    """
    if dtype != "float16" or array.dtype == np.float16:
        return array.astype(dtype, copy=False)
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float16)
    if not np.isfinite(narrow).all():
        finite = np.isfinite(array.astype(np.float32)).all()
        found = "numbers beyond 65504, which float16 cannot hold" if finite else "NaN or infinity"
        raise UserError(f"weight {leaves(operand)[0]} holds {found}")
    return narrow


def _bias_integers(bias: Array, scales: Array, dtype: str) -> Array:
    """A bias in steps of `scales`; what is too large for the type becomes its largest number."""
    steps = np.rint(bias.astype(np.float64) / scales.astype(np.float64))
    # Of 64 bits, floats hold the largest number rounded up: one step less is safe and far beyond any bias.
    limit = float(2**31 - 1) if dtype == "int32" else float(2**62)
    return np.clip(steps, -limit, limit).astype(dtype)


def leaves(expression: Expression) -> tuple[str, ...]:
    """Names of the tensors that an expression reads, in order, with repetition."""
    match expression:
        case Leaf(name):
            return (name,)
        case Concatenate(operands, _):
            return tuple(name for operand in operands for name in leaves(operand))
        case Binary(_, lhs, rhs):
            return leaves(lhs) + leaves(rhs)
        case Transpose(operand) | Reshape(operand) | Slice(operand) | Cast(operand):
            return leaves(operand)
        case Quantize(operand) | Scales(Quantize(operand)) | BiasIntegers(operand):
            return leaves(operand)
