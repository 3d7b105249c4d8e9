"""The store of weights beside a module: names to lazy tensors, symbols to pending expressions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..diagnostics import InternalError
from ..quantize.tensors import Rows
from .errors import signal_to_noise
from .expression import Expression, Leaf, Quantize, Scales, TensorType, evaluate, infer, quantized

Array = np.ndarray[Any, np.dtype[Any]]


class TensorSource(Protocol):
    """A tensor that can be read when its bytes are wanted, and let go again."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its element type; bfloat16 and sub-byte integers are those of ml_dtypes."""
        ...

    def read(self) -> Array:
        """Its values. The caller drops the array soon; a source keeps no copy of its own."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ArraySource:
    """A tensor that is in memory already. Compared by identity, as all sources are."""

    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its element type."""
        return self.array.dtype

    def read(self) -> Array:
        """The array itself."""
        return self.array


@runtime_checkable
class RowSource(Protocol):
    """A tensor of a file, of which some rows can be read."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        ...

    def rows(self, start: int, stop: int) -> Array:
        """Rows `start` to `stop`, along the first dimension; several threads may ask at a time."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    """Reads leaves for expressions; see `expression.RowReader`."""

    read: Callable[[str], Array]
    sources: Mapping[str, TensorSource]

    def __call__(self, name: str) -> Array:
        return self.read(name)

    def rows(self, name: str) -> tuple[Rows, tuple[int, ...]] | None:
        source = self.sources.get(name)
        if isinstance(source, RowSource) and source.shape:
            return source.rows, source.shape
        return None


class WeightStore:
    """Maps leaf names to sources and symbols to expressions over them.

    A symbol is the canonical text of its expression; a leaf's symbol is its name.
    """

    def __init__(self) -> None:
        self._sources: dict[str, TensorSource] = {}
        self._expressions: dict[str, Expression] = {}
        # Scales that came to light with integers, until somebody asks for them.
        self._scales: dict[Scales, Array] = {}

    def add(self, name: str, source: TensorSource) -> str:
        """Adds a leaf and returns its symbol, which is its name.

        Raises:
            InternalError: the name stands for another source already.
        """
        if self._sources.setdefault(name, source) is not source:
            raise InternalError(f"two tensors are named {name!r}")
        self._expressions[name] = Leaf(name)
        return name

    def literal(self, array: Array) -> Expression:
        """An expression that yields `array`; equal arrays give equal expressions."""
        kept = np.ascontiguousarray(array)
        facts = f"{kept.dtype}{kept.shape}".encode()
        name = f"literal:{hashlib.sha256(facts + kept.tobytes()).hexdigest()[:16]}"
        if name not in self._sources:
            self.add(name, ArraySource(kept))
        return Leaf(name)

    def constant(self, name: str, array: Array) -> Expression:
        """An expression that yields `array`, under `name` unless that stands for another tensor."""
        there = self._sources.get(name)
        if there is None and name:
            return Leaf(self.add(name, ArraySource(np.ascontiguousarray(array))))
        if isinstance(there, ArraySource) and _is_same(there.array, array):
            return Leaf(name)
        return self.literal(array)

    def derive(self, expression: Expression) -> str:
        """Registers an expression over leaves of this store and returns its symbol."""
        symbol = str(expression)
        self._expressions.setdefault(symbol, expression)
        return symbol

    def expression(self, symbol: str) -> Expression:
        """What a symbol stands for."""
        return self._expressions[symbol]

    def source(self, name: str) -> TensorSource:
        """The source of a leaf."""
        return self._sources[name]

    def type_of(self, symbol: str) -> TensorType:
        """Shape and dtype of a symbol, without reading anything."""
        return infer(self._expressions[symbol], self._leaf_type)

    def read(self, symbol: str) -> Array:
        """Materialises a symbol as a C-contiguous array.

        Nothing is kept but the scales of what was quantised, those of blocks until they are read: who reads
        the integers first, and then their scales, has the weight quantised once.

        Raises:
            UserError: a weight cannot be quantised, since it holds NaN or infinity.
        """
        expression = self._expressions[symbol]
        if isinstance(expression, Scales):
            return self._read_scales(expression)
        if isinstance(expression, Quantize):
            made = quantized(expression, self._reader())
            self._scales[Scales(expression)] = made.scales
            return made.integers
        return np.ascontiguousarray(evaluate(expression, self._reader()))

    def _read_scales(self, expression: Scales) -> Array:
        """Those of channels are kept: they are small, and biases are made with them too."""
        if expression.quantized.spec.granularity == "block":
            found = self._scales.pop(expression, None)
            return evaluate(expression, self._read_leaf) if found is None else found
        if expression not in self._scales:
            self._scales[expression] = evaluate(expression, self._read_leaf)
        return self._scales[expression]

    def signal_to_noise(self, symbol: str) -> float | None:
        """How far a symbol is from the floats that it is made from, in decibels; see `errors.signal_to_noise`."""
        return signal_to_noise(self._expressions[symbol], self._reader())

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._expressions

    def __iter__(self) -> Iterator[str]:
        return iter(self._expressions)

    def _reader(self) -> _Reader:
        return _Reader(self._read_leaf, self._sources)

    def _read_leaf(self, name: str) -> Array:
        if name not in self._sources:  # An expression may name another one by its symbol.
            return self.read(name)
        return self._sources[name].read()

    def _leaf_type(self, name: str) -> TensorType:
        if name not in self._sources:
            return self.type_of(name)
        source = self._sources[name]
        return TensorType(source.shape, source.dtype)


def _is_same(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
