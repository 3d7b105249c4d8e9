"""Lists of weights: what is stored, and what rounding has lost, against the numbers in the file."""

import json
import math
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

import litewright
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.inspect import stored_weights
from litewright.compiler.inspect.facts import WeightFacts
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import weight_symbol, weights_of
from litewright.compiler.ir.quantized_type import weight_quantization_of
from litewright.quantize import QuantSpec, Rule, errors, recipe
from litewright.tools.main import main
from tests.compiler.inspect.test_report import content_of

MIXED = recipe(
    Rule(QuantSpec("int8"), kinds=("embedding_lookup",)),
    Rule(QuantSpec("int4", "block", 32, algorithm="mse"), modules=r"^narrow"),
    Rule(QuantSpec("float16", "tensor", compute="float"), modules=r"^sixteen"),
    Rule(None, modules=r"^plain"),
    Rule(QuantSpec("int4", "channel")),
)


class Net(nn.Module):
    """Weights of every form, one of them too small to be kept beside the module."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(300, 128)
        self.narrow = nn.Linear(128, 320)
        self.wide = nn.Linear(320, 256)
        self.sixteen = nn.Linear(256, 160)
        self.plain = nn.Linear(160, 96)
        self.small = nn.Linear(96, 64)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.narrow(self.table(ids)))
        return self.small(
            torch.tanh(self.plain(torch.tanh(self.sixteen(torch.tanh(self.wide(x))))))
        )


@pytest.fixture(scope="module", name="net")
def _net() -> Net:
    torch.manual_seed(3)
    return Net().eval()


@pytest.fixture(scope="module", name="model")
def _model(net: Net) -> EdgeModel:
    return litewright.convert(net, (torch.randint(300, (2, 5)),), quant_config=MIXED)


def rounded(model: EdgeModel) -> dict[str, np.ndarray[Any, Any]]:
    """What the numbers in memory stand for, by parameter, without the code under test."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    with mlir.use(model.program.context):
        (function,) = model.program.signatures()
        for argument in weights_of(function):
            symbol = weight_symbol(argument) or ""
            values = model.program.weights.read(symbol).astype(np.float64)
            scheme = weight_quantization_of(argument)
            if scheme is not None:
                scales = model.program.weights.read(scheme.scales).astype(np.float64)
                groups = scales.reshape(len(values), -1)
                values = values * np.repeat(groups, values.shape[1] // groups.shape[1], axis=1)
            name = symbol.partition("(")[2].partition(",")[0]
            found[name or symbol] = values
    return found


def test_errors_are_those_of_the_numbers_stored(model: EdgeModel, net: Net) -> None:
    told = errors(model)
    actual = rounded(model)
    for each in told:
        exact = net.get_parameter(each.name).detach().double().numpy()
        lost = exact - actual[each.name]
        expected = 10 * math.log10(np.square(exact).sum() / np.square(lost).sum())
        assert each.snr == pytest.approx(expected, abs=1e-6)
    assert {each.name for each in told} == {
        f"{n}.weight" for n in ("table", "narrow", "wide", "sixteen", "small")
    }


def test_who_loses_most_comes_first(model: EdgeModel) -> None:
    told = errors(model)
    found = [each.snr or 0.0 for each in told]
    assert found == sorted(found)
    names = [each.name for each in told]
    # 4 bits with a scale for a whole channel, then for a block, then 8 bits, then 16.
    assert names.index("wide.weight") < names.index("narrow.weight") < names.index("table.weight")
    assert names[-1] == "sixteen.weight"


def test_what_is_exact_and_what_has_no_floats(tmp_path: Path) -> None:
    linear = nn.Linear(128, 320)
    # Every row reaches the highest integer, so the scale is exactly a half.
    whole = torch.randint(-127, 128, (320, 128), generator=torch.Generator().manual_seed(0)) / 2
    whole[:, 7] = 63.5
    linear.weight.data = whole.float()
    model = litewright.convert(linear.eval(), (torch.randn(2, 128),), quant_config="dynamic_int8")
    (one,) = errors(model)
    assert one.snr == math.inf
    path = tmp_path / "m.tflite"
    model.export(path)
    assert errors(litewright.read(path)) == ()


def test_bfloat16_weights_are_measured_against_themselves() -> None:
    from litewright.compiler.weights import Cast, Leaf, Quantize, WeightStore
    from litewright.compiler.weights.store import ArraySource

    generator = np.random.default_rng(5)
    narrow = generator.normal(size=(6, 64)).astype(ml_dtypes.bfloat16)
    store = WeightStore()
    store.add("w", ArraySource(narrow))
    spec = QuantSpec("int8")
    own = store.signal_to_noise(store.derive(Quantize(Cast(Leaf("w"), "float32"), spec, 1)))
    peaks = np.abs(narrow.astype(np.float64)).max(0)
    integers = np.round(narrow.astype(np.float64) / (peaks / 127))
    lost = narrow.astype(np.float64) - integers * (peaks / 127)
    expected = 10 * math.log10(np.square(narrow.astype(np.float64)).sum() / np.square(lost).sum())
    assert own == pytest.approx(expected, abs=0.01)
    assert store.signal_to_noise("w") is None


@pytest.mark.parametrize("spec", [QuantSpec("int8"), QuantSpec("int4", "block", 32)])
def test_a_tensor_of_several_parts_is_measured_as_a_whole(spec: QuantSpec) -> None:
    from litewright.compiler.weights import Leaf, Quantize, Scales, WeightStore
    from litewright.compiler.weights.store import ArraySource

    generator = np.random.default_rng(6)
    # The last part is shorter than the others, and rows differ in size.
    exact = generator.normal(size=(1100, 640)).astype(np.float32)
    exact *= np.exp(generator.normal(size=(1100, 1))).astype(np.float32)
    store = WeightStore()
    store.add("w", ArraySource(exact))
    pending = Quantize(Leaf("w"), spec, 0)
    integers = store.read(store.derive(pending)).astype(np.float64)
    scales = store.read(store.derive(Scales(pending))).astype(np.float64).reshape(1100, -1)
    lost = exact - integers * np.repeat(scales, 640 // scales.shape[1], axis=1)
    expected = 10 * math.log10(np.square(exact.astype(np.float64)).sum() / np.square(lost).sum())
    assert store.signal_to_noise(str(pending)) == pytest.approx(expected, abs=1e-5)


def listed(model: EdgeModel) -> dict[str, WeightFacts]:
    with mlir.use(model.program.context):
        return {each.name: each for each in stored_weights(model.program)}


def test_the_list_is_the_same_before_and_after_writing(model: EdgeModel, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    model.export(path)
    before, after = listed(model), listed(litewright.read(path))

    def facts(weights: dict[str, WeightFacts]) -> dict[str, tuple[object, ...]]:
        return {
            name: (each.dtype, each.granularity, each.shape, each.bytes, each.scale_bytes)
            for name, each in weights.items()
        }

    assert facts(before) == facts(after)
    assert facts(after) == {
        "table.weight": ("qi8", "channel", (300, 128), 300 * 128, 4 * 300),
        "narrow.weight": ("qi4", "block 32", (320, 128), 320 * 64, 2 * 320 * 4),
        "wide.weight": ("qi4", "channel", (256, 320), 256 * 160, 4 * 256),
        "sixteen.weight": ("f16", "", (160, 256), 2 * 160 * 256, 0),
        "plain.weight": ("f32", "", (96, 160), 4 * 96 * 160, 0),
        "small.weight": ("qi4", "channel", (64, 96), 64 * 48, 4 * 64),
    }
    stored = sum(each.bytes + each.scale_bytes for each in after.values())
    assert 0 < path.stat().st_size - stored < 20_000


FACTORY = """
import torch
from torch import nn


def net():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 300), nn.ReLU(), nn.Linear(300, 128)).eval()
    return net, (torch.randn(2, 64),)
"""


def command(*arguments: object) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result


def test_convert_and_opt_tell_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(FACTORY)
    source, path, narrow = (
        f"{tmp_path}/factories.py:net",
        tmp_path / "m.tflite",
        tmp_path / "n.tflite",
    )
    quantise = ("--quantize", "int4_channel", "--errors")
    told = json.loads(command("convert", source, "-o", path, *quantise, "--json").stdout)["errors"]
    assert {each["name"] for each in told} == {"0.weight", "2.weight"}
    assert all(10 < each["snr"] < 60 for each in told)
    text = command("convert", source, "-o", path, *quantise).output
    assert text.index(told[0]["name"]) < text.index(told[1]["name"])
    assert all(f"{each['snr']:.1f} dB" in text for each in told)

    assert "no weight is rounded" in command("convert", source, "-o", path, "--errors").output
    text = command("opt", path, *quantise, "-o", narrow).stderr
    assert all(f"{each['snr']:.1f} dB" in text for each in told), "the same floats, from a file"


def test_the_report_tells_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "factories.py").write_text(FACTORY)
    page = tmp_path / "page.html"
    arguments = ("report", f"{tmp_path}/factories.py:net", "-o", page, "--no-times")
    command(*arguments, "--quantize", "int4_channel")
    weights = content_of(page.read_text())["weights"]
    assert [row[5] is None for row in weights] == [False, False]
    assert all(10 < row[5] < 60 for row in weights)
    command(*arguments)
    assert [row[5] for row in content_of(page.read_text())["weights"]] == [None, None]


def test_the_command_lists_all(model: EdgeModel, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    model.export(path)
    result = command("inspect", path, "--weights")
    assert "block 32" in result.output
    assert all(name in result.output for name in listed(model))
    assert "SNR" not in result.output
    found = json.loads(command("inspect", path, "--weights", "--json").stdout)["weights"]
    assert {each["name"]: each["bytes"] for each in found} == {
        name: each.bytes for name, each in listed(model).items()
    }
    assert all(each["snr"] is None for each in found)
