"""Products and factors of matrices, by torch: NumPy's own library spends seconds where cores are shared.

Its threads wait for each other by spinning, so that products of 128 columns took seconds on a machine that
had other work; torch's took milliseconds.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


def product(left: Array, right: Array) -> Array:
    """The product of two matrices."""
    torch = _torch()
    return torch.matmul(torch.from_numpy(left), torch.from_numpy(right)).numpy()


def add_product(target: Array, left: Array, right: Array) -> None:
    """Adds the product of two matrices to a third, in place."""
    torch = _torch()
    torch.from_numpy(target).addmm_(torch.from_numpy(left), torch.from_numpy(right))


def gram(rows: Array) -> Array:
    """rows^T rows."""
    return product(np.ascontiguousarray(rows.T), rows)


def factor_of_inverse(matrix: Array) -> Array:
    """The upper triangular U with U^T U = matrix^-1, for a positive definite matrix."""
    torch = _torch()
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(torch.from_numpy(matrix)))
    return torch.linalg.cholesky(inverse, upper=True).numpy()


def _torch() -> Any:
    """torch, once it is needed; what is used here has no types."""
    return importlib.import_module("torch")
