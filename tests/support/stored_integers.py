"""The integers that a file holds, read back from its bytes."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import body_of, weight_symbol, weights_of
from litewright.compiler.ir.quantized_type import quantized_type_of, weight_quantization_of
from litewright.compiler.ir.types import array_of, element_of

Array = np.ndarray[Any, np.dtype[Any]]


class Stored(NamedTuple):
    """A weight of 2 to 8 bits.

    Attributes:
        integers: int64, in the runtime's order of dimensions.
        scales: in the precision of the file; [channels, blocks] for blocks.
        axis: the dimension of channels.
        element: `i4`, `i8`.
        reader: the op that reads it.
    """

    integers: Array
    scales: Array
    axis: int
    element: str
    reader: str


def stored_integers(path: Path) -> list[Stored]:
    """All weights of 2 to 8 bits of the first signature of a file, in the order in which they are read."""
    program = litewright.read(path).program
    found: list[tuple[int, Stored]] = []
    with mlir.use(program.context):
        function = program.signatures()[0]
        order = {id_of(op): number for number, op in enumerate(body_of(function).operations)}

        def first(value: Any) -> tuple[int, str]:
            """The number of the op that computes with a value, and the name of that which reads it."""
            readers = [(order[id_of(use.owner)], use.owner) for use in value.uses]
            number, reader = min(readers, key=lambda each: each[0])
            name = op_name(reader)
            return (first(reader.results[0])[0] if name == "tfl.dequantize" else number), name

        for value in weights_of(function):
            blocks = weight_quantization_of(value)
            if blocks is not None:
                array = program.weights.read(weight_symbol(value) or "")
                number, reader = first(value)
                scales = program.weights.read(blocks.scales)
                element = str(element_of(value))
                integers = array.astype(np.int64)
                own = Stored(integers, scales, blocks.axis or 0, element, reader)
                found.append((number, own))
        # What is small comes back as constants.
        for op in body_of(function).operations:
            if op_name(op) == "tfl.pseudo_qconst":
                value = op.results[0]
                channels = quantized_type_of(element_of(value))
                assert channels is not None
                array = array_of(op.attributes["value"])
                number, reader = first(value)
                scales = np.array(channels.scales, np.float32)
                integers = array.astype(np.int64)
                own = Stored(integers, scales, channels.axis or 0, channels.storage, reader)
                found.append((number, own))
    weights = [each for each in found if each[1].element in ("i2", "i4", "i8")]
    return [stored for _, stored in sorted(weights, key=lambda each: each[0])]


def id_of(op: Any) -> int:
    """The same number for all handles to an op."""
    return hash(op.operation if hasattr(op, "operation") else op)
