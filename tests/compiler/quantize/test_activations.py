"""Activations as integers: ranges, recipes that ask for them, and which ops take part."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import body_of
from litewright.compiler.ir.types import element_of
from litewright.compiler.quantize.ranges import RANGE_CHOICES, RangeChoice, Seen, scheme_of_range
from litewright.quantize import QuantSpec, Recipe, Rule, recipe, static_int8, static_int16x8

Array = np.ndarray[Any, np.dtype[Any]]

# ---- ranges --------------------------------------------------------------------------------------


def seen(choice: RangeChoice, *arrays: Array) -> Seen:
    found = Seen(choice)
    for array in arrays:
        found.add(array)
    return found


def heavy(seed: int) -> Array:
    """Normal numbers, and a few far out."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=40_000).astype(np.float32)
    numbers[:3] = (90.0, -70.0, 80.0)
    return numbers


def rounded(numbers: Array, scale: float, zero: int) -> Array:
    steps = np.clip(np.rint(numbers / scale) + zero, -128, 127)
    return ((steps - zero) * scale).astype(np.float32)


def test_all_that_was_seen() -> None:
    found = seen("min_max", np.array([1.0, 2.0]), np.array([-3.0, 0.5]))
    assert found.range("i8") == (-3.0, 2.0)


def test_zero_is_always_within() -> None:
    assert seen("min_max", np.array([1.0, 2.0])).range("i8") == (0.0, 2.0)
    scheme = scheme_of_range((0.0, 2.0), "i8")
    assert scheme.zero_points == (-128,)


def test_a_moving_average_forgets_what_is_rare() -> None:
    usual = [np.array([-1.0, 1.0])] * 20
    found = seen("moving_average", *usual, np.array([-1.0, 11.0]), *usual).range("i8")
    assert found is not None
    assert found[0] == pytest.approx(-1)
    assert 1 < found[1] < 1.2


def lost(found: tuple[float, float] | None, numbers: Array) -> float:
    """The squared error of numbers that are rounded with a range."""
    assert found is not None
    scheme = scheme_of_range(found, "i8")
    off = rounded(numbers, scheme.scales[0], scheme.zero_points[0]) - numbers
    return float(np.square(off).sum())


def test_without_tails_the_bulk_is_finer() -> None:
    samples = [heavy(seed) for seed in range(3)]
    found, whole = (seen(choice, *samples).range("i8") for choice in ("percentile", "min_max"))
    bulk = samples[0][3:]
    assert lost(found, bulk) < 0.05 * lost(whole, bulk)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_least_error_is_the_least(power: int) -> None:
    rng = np.random.default_rng(4)
    samples = [(rng.laplace(size=20_000) ** power).astype(np.float32) for _ in range(3)]
    numbers = np.concatenate(samples)
    low, high = float(numbers.min()), float(numbers.max())
    parts = np.linspace(0.3, 1, 30)
    best = min(lost((low * a, high * b), numbers) for a in parts for b in parts)
    assert lost(seen("mse", *samples).range("i8"), numbers) <= 1.05 * best
    assert best < 0.98 * lost((low, high), numbers)


@pytest.mark.parametrize("choice", RANGE_CHOICES)
def test_histograms_grow_with_what_comes(choice: RangeChoice) -> None:
    rng = np.random.default_rng(0)
    small, large = (rng.uniform(-x, x, 5000).astype(np.float32) for x in (0.01, 30.0))
    found = seen(choice, small, large, large).range("i8")
    assert found is not None
    if choice != "moving_average":
        assert -30.1 < found[0] < -20
        assert 20 < found[1] < 30.1


def test_masks_and_infinity_have_no_range() -> None:
    for wrong in (np.inf, -np.inf, np.nan, -0.7 * np.finfo(np.float32).max):
        assert seen("mse", np.array([1.0, wrong], np.float32)).range("i8") is None
    assert Seen("min_max").range("i8") is None


@pytest.mark.parametrize("storage", ["i8", "i16"])
def test_schemes_cover_their_range(storage: str) -> None:
    rng = np.random.default_rng(1)
    bounds = {"i8": (-128, 127), "i16": (-32767, 32767)}[storage]
    for low, high in rng.normal(size=(50, 2)) * [[3, 5]]:
        found = min(low, high, 0.0), max(low, high, 0.0)
        scheme = scheme_of_range(found, storage)
        scale, zero = scheme.scales[0], scheme.zero_points[0]
        assert (bounds[0] - zero) * scale <= found[0] + 0.51 * scale
        assert (bounds[1] - zero) * scale >= found[1] - 0.51 * scale
        assert storage == "i8" or zero == 0
    assert scheme_of_range((0.0, 0.0), storage).scales == (1.0,)
    assert scheme_of_range((-1.0, 3.0), "i8", centred=True).zero_points == (0,)


# ---- recipes -------------------------------------------------------------------------------------


def test_recipes_survive_json() -> None:
    own = recipe(
        Rule(None, "head"),
        Rule(QuantSpec("int8"), kinds=("conv_2d", "add"), activations="int8", ranges="mse"),
        Rule(QuantSpec("int8"), activations="int16"),
        interface="integer",
        state="int8",
    )
    assert Recipe.from_json(own.to_json()) == own
    assert Recipe.from_json(static_int8().to_json()) == static_int8()
    assert Recipe.from_json(Recipe((), state="int8").to_json()).state == "int8"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"rules": [{"spec": None, "activations": "int9"}]}, "did you mean int8"),
        (
            {"rules": [{"spec": None, "activations": "int8", "ranges": "least"}]},
            "no ranges 'least'",
        ),
        ({"rules": [{"spec": None, "kinds": ["softmx"]}]}, "did you mean softmax"),
        ({"rules": [{"spec": {"element": "int4"}, "activations": "int8"}]}, "meet weights of int8"),
        ({"rules": [], "interface": "integers"}, "one rule"),
        ({"rules": [{"spec": None}], "interface": "integers"}, "did you mean integer"),
        ({"rules": [], "state": "int4"}, "no state 'int4'"),
        ({"rules": [{"spec": None}], "cache": "int8"}, "no field of a recipe 'cache'"),
    ],
)
def test_unknown_words_are_named(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(litewright.UserError, match=told):
        Recipe.from_json(json.dumps(fields))


# ---- which ops take part -------------------------------------------------------------------------


class Mixed(nn.Module):
    """Products in a row, a norm, and a product by itself between floats."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(32, 48), nn.Linear(48, 32)
        self.norm = nn.LayerNorm(32)
        self.alone = nn.Linear(32, 32)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.softmax(self.second(torch.relu(self.first(x))), -1)
        x = self.norm(x)
        return torch.sin(self.alone(x))


def samples(count: int = 8, seed: int = 1) -> list[tuple[Array]]:
    rng = np.random.default_rng(seed)
    return [(rng.normal(size=(4, 32)).astype(np.float32),) for _ in range(count)]


def kinds_of(edge: litewright.EdgeModel) -> dict[str, Counter[str]]:
    """The ops of a model by the element type of their first result."""
    found: dict[str, Counter[str]] = {"integer": Counter(), "float": Counter()}
    with mlir.use(edge.program.context):
        for op in body_of(edge.program.signatures()[0]).operations:
            if op.results and "const" not in op_name(op) and op_name(op) != "tfl.no_value":
                is_float = str(element_of(op.results[0])) == "f32"
                found["float" if is_float else "integer"][op_name(op)[4:]] += 1
    return found


def converted(own: Recipe | str, module: nn.Module, data: Any = None) -> litewright.EdgeModel:
    sample = (torch.zeros(4, 32),)
    return litewright.convert(
        module, sample, quant_config=own, calibration_data=samples() if data is None else data
    )


@pytest.fixture(name="mixed", scope="module")
def _mixed() -> Mixed:
    torch.manual_seed(0)
    return Mixed().eval()


def test_products_in_a_row_take_part_and_those_between_floats_do_not(mixed: Mixed) -> None:
    found = kinds_of(converted("static_int8", mixed))
    assert found["integer"] == {"quantize": 1, "fully_connected": 2}
    assert found["float"]["fully_connected"] == 1
    assert found["float"]["softmax"] == 1


def test_what_a_rule_names_takes_part_wherever_it_stands(mixed: Mixed) -> None:
    named = Rule(QuantSpec("int8"), kinds=("fully_connected", "softmax"), activations="int8")
    found = kinds_of(converted(recipe(named), mixed))
    assert found["integer"]["fully_connected"] == 3
    assert found["integer"]["softmax"] == 1


def test_16_bits_take_all_products(mixed: Mixed) -> None:
    found = kinds_of(converted("static_int16x8", mixed))
    assert found["integer"]["fully_connected"] == 3


def test_rules_choose_modules(mixed: Mixed) -> None:
    own = recipe(Rule(QuantSpec("int8"), "first"), Rule(QuantSpec("int8"), activations="int8"))
    found = kinds_of(converted(own, mixed))
    assert found["float"]["fully_connected"] >= 1
    with pytest.raises(litewright.UserError, match="matches no weight"):
        converted(recipe(Rule(QuantSpec("int8"), "frist", activations="int8")), mixed)


def test_numbers_are_near(mixed: Mixed) -> None:
    for own, most in ((static_int8("mse"), 0.03), (static_int16x8(), 0.015)):
        edge = converted(own, mixed, samples(100))
        for (x,) in samples(4, seed=2):
            with torch.no_grad():
                expected = mixed(torch.from_numpy(x)).numpy()
            assert 0 < np.abs(edge(x) - expected).max() < most


def test_a_generator_serves_two_passes(mixed: Mixed) -> None:
    """Of data that can be gone through once, both GPTQ and the ranges see all."""
    own = recipe(Rule(QuantSpec("int8", algorithm="gptq"), activations="int8"))
    edge = converted(own, mixed, data=(sample for sample in samples()))
    assert kinds_of(edge)["integer"]["fully_connected"] == 2


class DeadChannel(nn.Module):
    """A channel of zeros with a bias, and one of next to nothing."""

    def __init__(self, tiny: float) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(32, 16), nn.Linear(16, 8)
        with torch.no_grad():
            self.first.weight[3] = 0
            self.first.weight[5] *= tiny
            self.first.bias[[3, 5]] = torch.tensor([0.37, -0.41])

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.relu(self.first(x)))


@pytest.mark.parametrize("tiny", [1.0, 1e-3, 1e-12])
def test_biases_of_dead_channels_are_kept(tiny: float) -> None:
    torch.manual_seed(1)
    module = DeadChannel(tiny).eval()
    edge = converted("static_int8", module)
    for (x,) in samples(4, seed=3):
        with torch.no_grad():
            expected = module(torch.from_numpy(x)).numpy()
        assert np.abs(edge(x) - expected).max() < 0.03
    assert any("bias" in note for note in edge.notes) == (tiny < 1e-6)


class Masked(nn.Module):
    """Scores that a mask is added to."""

    def forward(self, q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
        return torch.softmax(q @ k.transpose(1, 2) + mask, -1) @ k


def test_masks_stay_floats() -> None:
    rng = np.random.default_rng(0)
    mask = np.triu(np.full((6, 6), -0.7 * np.finfo(np.float32).max, np.float32), 1)[None]

    def given() -> Sequence[Array]:
        q, k = (rng.normal(size=(2, 6, 16)).astype(np.float32) for _ in "qk")
        return q, k, mask

    data = [given() for _ in range(6)]
    args = tuple(map(torch.from_numpy, given()))
    edge = litewright.convert(
        Masked().eval(), args, quant_config=static_int8(), calibration_data=data
    )
    x = given()
    with torch.no_grad():
        expected = Masked()(*map(torch.from_numpy, x)).numpy()
    assert np.abs(edge(*x) - expected).max() < 0.1


# ---- bad data ------------------------------------------------------------------------------------


def _with_nan() -> list[tuple[Array]]:
    data = samples(3)
    data[1][0][0, 0] = np.nan
    return data


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ([], "has no samples"),
        (iter(()), "has no samples"),
        ([(np.zeros((4, 31), np.float32),)], "sample 0 of calibration_data for 'serving_default'"),
        ([(np.zeros((4, 32), np.float64),)], "sample 0"),
        ([np.zeros((4, 32), np.float32)], "a sample is a tuple of inputs"),
        ([(np.zeros((4, 32), np.float32),) * 2], "2 inputs, the signature has 1"),
        (_with_nan(), "sample 1 .* holds NaN"),
        ({"main": samples()}, "calibration_data is for 'main'"),
        (3, "iterable of samples"),
    ],
)
def test_data_that_cannot_be_used_is_named(data: Any, told: str, mixed: Mixed) -> None:
    with pytest.raises(litewright.UserError, match=told):
        converted("static_int8", mixed, data)


def test_without_data_it_is_said_how(mixed: Mixed) -> None:
    with pytest.raises(litewright.UserError, match=r"calibration_data=.*--calibration FILE\.npz"):
        litewright.convert(mixed, (torch.zeros(4, 32),), quant_config="static_int8")
