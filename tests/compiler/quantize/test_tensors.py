"""Quantising tensors: what the integers and scales are, and that more search means less error."""

import ml_dtypes
import numpy as np
import pytest

from litewright.compiler.diagnostics import UserError
from litewright.compiler.quantize import tensors
from litewright.compiler.quantize.scaling import (
    LARGEST_BLOCK_SCALE,
    SMALLEST_BLOCK_SCALE,
    highest,
    lowest,
)
from litewright.compiler.quantize.specs import Algorithm, QuantSpec, int4_blocks
from litewright.compiler.quantize.tensors import Array, Quantized, quantize
from litewright.compiler.weights import (
    Binary,
    Cast,
    Concatenate,
    Leaf,
    Quantize,
    Scales,
    WeightStore,
)
from litewright.compiler.weights.store import ArraySource

_RANDOM = np.random.default_rng(11)
HEAVY = (_RANDOM.standard_t(4, size=(96, 768)) * _RANDOM.uniform(0.5, 2, (96, 1))).astype(
    np.float32
)
"""Numbers with outliers, rows of unequal size: what weights look like."""

SPECS = [
    QuantSpec("int8", "tensor"),
    QuantSpec("int8", "channel"),
    QuantSpec("int4", "channel"),
    QuantSpec("int2", "channel", algorithm="mse"),
    int4_blocks(32),
    int4_blocks(64, "octav"),
    int4_blocks(128, "mse"),
    int4_blocks(256, "mse"),
]


def made(array: Array, spec: QuantSpec, axis: int | None = 0) -> Quantized:
    own = None if spec.granularity == "tensor" else axis
    return quantize(lambda start, stop: array[start:stop], array.shape, spec, own)


def error(array: Array, spec: QuantSpec, axis: int | None = 0) -> float:
    own = None if spec.granularity == "tensor" else axis
    back = made(array, spec, axis).dequantized(own)
    return float(np.square(back - array.astype(np.float32), dtype=np.float64).mean())


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_integers_are_the_nearest_for_their_scale(spec: QuantSpec) -> None:
    found = made(HEAVY, spec)
    assert found.integers.dtype == tensors.integer_dtype(spec)
    axis = None if spec.granularity == "tensor" else 0
    assert found.scales.shape == tensors.scales_shape(spec, HEAVY.shape, axis)
    integers = found.integers.astype(np.int32)
    scales = np.repeat(
        found.scales.astype(np.float64).reshape(-1), HEAVY.size // found.scales.size
    ).reshape(HEAVY.shape)
    low = lowest(spec.bits, blocks=spec.granularity == "block")
    wanted = np.clip(HEAVY / scales, low, highest(spec.bits))
    assert np.abs(integers - wanted).max() <= 0.5 + 1e-3


def test_min_max_by_hand() -> None:
    array = np.array([[-1.0, 0.6, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0]], np.float32)
    eight = made(array, QuantSpec("int8"))
    assert eight.integers.tolist() == [[-127, 76, 32, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(eight.scales, [1 / 127, 1 / 1024], rtol=1e-6)
    four = made(array, QuantSpec("int4"))
    assert four.integers.astype(int).tolist() == [[-7, 4, 2, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_a_scale_for_each_index_of_any_axis(axis: int) -> None:
    array = _RANDOM.normal(size=(5, 6, 7, 8)).astype(np.float32)
    found = made(array, QuantSpec("int8"), axis)
    others = tuple(d for d in range(4) if d != axis)
    np.testing.assert_allclose(found.scales, np.abs(array).max(others) / 127, rtol=1e-6)
    assert np.abs(found.dequantized(axis) - array).max() <= found.scales.max() * 0.501


@pytest.mark.parametrize("granularity", [None, 32, 64, 128, 256])
@pytest.mark.parametrize("bits", ["int4", "int8"])
def test_a_search_is_never_worse(bits: str, granularity: int | None) -> None:
    def spec(algorithm: Algorithm) -> QuantSpec:
        if granularity is None:
            return QuantSpec.from_dict({"element": bits, "algorithm": algorithm})
        return QuantSpec.from_dict({
            "element": bits, "granularity": "block", "block_size": granularity, "algorithm": algorithm,
        })  # fmt: skip

    plain, searched = error(HEAVY, spec("min_max")), error(HEAVY, spec("mse"))
    assert searched <= plain * (0.9 if bits == "int4" else 1.0)
    if bits == "int4" and granularity in {None, 256}:
        assert error(HEAVY, spec("octav")) < plain * 0.9
        assert searched < error(HEAVY, spec("octav"))


def test_smaller_blocks_are_closer() -> None:
    errors = [error(HEAVY, int4_blocks(size, "mse")) for size in (32, 64, 128, 256)]
    assert errors == sorted(errors)
    assert errors[-1] < error(HEAVY, QuantSpec("int4", algorithm="mse"))


@pytest.mark.parametrize("algorithm", ["min_max", "octav", "mse"])
@pytest.mark.parametrize("size", [32, 0])
def test_groups_of_zeros_have_a_legal_scale(algorithm: Algorithm, size: int) -> None:
    array = HEAVY[:4].copy()
    array[1] = 0
    array[2, :64] = 0
    array[3, 5:] = 0
    spec = int4_blocks(size, algorithm) if size else QuantSpec("int4", algorithm=algorithm)
    found = made(array, spec)
    assert (found.scales > 0).all()
    assert not found.integers[1].astype(int).any()
    assert not found.dequantized(0)[2, :64].any()


@pytest.mark.parametrize("factor", [1e-9, 1e-6, 1.0, 1e4, 1e6])
def test_scales_of_blocks_are_exact_in_both_formats_of_16_bits(factor: float) -> None:
    scales = made(HEAVY * np.float32(factor), int4_blocks(32, "mse")).scales
    wide = scales.astype(np.float32)
    assert scales.dtype == np.float16
    assert np.array_equal(wide.astype(ml_dtypes.bfloat16).astype(np.float32), wide)
    assert (wide >= SMALLEST_BLOCK_SCALE).all()
    assert (wide <= LARGEST_BLOCK_SCALE).all()


def test_blocks_are_those_of_the_row() -> None:
    array = np.zeros((2, 64), np.float32)
    array[0, :32], array[0, 32:], array[1, :32], array[1, 32:] = 7, 14, 21, 28
    found = made(array, int4_blocks(32))
    assert found.scales.tolist() == [[1, 2], [3, 4]]
    assert (found.integers.astype(int) == 7).all()


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_chunks_do_not_show(spec: QuantSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    array = _RANDOM.normal(size=(67, 512)).astype(np.float32)
    whole = made(array, spec)
    monkeypatch.setattr(tensors, "_CHUNK", 2048)
    monkeypatch.setattr(tensors, "cores", lambda: 3)
    parts = made(array, spec)
    assert np.array_equal(whole.integers.view(np.int8), parts.integers.view(np.int8))
    assert np.array_equal(whole.scales, parts.scales)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_what_is_no_number_is_named(wrong: float, spec: QuantSpec) -> None:
    array = HEAVY.copy()
    array[40, 300] = wrong
    store = WeightStore()
    store.add("model.up_proj.weight", ArraySource(array))
    axis = None if spec.granularity == "tensor" else 0
    symbol = store.derive(Quantize(Leaf("model.up_proj.weight"), spec, axis))
    with pytest.raises(UserError, match=r"model\.up_proj\.weight holds NaN or infinity"):
        store.read(symbol)


@pytest.mark.parametrize(
    ("number", "told"),
    [(7e4, "numbers beyond 65504"), (np.nan, "NaN"), (-np.inf, "NaN or infinity")],
)
def test_what_is_no_number_of_16_bits_is_named(number: float, told: str) -> None:
    store = WeightStore()
    store.add("w", ArraySource(np.array([1.0, number], np.float32)))
    with pytest.raises(UserError, match=f"w holds {told}"):
        store.read(store.derive(Cast(Leaf("w"), "float16")))


def test_pending_transforms_come_first() -> None:
    store = WeightStore()
    q, k = HEAVY[:40].astype(ml_dtypes.bfloat16), HEAVY[40:].astype(ml_dtypes.bfloat16)
    store.add("q", ArraySource(q))
    store.add("k", ArraySource(k))
    factor = _RANDOM.uniform(1, 2, (96, 1)).astype(np.float32)
    columns = _RANDOM.uniform(1, 2, 768).astype(np.float32)
    joined = Cast(Concatenate((Leaf("q"), Leaf("k")), 0), "float32")
    scaled = Binary(
        "multiply", Binary("multiply", joined, store.literal(factor)), store.literal(columns)
    )
    expected = np.concatenate([q, k]).astype(np.float32) * factor * columns
    for spec in (QuantSpec("int8"), int4_blocks(32, "mse")):
        pending = Quantize(scaled, spec, 0)
        symbol, scales = store.derive(pending), store.derive(Scales(pending))
        direct = made(expected, spec)
        for _ in range(2):
            integers = store.read(symbol)
            assert np.array_equal(integers.view(np.int8), direct.integers.view(np.int8))
            assert np.array_equal(store.read(scales), direct.scales)
        kind = store.type_of(symbol)
        assert (kind.shape, kind.dtype) == (direct.integers.shape, direct.integers.dtype)
        assert store.type_of(scales).shape == direct.scales.shape
        assert store.type_of(scales).dtype == direct.scales.dtype


def test_integers_and_scales_are_made_together() -> None:
    class Counting(ArraySource):
        reads = 0

        def read(self) -> Array:
            Counting.reads += 1
            return self.array

    store = WeightStore()
    store.add("w", Counting(HEAVY))
    pending = Quantize(Leaf("w"), QuantSpec(), 0)
    store.read(store.derive(pending))
    store.read(store.derive(Scales(pending)))
    assert Counting.reads == 1
