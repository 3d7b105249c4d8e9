"""Transforms of weights that are still to be made, as immutable trees.

A pass that folds a transpose into a weight does not touch bytes: it builds `Transpose(Leaf(...))`.
Equality is structural and `str` is canonical, so the printed form serves as the weight's symbol:
two signatures that fold the same transform arrive at the same symbol and share one buffer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

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


Expression = Leaf | Transpose | Reshape | Slice | Concatenate | Cast | Binary


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
            return evaluate(operand, read).astype(dtype, copy=False)
        case Binary(op, lhs, rhs):
            left = evaluate(lhs, read)
            function: np.ufunc = getattr(np, op)
            return function(left, evaluate(rhs, read)).astype(left.dtype, copy=False)


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
