"""Large constants of a file as weights of a program: one symbol for each buffer."""

from __future__ import annotations

import itertools

import numpy as np

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir.quantized_type import QuantizedType, WeightQuantization
from litewright.compiler.ir.types import element_type, numpy_dtype, tensor_type
from litewright.compiler.weights import Leaf, Reshape, WeightStore
from litewright.compiler.weights.store import ArraySource

from .contents import Contents, Extent, FileTensor
from .elements import byte_count
from .quantization import BLOCK_SCALES

Shape = tuple[int, ...]


class Weights:
    """Hands out the symbols of weights; tensors that share a buffer share a symbol."""

    def __init__(self, contents: Contents, store: WeightStore) -> None:
        self._contents, self._store = contents, store
        self._leaves: dict[tuple[int, str], tuple[str, Shape]] = {}

    def symbol(self, buffer: int, element: str, shape: Shape, name: str) -> str:
        """The symbol of a tensor in a buffer.

        Args:
            buffer: its number.
            element: MLIR's name of the element type in memory.
            shape: dimensions of the tensor.
            name: dotted name for it, if the buffer has no symbol yet.
        """
        found = self._leaves.get((buffer, element))
        if found is None:
            leaf = self._add(buffer, element, shape, name)
            self._leaves[buffer, element] = leaf, shape
            return leaf
        leaf, own = found
        return leaf if own == shape else self._store.derive(Reshape(Leaf(leaf), shape))

    def quantization(self, symbol: str, quantized: QuantizedType) -> WeightQuantization:
        """Puts the scales and zero points of a weight into the store."""
        scales = self._literal(f"{symbol}.scales", np.array(quantized.scales, np.float32))
        zeros = None
        if any(quantized.zero_points):
            zeros = self._literal(
                f"{symbol}.zero_points", np.array(quantized.zero_points, np.int64)
            )
        return WeightQuantization(scales, zeros, quantized.axis)

    def blocks(self, scales: str, axis: int, block_size: int) -> WeightQuantization:
        """A weight in blocks, whose scales are a tensor of the file."""
        if self._store.type_of(scales).dtype != numpy_dtype(element_type(BLOCK_SCALES)):
            raise FormatError(f"the scales {scales} of a weight in blocks are not {BLOCK_SCALES}")
        return WeightQuantization(scales, None, axis, block_size)

    def _add(self, buffer: int, element: str, shape: Shape, name: str) -> str:
        extent = self._contents.extent(buffer)
        if extent is None:
            raise FormatError(f"tensor {name} should be constant and has no contents")
        check_size(extent, element, shape, name)
        dtype = numpy_dtype(tensor_type((), element).element_type)
        size = byte_count(element, shape)
        source = FileTensor(self._contents.path, extent.position, size, shape, dtype)
        return self._store.add(self._unique(name), source)

    def _literal(self, name: str, array: np.ndarray[Shape, np.dtype[np.generic]]) -> str:
        if name in self._store:
            if np.array_equal(self._store.read(name), array):
                return name
            name = self._unique(name)
        return self._store.add(name, ArraySource(array))

    def _unique(self, name: str) -> str:
        candidates = itertools.chain((name,), (f"{name}_{i}" for i in itertools.count(1)))
        return next(candidate for candidate in candidates if candidate not in self._store)


def check_size(extent: Extent, element: str, shape: Shape, name: str) -> None:
    """Checks that a buffer holds as many bytes as a tensor needs.

    Raises:
        FormatError: it holds fewer.
    """
    if extent.size < byte_count(element, shape):
        raise FormatError(
            f"truncated: tensor {name} of shape {list(shape)} needs {byte_count(element, shape)} bytes, "
            f"its buffer has {extent.size}"
        )
