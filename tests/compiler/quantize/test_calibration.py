"""Algorithms that look at data, and the data."""

import gc
import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.calibration import MeasureInputs
from litewright.compiler.driver.pieces import pieces_of
from litewright.compiler.inspect.exposing import computed
from litewright.compiler.ir import mlir
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.quantize.descent import Descent
from litewright.compiler.quantize.gptq import damped, spreading
from litewright.compiler.quantize.recipe import Rule, recipe
from litewright.compiler.quantize.recipes import recipe_of
from litewright.compiler.quantize.specs import QuantSpec, int4_blocks
from litewright.compiler.quantize.tensors import Array, quantize
from tests.support.tolerances import assert_close, relative_error

_RANDOM = np.random.default_rng(8)
GPTQ = [
    QuantSpec("int4", algorithm="gptq"),
    QuantSpec("int2", algorithm="gptq"),
    int4_blocks(32, "gptq"),
    int4_blocks(128, "gptq"),
]
CLIPPED = [QuantSpec.from_dict({**spec.to_dict(), "algorithm": "output_mse"}) for spec in GPTQ]


def inputs_of_rank(columns: int, rank: int, count: int = 400) -> Array:
    """Inputs that depend on each other, as activations do."""
    basis = _RANDOM.normal(size=(rank, columns)) * _RANDOM.uniform(0.1, 3, columns)
    noise = _RANDOM.normal(size=(count, columns)) * 0.1
    return (_RANDOM.normal(size=(count, rank)) @ basis + noise).astype(np.float32)


def products_error(spec: QuantSpec, algorithm: str) -> float:
    """Of a random matrix with inputs that were not looked at."""
    weight = _RANDOM.normal(size=(96, 256)).astype(np.float32)
    seen, fresh = np.split(inputs_of_rank(256, 40, 800), 2)
    own = QuantSpec.from_dict({**spec.to_dict(), "algorithm": algorithm})
    moments = None if algorithm == "mse" else seen.T @ seen
    made = quantize(lambda a, b: weight[a:b], weight.shape, own, 0, moments)
    wanted = np.square(fresh @ weight.T).mean()
    return float(np.square(fresh @ (made.dequantized(0) - weight).T).mean() / wanted)


@pytest.mark.parametrize("spec", GPTQ, ids=str)
def test_products_are_closer_than_with_the_search_alone(spec: QuantSpec) -> None:
    searched = products_error(spec, "mse")
    clipped = products_error(spec, "output_mse")
    assert clipped < (0.8 if spec.block_size else 0.97) * searched
    assert products_error(spec, "gptq") < min(0.6 * searched, 0.9 * clipped)


@pytest.mark.parametrize("spec", [CLIPPED[0], CLIPPED[2]], ids=str)
def test_clipping_rounds_to_the_nearest(spec: QuantSpec) -> None:
    weight = _RANDOM.normal(size=(48, 128)).astype(np.float32)
    inputs = inputs_of_rank(128, 20)
    made = quantize(lambda a, b: weight[a:b], weight.shape, spec, 0, inputs.T @ inputs)
    scales = made.scales.astype(np.float32).reshape(48, -1)
    steps = np.repeat(scales, 128 // scales.shape[1], axis=1)
    low = -8 if spec.block_size else -7
    nearest = np.clip(np.rint(weight / steps), low, 7)
    # A quotient may fall to the other side of a half.
    assert (made.integers.astype(np.float32) != nearest).mean() < 1e-3


def test_without_dependence_it_rounds_to_the_nearest() -> None:
    weight = _RANDOM.normal(size=(32, 64)).astype(np.float32)
    spec = int4_blocks(32, "gptq")
    made = quantize(lambda a, b: weight[a:b], weight.shape, spec, 0, np.eye(64, dtype=np.float32))
    plain = quantize(lambda a, b: weight[a:b], weight.shape, int4_blocks(32, "mse"), 0)
    steps = np.repeat(made.scales.astype(np.float32), 32, axis=1)
    differing = made.integers.astype(np.float32) != np.clip(np.rint(weight / steps), -8, 7)
    assert differing.mean() < 1e-3
    found, known = (float(np.square(x.dequantized(0) - weight).sum()) for x in (made, plain))
    assert 0.98 * known < found <= known


@pytest.mark.parametrize("size", [32, 128])
def test_descent_never_goes_up(size: int) -> None:
    weight = _RANDOM.normal(size=(24, 128)).astype(np.float32)
    inputs = inputs_of_rank(128, 20)
    moments = damped(inputs.T @ inputs)
    scales = np.abs(weight.reshape(24, -1, size)).max(-1) / np.float32(7)
    bounds = np.float32(-8), np.float32(7)

    def cost(descent: Descent) -> float:
        steps = np.repeat(descent.scales, size, axis=0)
        difference = weight.T - descent.integers * steps
        assert np.abs(descent.integers).max() <= 8
        return float((difference * (moments @ difference)).sum())

    descent = Descent(weight, scales, moments, bounds, lambda found: found)
    start = cost(descent)
    descent.clip()
    clipped = cost(descent)
    descent.improve(descent.integers.T.copy())
    assert cost(descent) < 0.8 * clipped < 0.8 * 0.8 * start


def test_columns_that_see_nothing_are_harmless() -> None:
    inputs = inputs_of_rank(64, 5)
    inputs[:, [3, 40]] = 0
    spread = spreading(damped(inputs.T @ inputs))
    assert np.isfinite(spread.factor).all()
    assert sorted(spread.order.tolist()) == list(range(64))
    weight = _RANDOM.normal(size=(16, 64)).astype(np.float32)
    for spec in (*GPTQ[:3], *CLIPPED[:3]):
        made = quantize(lambda a, b: weight[a:b], weight.shape, spec, 0, inputs.T @ inputs)
        assert np.isfinite(made.dequantized(0)).all()


class Network(nn.Module):
    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.first = nn.Linear(64, width)
        self.second = nn.Linear(width, 64)
        self.third = nn.Linear(width, 32, bias=False)

    def forward(self, x: Tensor, gain: Tensor) -> Tensor:
        hidden = torch.relu(self.first(x)) * gain
        return torch.cat([self.second(hidden), self.third(hidden)], -1)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(2)
    return Network().eval()


ARGS = (torch.randn(1, 8, 64), torch.randn(128))


def samples(count: int, seed: int) -> list[tuple[Array, Array]]:
    random = np.random.default_rng(seed)
    basis = np.random.default_rng(0).normal(size=(12, 64))
    gain = np.linspace(0.1, 2, 128, dtype=np.float32)
    rows = random.normal(size=(count, 8, 12)) @ basis
    return [(row[None].astype(np.float32), gain) for row in rows]


def errors(model: Any, network: nn.Module) -> float:
    found: list[float] = []
    for x, gain in samples(20, 99):
        expected = network(torch.from_numpy(x), torch.from_numpy(gain)).detach().numpy()
        found.append(float(np.square(model(x, gain) - expected).mean()))
    return float(np.mean(found))


@pytest.mark.parametrize("spec", [GPTQ[0], GPTQ[2]], ids=str)
def test_a_model_is_better_for_it(network: Network, spec: QuantSpec) -> None:
    plain = QuantSpec.from_dict({**spec.to_dict(), "algorithm": "mse"})
    searched = litewright.convert(network, ARGS, quant_config=plain)
    data = samples(40, 1)
    calibrated = litewright.convert(network, ARGS, quant_config=spec, calibration_data=data)
    assert errors(calibrated, network) < 0.8 * errors(searched, network)


def test_samples_by_name_and_by_signature(network: Network, tmp_path: Path) -> None:
    spec = GPTQ[2]
    by_position = samples(5, 1)
    by_name = [{"gain": gain, "x": torch.from_numpy(x)} for x, gain in by_position]
    models = [
        litewright.convert(network, ARGS, quant_config=spec, calibration_data=data)
        for data in (by_position, iter(by_name), {"serving_default": by_name})
    ]
    for number, model in enumerate(models):
        model.export(tmp_path / str(number))
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_several_signatures_share_the_moments(network: Network) -> None:
    shorter = (torch.randn(1, 3, 64), torch.randn(128))
    converter = litewright.signature("long", network, ARGS).signature("short", network, shorter)
    model = converter.convert(quant_config=GPTQ[2], calibration_data={"long": samples(5, 1)})
    expected = network(*shorter).detach().numpy()
    actual = model(*shorter, signature_name="short")
    assert isinstance(actual, np.ndarray)
    assert relative_error(actual, expected) < 0.3
    with pytest.raises(UserError, match=r"several signatures: .* long, short"):
        converter.convert(quant_config=GPTQ[2], calibration_data=samples(5, 1))
    with pytest.raises(UserError, match="is for 'middle'; the signatures are long, short"):
        converter.convert(quant_config=GPTQ[2], calibration_data={"middle": samples(1, 1)})


def test_a_weight_that_is_only_looked_up_needs_no_data() -> None:
    table = nn.Embedding(64, 64).eval()
    tokens = torch.tensor([1, 5])
    model = litewright.convert(table, (tokens,), quant_config=GPTQ[0])
    expected = table(tokens).detach().numpy()
    actual = model(tokens)
    assert isinstance(actual, np.ndarray)
    assert relative_error(actual, expected) < 0.1


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (
            None,
            r"first\.weight: gptq looks at what the weight is multiplied by; .*calibration_data",
        ),
        ([], "no samples"),
        (7, "iterable of samples"),
        (
            [(np.zeros((1, 8, 64), np.float32),)],
            "sample 0 .* 1 inputs, the signature has 2: x, gain",
        ),
        ([samples(1, 1)[0], np.zeros(3)], "sample 1 .* a tuple of inputs or a mapping"),
        ([(np.zeros((1, 9, 64), np.float32), np.zeros(128, np.float32))], "(?s)sample 0 .*x"),
        ([{"x": np.zeros((1, 8, 64), np.float32), "y": np.zeros(128)}], "(?s)sample 0 .*y"),
    ],
)
def test_data_that_does_not_fit_is_named(network: Network, data: Any, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        litewright.convert(network, ARGS, quant_config=GPTQ[2], calibration_data=data)


def test_data_without_a_recipe(network: Network) -> None:
    with pytest.raises(UserError, match="give quant_config too"):
        litewright.convert(network, ARGS, calibration_data=[])
    own = recipe(Rule(QuantSpec("int8")))
    litewright.convert(network, ARGS, quant_config=own, calibration_data=[])


GAIN = np.linspace(0.1, 2, 512, dtype=np.float32)


def wide() -> tuple[Network, litewright.EdgeModel]:
    """With weights that are no constants."""
    torch.manual_seed(2)
    network = Network(512).eval()
    return network, litewright.convert(network, (torch.randn(1, 8, 64), torch.randn(512)))


@pytest.mark.parametrize("at_a_time", [1, 200_000, 300_000, 1 << 28])
def test_moments_are_those_of_the_whole_however_it_is_cut(at_a_time: int) -> None:
    """Weights of 128, 128 and 64 KB."""
    data = [(x, GAIN) for x, _ in samples(3, 1)]
    own = recipe_of(GPTQ[2])
    network, edge = wide()
    with mlir.use(edge.program.context):
        measuring = MeasureInputs(own, data, at_a_time=at_a_time)
        assert not measuring.run(edge.program)
    found = {n: edge.program.weights.read(n) for n in edge.program.weights if "moments" in n}
    rows = np.concatenate([x[0] for x, _ in data])
    with torch.inference_mode():
        hidden = torch.relu(network.first(torch.from_numpy(rows))).numpy() * data[0][1]
    expected = {"first": rows.T @ rows, "second": hidden.T @ hidden}
    assert len(found) >= 2
    for name, moments in found.items():
        wanted = expected["first" if "first" in name else "second"]
        assert_close(moments, wanted, "float32 model")


def test_a_large_model_is_cut_and_a_small_one_is_not() -> None:
    _, edge = wide()
    with mlir.use(edge.program.context):
        [function] = edge.program.signatures()
        shown = [place for place, op, _ in computed(function) if op_name(op) != "tfl.concatenation"]
        assert pieces_of(function, shown) is None
        pieces = pieces_of(function, shown, 200_000)
        assert pieces is not None
        assert len(pieces) > 1
        assert sorted(place for piece in pieces for place in piece.shown) == sorted(shown)
        for before, after in itertools.pairwise(pieces):
            assert set(after.starts) <= before.kept


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("at_a_time", [1, 1 << 28])
def test_numbers_that_are_none_are_named(wrong: float, at_a_time: int) -> None:
    data = [(x, GAIN) for x, _ in samples(3, 1)]
    data[1][0][0, 2, 3] = wrong
    _, edge = wide()
    with mlir.use(edge.program.context):
        measuring = MeasureInputs(recipe_of(GPTQ[2]), data, at_a_time=at_a_time)
        with pytest.raises(
            UserError, match=r"sample 1 of .*: NaN or infinity meets .*first\.weight"
        ):
            measuring.run(edge.program)


def test_nothing_is_left_of_moments(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    edge = litewright.convert(network, ARGS, quant_config=GPTQ[2], calibration_data=samples(2, 1))
    assert list(tmp_path.iterdir())
    edge.export(tmp_path / "model.tflite")
    del edge
    gc.collect()
    assert list(tmp_path.iterdir()) == [tmp_path / "model.tflite"]
