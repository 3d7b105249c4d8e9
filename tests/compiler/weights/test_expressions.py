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
from litewright.compiler.quantize.specs import QuantSpec
from litewright.compiler.weights import (
    Binary,
    Cast,
    Concatenate,
    Leaf,
    Quantize,
    Reshape,
    Scales,
    Slice,
    Transpose,
    WeightStore,
)
from litewright.compiler.weights.checkpoint import open_checkpoint
from litewright.compiler.weights.expression import rows_of
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


def test_a_file_is_read_in_parts(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    tensors = {
        "a": generator.standard_normal((300, 96), np.float32),
        "b": generator.standard_normal((77, 96), np.float32),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    store, memory = WeightStore(), WeightStore()
    for name, source in open_checkpoint(tmp_path).items():
        store.add(name, source)
        memory.add(name, ArraySource(tensors[name]))
        assert np.array_equal(source.read(), tensors[name])
    joined = Cast(Concatenate((Leaf("a"), Leaf("b"), Leaf("a")), 0), "float32")
    whole = np.concatenate([tensors["a"], tensors["b"], tensors["a"]])
    assert np.array_equal(store.read(store.derive(joined)), whole)
    rows, shape = rows_of(joined, tensors.__getitem__)
    assert shape == whole.shape
    for start, stop in ((0, 1), (0, 300), (299, 301), (250, 400), (376, 677), (676, 900)):
        assert np.array_equal(rows(start, stop), whole[start:stop])
    for spec in (QuantSpec("int8"), QuantSpec("int4", "block", 32, algorithm="mse")):
        pending = Quantize(joined, spec, 0)
        for each in (pending, Scales(pending)):
            symbol = store.derive(each), memory.derive(each)
            assert np.array_equal(store.read(symbol[0]), memory.read(symbol[1]))


def test_a_file_that_has_become_shorter_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file({"a": np.ones((64, 64), np.float32)}, path)
    source = open_checkpoint(path)["a"]
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(FormatError, match="it is shorter"):
        source.read()


@pytest.mark.parametrize("wrong", ["a", "b", "c"])
def test_of_joined_weights_the_one_is_named_that_is_no_number(wrong: str) -> None:
    store = WeightStore()
    for name in "abc":
        array = np.ones((4, 64), np.float32)
        array[2, 5] = np.nan if name == wrong else 1
        store.add(name, ArraySource(array.astype(ml_dtypes.bfloat16)))
    joined = Cast(Concatenate((Leaf("a"), Leaf("b"), Leaf("c")), 0), "float32")
    symbol = store.derive(Quantize(joined, QuantSpec("int8"), 0))
    with pytest.raises(UserError, match=f"weight {wrong} holds NaN or infinity"):
        store.read(symbol)
