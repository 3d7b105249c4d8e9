"""Arrays that go into a model from the command line, and that come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from litewright.compiler.diagnostics import UserError, WriteError
from litewright.compiler.runtime import SignatureInfo, TensorInfo

Array = np.ndarray[Any, np.dtype[Any]]


def inputs_for(signature: SignatureInfo, given: Mapping[str, str], seed: int) -> dict[str, Array]:
    """An array per input.

    Args:
        signature: whose inputs.
        given: by name, a path of an .npy file, `random` or `zeros`; what is missing is random.
        seed: of the random numbers.

    Raises:
        UserError: a name is not an input's, or a file cannot be read.
    """
    generator = np.random.default_rng(seed)
    known = {each.name for each in signature.inputs}
    for name in given:
        if name not in known:
            there = ", ".join(str(each.name) for each in signature.inputs)
            raise UserError(f"signature {signature.name!r} has no input {name!r}; it has {there}")
    return {
        each.name: _make(each, given.get(each.name, "random"), generator)
        for each in signature.inputs
    }


def save(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes arrays as .npz.

    Raises:
        WriteError: the file cannot be written.
    """
    try:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {error.strerror or error}") from error


def summary(array: Array) -> dict[str, Any]:
    """Dtype, shape and, unless it is empty, the least, mean and largest number of an array."""
    numbers = array.astype(np.float64)
    filled = array.size > 0
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "min": float(numbers.min()) if filled else None,
        "mean": float(numbers.mean()) if filled else None,
        "max": float(numbers.max()) if filled else None,
    }


def _make(info: TensorInfo, source: str, generator: np.random.Generator) -> Array:
    # Where the caller chooses a size, one will do.
    shape = tuple(1 if size < 0 else size for size in info.shape)
    if source == "zeros":
        return np.zeros(shape, info.dtype)
    if source != "random":
        return load(Path(source))
    if np.issubdtype(info.dtype, np.integer) or info.dtype == np.bool_:
        # 0 and 1 are in the range of nearly every lookup.
        return generator.integers(0, 2, size=shape).astype(info.dtype)
    return generator.normal(size=shape).astype(info.dtype)


def load(path: Path) -> Array:
    """Reads an .npy file.

    Raises:
        UserError: it cannot be read, or holds no numbers.
    """
    try:
        return np.load(path, allow_pickle=False)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"{path} is no .npy file of numbers: {error}") from error
