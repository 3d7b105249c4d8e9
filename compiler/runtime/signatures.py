"""Signatures of a .tflite as the file states them: names in the caller's order, types, dynamic dims.

The interpreter sorts names and forgets which dimensions are dynamic; the flatbuffer knows both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import ml_dtypes
import numpy as np

from ..diagnostics import FormatError

DYNAMIC = -1

_IDENTIFIER = slice(4, 8)

# By `TensorType` of the schema. Strings, resources, variants and complex numbers have no place in
# what we run.
_DTYPES: Mapping[int, np.dtype[Any]] = MappingProxyType({
    number: np.dtype(dtype)
    for number, dtype in {
        0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 6: np.bool_, 7: np.int16,
        9: np.int8, 10: np.float64, 12: np.uint64, 15: np.uint32, 16: np.uint16, 17: ml_dtypes.int4,
        18: ml_dtypes.bfloat16, 19: ml_dtypes.int2, 20: ml_dtypes.uint4, 21: ml_dtypes.float8_e4m3fn,
        22: ml_dtypes.float8_e5m2,
    }.items()
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output of a signature.

    Attributes:
        name: what the caller calls it.
        dtype: its element type.
        shape: its dimensions; `DYNAMIC` (-1) where the caller chooses.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def accepts(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of that shape fits."""
        return len(shape) == len(self.shape) and all(
            own in (DYNAMIC, given) for own, given in zip(self.shape, shape, strict=True)
        )

    def __str__(self) -> str:
        return describe(self.dtype, self.shape)


@dataclass(frozen=True, slots=True)
class Signature:
    """What can be called in a model.

    Attributes:
        name: its key.
        inputs: in the caller's order.
        outputs: in the caller's order.
    """

    name: str
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    def __str__(self) -> str:
        takes, gives = (
            ", ".join(f"{each.name}: {each}" for each in tensors)
            for tensors in (self.inputs, self.outputs)
        )
        return f"{self.name}({takes}) -> ({gives})"


@dataclass(frozen=True, slots=True)
class SignatureInfo(Signature):
    """A signature of a file.

    Attributes:
        subgraph: the index of the subgraph behind it.
    """

    subgraph: int


def describe(dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    """`float32[1, ?, 384]`."""
    return f"{dtype}[{', '.join('?' if size == DYNAMIC else str(size) for size in shape)}]"


def read_signatures(buffer: Any) -> tuple[SignatureInfo, ...]:
    """The signatures of a model that an interpreter has verified already.

    Args:
        buffer: bytes of the file, or a mapping of it.

    Raises:
        FormatError: no .tflite, or one without signatures.
    """
    from ai_edge_litert import schema_py_generated as schema

    if bytes(buffer[_IDENTIFIER]) != b"TFL3":
        raise FormatError("not a .tflite model: the identifier TFL3 is missing")
    model = schema.Model.GetRootAs(buffer, 0)
    if model.SignatureDefsLength() == 0:
        raise FormatError("the model has no signatures, so its inputs and outputs have no names")
    definitions = [model.SignatureDefs(i) for i in range(model.SignatureDefsLength())]
    return tuple(_signature(model.Subgraphs(each.SubgraphIndex()), each) for each in definitions)


def _signature(subgraph: Any, definition: Any) -> SignatureInfo:
    inputs = [definition.Inputs(i) for i in range(definition.InputsLength())]
    outputs = [definition.Outputs(i) for i in range(definition.OutputsLength())]
    return SignatureInfo(
        name=definition.SignatureKey().decode(),
        inputs=tuple(_tensor(subgraph, each) for each in inputs),
        outputs=tuple(_tensor(subgraph, each) for each in outputs),
        subgraph=definition.SubgraphIndex(),
    )


def _tensor(subgraph: Any, mapping: Any) -> TensorInfo:
    tensor = subgraph.Tensors(mapping.TensorIndex())
    name = mapping.Name().decode()
    if tensor.Type() not in _DTYPES:
        raise FormatError(f"tensor {name!r} has an element type without a NumPy equivalent")
    # The shape signature is absent where nothing is dynamic.
    dynamic = tensor.ShapeSignatureLength() > 0
    sizes = tensor.ShapeSignatureAsNumpy() if dynamic else tensor.ShapeAsNumpy()
    shape = tuple(int(n) for n in np.atleast_1d(sizes)) if tensor.ShapeLength() else ()
    return TensorInfo(name, _DTYPES[tensor.Type()], shape)
