"""The tensors of one subgraph of a file: their types, names and contents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litewright.compiler.diagnostics import FormatError
from litewright.compiler.ir.mlir import Array, ir
from litewright.compiler.ir.quantized_type import QuantizedType
from litewright.compiler.ir.types import (
    DYNAMIC,
    element_count,
    has_element_type,
    numpy_dtype,
    tensor_type,
)

from .contents import Contents, Extent
from .elements import BITS, byte_count, from_bytes
from .options import element_of_code
from .quantization import blocks_of, type_from_record
from .schema import Record

Shape = tuple[int, ...]

_MAX_RANK = 64


class Tensors:
    """Looks at the tensors of a subgraph; every index is checked."""

    def __init__(self, records: Sequence[Record], contents: Contents) -> None:
        self._records, self._contents = records, contents
        self._types: dict[int, ir.RankedTensorType] = {}

    def __len__(self) -> int:
        return len(self._records)

    def record(self, index: int) -> Record:
        """The schema's table of a tensor.

        Raises:
            FormatError: there is no such tensor, or it is of a kind that is not supported.
        """
        if not 0 <= index < len(self._records):
            raise FormatError(f"tensor {index} is referred to, there are {len(self._records)}")
        record = self._records[index]
        if record["sparsity"] is not None:
            raise FormatError(f"tensor {record['name']} is sparse, which is not supported")
        if record["external_buffer"]:
            raise FormatError(
                f"tensor {record['name']} lies in another file, which is not supported"
            )
        return record

    def name(self, index: int) -> str:
        """The name with dots between modules; empty if it has none."""
        text: str = self.record(index)["name"] or ""
        return text.replace("/", ".").replace(";", "_")

    def element(self, index: int) -> str:
        """MLIR's name of the element type in memory."""
        return str(element_of_code(self.record(index)["type"]))

    def shape(self, index: int) -> Shape:
        """The dimensions, `DYNAMIC` where they are not fixed."""
        record = self.record(index)
        shape: list[int] = record["shape_signature"] or record["shape"]
        if len(shape) > _MAX_RANK or any(size < -1 for size in shape):
            raise FormatError(f"tensor {record['name']} has shape {shape[:_MAX_RANK]}")
        return tuple(DYNAMIC if size == -1 else size for size in shape)

    def quantized(self, index: int) -> QuantizedType | None:
        """The quantised element type; None for a plain one, and for one in blocks."""
        record = self.record(index)
        if blocks_of(record["quantization"]) is not None:
            return None
        return type_from_record(
            record["quantization"], record["type"], self.element(index), self.shape(index)
        )

    def type(self, index: int) -> ir.RankedTensorType:
        """The MLIR type."""
        if index not in self._types:
            quantized = self.quantized(index)
            element = (
                quantized.element_type()
                if quantized is not None
                else element_of_code(self.record(index)["type"])
            )
            self._types[index] = tensor_type(self.shape(index), element)
        return self._types[index]

    def types(self, indices: Sequence[int]) -> list[ir.Type]:
        """The MLIR types of several tensors."""
        return [self.type(index) for index in indices]

    def extent(self, index: int) -> Extent | None:
        """Where the contents of a constant lie; None if the tensor is no constant."""
        record = self.record(index)
        return None if record["is_variable"] else self._contents.extent(record["buffer"])

    def is_empty(self, index: int) -> bool:
        """Whether a tensor has no elements."""
        shape = self.shape(index)
        return DYNAMIC not in shape and element_count(shape) == 0

    def has_plain_elements(self, index: int) -> bool:
        """Whether the numbers of a constant can be told one by one (those of strings cannot)."""
        name = self.element(index)
        return name in BITS and not name.startswith("complex")

    def numbers(self, index: int) -> Array:
        """The numbers of a constant in memory.

        Raises:
            FormatError: its buffer is too short, or it has dynamic dimensions.
        """
        extent, shape, element = self.extent(index), self.shape(index), self.element(index)
        if DYNAMIC in shape:
            raise FormatError(f"constant {self.name(index)} has a dynamic dimension")
        dtype = numpy_dtype(element_of_code(self.record(index)["type"]))
        assert has_element_type(dtype), "asked for the numbers of strings"
        if extent is None:
            return np.empty(shape, dtype)
        size = byte_count(element, shape)
        if extent.size < size:
            raise FormatError(
                f"truncated: constant {self.name(index)} needs {size} bytes, its buffer has {extent.size}"
            )
        return from_bytes(self._contents.bytes_at(Extent(extent.position, size)), dtype, shape)

    def raw(self, index: int) -> Array:
        """The bytes of a constant as they are, as int8."""
        extent = self.extent(index)
        assert extent is not None, "asked for the bytes of no constant"
        return self._contents.bytes_at(extent).view(np.int8)
