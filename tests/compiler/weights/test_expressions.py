"""Pending transforms against NumPy, and checkpoints on disk."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from litewright.compiler.diagnostics import FormatError, InternalError, UserError
from litewright.compiler.weights import (
    Binary,
    Cast,
    Concatenate,
    Leaf,
    Reshape,
    Slice,
    Transpose,
    WeightStore,
)
from litewright.compiler.weights.checkpoint import open_checkpoint
from litewright.compiler.weights.store import ArraySource

RNG = np.random.default_rng(0)
A = RNG.normal(size=(2, 3, 4)).astype(np.float32)
B = RNG.normal(size=(2, 5, 4)).astype(np.float32)


def store() -> WeightStore:
    made = WeightStore()
    made.add("a", ArraySource(A))
    made.add("b", ArraySource(B))
    return made


CASES = {
    "transpose": (Transpose(Leaf("a"), (2, 0, 1)), A.transpose(2, 0, 1)),
    "reshape": (
        Reshape(Transpose(Leaf("a"), (1, 0, 2)), (3, 8)),
        A.transpose(1, 0, 2).reshape(3, 8),
    ),
    "slice": (Slice(Leaf("a"), (0, 1, 0), (2, 3, 2)), A[0:2, 1:3, 0:2]),
    "concatenate": (Concatenate((Leaf("a"), Leaf("b")), 1), np.concatenate([A, B], 1)),
    "cast": (Cast(Leaf("a"), "bfloat16"), A.astype(ml_dtypes.bfloat16)),
    "multiply": (
        Binary("multiply", Leaf("a"), Slice(Leaf("b"), (0, 0, 0), (2, 1, 4))),
        A * B[:, :1],
    ),
    "subtract": (Binary("subtract", Leaf("a"), Leaf("a")), np.zeros_like(A)),
}


@pytest.mark.parametrize("name", CASES)
def test_expression_is_what_numpy_computes(name: str) -> None:
    expression, expected = CASES[name]
    weights = store()
    symbol = weights.derive(expression)
    kind = weights.type_of(symbol)
    assert (kind.shape, kind.dtype) == (expected.shape, expected.dtype)
    read = weights.read(symbol)
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, expected)


def test_equal_expressions_have_one_symbol() -> None:
    weights = store()
    first = weights.derive(Transpose(Leaf("a"), (2, 1, 0)))
    assert weights.derive(Transpose(Leaf("a"), (2, 1, 0))) == first
    assert weights.derive(Transpose(Leaf("a"), (0, 2, 1))) != first


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=5))
def test_equal_literals_are_equal_expressions(numbers: list[float]) -> None:
    weights = WeightStore()
    array = np.array(numbers, np.float32)
    expression = weights.literal(array)
    assert weights.literal(array.copy()) == expression
    assert weights.literal(np.append(array, np.float32(1))) != expression
    np.testing.assert_array_equal(weights.read(weights.derive(expression)), array)


def test_one_name_for_two_tensors_is_an_error() -> None:
    with pytest.raises(InternalError, match="two tensors are named 'a'"):
        store().add("a", ArraySource(B))


def test_checkpoint_in_shards(tmp_path: Path) -> None:
    half = A.astype(ml_dtypes.bfloat16)
    save_file({"x": A}, tmp_path / "one.safetensors")
    save_file({"y": half}, tmp_path / "two.safetensors")
    index = {"weight_map": {"x": "one.safetensors", "y": "two.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    tensors = open_checkpoint(tmp_path)
    np.testing.assert_array_equal(tensors["x"].read(), A)
    assert tensors["y"].dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(tensors["y"].read(), half)
    (tmp_path / "two.safetensors").unlink()
    with pytest.raises(UserError, match=r"1 of 2 shards are missing: two.safetensors"):
        open_checkpoint(tmp_path)


def test_corrupt_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no checkpoint here"):
        open_checkpoint(tmp_path)
    save_file({"x": A}, tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match="not a sound safetensors file"):
        open_checkpoint(tmp_path)
    (tmp_path / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(FormatError, match="no weight_map"):
        open_checkpoint(tmp_path)
