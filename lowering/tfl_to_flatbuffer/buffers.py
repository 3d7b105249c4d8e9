"""The buffers of a file: which tensor's bytes lie where, each of them once.

Buffers below `INLINE_LIMIT` bytes are part of the flatbuffer, which every runtime and tool understands;
larger ones lie behind it, found by offset and size, so that files may pass 2 GB and no weight goes
through the packer. What is equal shares a buffer: a weight by its symbol, over all signatures; a constant
by its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from litewright.compiler.diagnostics import InternalError
from litewright.compiler.ir.quantized_type import WeightQuantization
from litewright.compiler.ir.types import element_count
from litewright.compiler.weights import (
    BiasIntegers,
    Binary,
    Expression,
    Leaf,
    Reshape,
    Scales,
    WeightStore,
)

from .elements import byte_count, to_bytes
from .packing import Later, LaterFloats
from .quantization import BLOCK_SCALES, block_scales
from .schema import Record

INLINE_LIMIT = 64 * 1024
ALIGNMENT = 64
"""Of buffers behind the flatbuffer, in bytes from the start of the file."""

SLACK = 16
"""Zero bytes after the last buffer at least: XNNPACK's kernels may read that far past a weight."""


@dataclass(slots=True, eq=False)
class Blob:
    """A buffer that lies behind the flatbuffer.

    Attributes:
        size: in bytes.
        read: yields the bytes; called once, when they are written.
        offset: where its position is noted.
        name: what it is, for messages.
    """

    size: int
    read: Callable[[], memoryview]
    name: str
    offset: Later = field(default_factory=Later)


class Buffers:
    """Collects the buffers of a file in the order in which they are first used."""

    def __init__(self, weights: WeightStore) -> None:
        self.records: list[Record] = [{}]  # buffer 0 stands for "no data"
        self.blobs: list[Blob] = []
        self._weights = weights
        self._by_content: dict[bytes, int] = {}
        self._by_symbol: dict[str, int] = {}
        self._scales: dict[str, LaterFloats] = {}

    def constant(self, data: bytes) -> int:
        """The buffer that holds these bytes."""
        if data not in self._by_content:
            self._by_content[data] = self._add(len(data), lambda: memoryview(data), "a constant")
        return self._by_content[data]

    def weight(self, symbol: str, element: str) -> int:
        """The buffer of a weight.

        Args:
            symbol: of the weight store.
            element: MLIR's name of the element type that the file shall hold.
        """
        base = _without_reshapes(self._weights.expression(symbol))
        key = f"{element} {base}"
        if key not in self._by_symbol:
            size = byte_count(element, self._weights.type_of(symbol).shape)
            self._by_symbol[key] = self._add(
                size,
                lambda: self._materialise(symbol, size),
                symbol,
                outside=self._is_behind(symbol),
            )
        return self._by_symbol[key]

    def block_scales(self, quantization: WeightQuantization, integers: int) -> int:
        """The buffer of the scales of a weight in blocks, whose integers lie in another buffer."""
        key = f"{BLOCK_SCALES} {quantization.scales}"
        if key not in self._by_symbol:
            size = byte_count(BLOCK_SCALES, self._weights.type_of(quantization.scales).shape)
            # Made together with the integers, and so behind them wherever these are.
            outside = self._is_made(quantization) and "offset" in self.records[integers]
            self._by_symbol[key] = self._add(
                size,
                lambda: to_bytes(block_scales(quantization, self._weights)),
                quantization.scales,
                outside=outside,
            )
        return self._by_symbol[key]

    def scales(self, quantization: WeightQuantization) -> LaterFloats | None:
        """Scales that are part of the flatbuffer and known once the integers are made; None if they are there."""
        if not self._is_made(quantization):
            return None
        count = element_count(self._weights.type_of(quantization.scales).shape)
        return self._scales.setdefault(quantization.scales, LaterFloats(count))

    def fill_scales(self, packed: bytearray) -> bool:
        """Fills in what `scales` announced, once all integers are made; says whether there was any."""
        for symbol, later in self._scales.items():
            later.fill(packed, self._weights.read(symbol).reshape(-1).tolist())
        return bool(self._scales)

    def metadata(self, data: bytes) -> int:
        """A buffer of its own for metadata."""
        self.records.append({"data": data})
        return len(self.records) - 1

    def place(self, start: int) -> Iterator[tuple[Blob, int]]:
        """Each blob with its position in a file whose flatbuffer ends at `start`."""
        position = start
        for blob in self.blobs:
            position += -position % ALIGNMENT
            yield blob, position
            position += blob.size

    def _is_made(self, quantization: WeightQuantization) -> bool:
        return self._made_with(self._weights.expression(quantization.scales)) is not None

    def _made_with(self, expression: Expression) -> Scales | None:
        """The scales of a weight that a bias, or the scales of products, are made of."""
        match expression:
            case Scales():
                return expression
            case Binary(_, Leaf(name)) | BiasIntegers(_, name) if name in self._weights:
                inner = self._weights.expression(name)
                return None if inner == expression else self._made_with(inner)
            case _:
                return None

    def _is_behind(self, symbol: str) -> bool:
        """Whether a bias is made with the scales of a weight that lies behind the flatbuffer.

        It is written behind it then, so that the weight is quantised once.
        """
        expression = self._weights.expression(symbol)
        scales = self._made_with(expression) if isinstance(expression, BiasIntegers) else None
        if scales is None:
            return False
        integers = self._weights.derive(scales.quantized)
        return self._weights.type_of(integers).nbytes >= INLINE_LIMIT

    def _add(
        self, size: int, read: Callable[[], memoryview], name: str, *, outside: bool = False
    ) -> int:
        if size < INLINE_LIMIT and not outside:
            self.records.append({"data": read()})
        else:
            blob = Blob(size, read, name)
            self.blobs.append(blob)
            self.records.append({"offset": blob.offset, "size": size})
        return len(self.records) - 1

    def _materialise(self, symbol: str, size: int) -> memoryview:
        data = to_bytes(self._weights.read(symbol))
        if data.nbytes != size:
            raise InternalError(
                f"weight {symbol} came to {data.nbytes} bytes, {size} were announced"
            )
        return data


def _without_reshapes(expression: Expression) -> Expression:
    """A reshape leaves the bytes as they are."""
    while isinstance(expression, Reshape):
        expression = expression.operand
    return expression
