"""Tensors of torch as lazy tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import torch

Array = np.ndarray[Any, np.dtype[Any]]

# Element types that NumPy knows through ml_dtypes only: how torch hands out their bytes.
_BY_BYTES = {
    torch.bfloat16: (torch.int16, np.dtype(ml_dtypes.bfloat16)),
    torch.float8_e4m3fn: (torch.uint8, np.dtype(ml_dtypes.float8_e4m3fn)),
    torch.float8_e5m2: (torch.uint8, np.dtype(ml_dtypes.float8_e5m2)),
}


@dataclass(frozen=True, slots=True, eq=False)
class TorchSource:
    """A tensor of a module, read without a copy. Compared by identity, as all sources are.

    Attributes:
        tensor: dense, on any device but meta.
    """

    tensor: torch.Tensor

    @property
    def shape(self) -> tuple[int, ...]:
        """Its dimensions."""
        return tuple(self.tensor.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Its element type."""
        return numpy_dtype(self.tensor.dtype)

    def read(self) -> Array:
        """Its values: the tensor's own memory where that is the CPU's."""
        return array_of_tensor(self.tensor)


def numpy_dtype(dtype: torch.dtype) -> np.dtype[Any]:
    """The NumPy dtype of a torch dtype."""
    if dtype in _BY_BYTES:
        return _BY_BYTES[dtype][1]
    return torch.empty(0, dtype=dtype).numpy().dtype


def array_of_tensor(tensor: torch.Tensor) -> Array:
    """The values of a tensor, as a view of its memory where that is the CPU's."""
    # Of some complex tensors torch notes only that a sign is pending.
    there = tensor.detach().cpu().resolve_conj().resolve_neg()
    if tensor.dtype in _BY_BYTES:
        stored, dtype = _BY_BYTES[tensor.dtype]
        return there.view(stored).numpy().view(dtype)
    return there.numpy()


def tensor_of_array(array: Array) -> torch.Tensor:
    """A tensor of its own with the values of an array, those of ml_dtypes among them."""
    kept = np.array(array, order="C")
    if kept.dtype.name in _BY_NAME:
        stored, dtype = _BY_NAME[kept.dtype.name]
        return torch.as_tensor(kept.view(stored)).view(dtype)
    return torch.as_tensor(kept)


# Element types that NumPy knows through ml_dtypes only: as what their bytes are handed over.
_BY_NAME = {
    "bfloat16": (np.int16, torch.bfloat16),
    "float8_e4m3fn": (np.uint8, torch.float8_e4m3fn),
    "float8_e5m2": (np.uint8, torch.float8_e5m2),
}
