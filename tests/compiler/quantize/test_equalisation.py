"""Channels of activations brought nearer to one size: for whom it is done, and that it gains."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.quantize.recipe import Reading, Recipe, Rule, recipe
from litewright.compiler.quantize.recipes import equalised_int8
from litewright.compiler.quantize.specs import QuantSpec, int4_blocks
from litewright.compiler.quantize.tensors import Array
from litewright.passes.tfl.equalise_inputs import factors_of
from tests.support.tolerances import relative_error

CHANNELS = 96


class Network(nn.Module):
    """Two projections of one value that has a few large channels, and that something else reads too."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(CHANNELS)
        self.first = nn.Linear(CHANNELS, 64)
        self.second = nn.Linear(CHANNELS, 64, bias=False)
        with torch.no_grad():
            self.norm.weight[[3, 50]] = 60.0

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        small = normed.abs().mean(-1, keepdim=True)
        return self.first(normed) * torch.sigmoid(self.second(normed)) + small


@pytest.fixture
def network() -> Network:
    torch.manual_seed(4)
    return Network().eval()


def samples(count: int, seed: int, rows: int = 8) -> list[tuple[Tensor]]:
    random = torch.Generator().manual_seed(seed)
    return [(torch.randn(1, rows, CHANNELS, generator=random),) for _ in range(count)]


def error(model: Any, network: nn.Module) -> float:
    return float(
        np.mean([relative_error(model(x), network(x).detach().numpy()) for (x,) in samples(10, 99)])
    )


def operators(model: Any) -> str:
    return str(model.program.module)


@pytest.mark.parametrize(
    "spec", [QuantSpec(), int4_blocks(32), QuantSpec(algorithm="gptq")], ids=str
)
def test_large_channels_cost_the_others_less(network: Network, spec: QuantSpec) -> None:
    data = samples(20, 1)
    first = data[0]
    plain = litewright.convert(
        network, first, quant_config=recipe(spec), calibration_data=samples(20, 1)
    )
    own = recipe(Rule(spec, equalise=0.5))
    equalised = litewright.convert(network, first, quant_config=own, calibration_data=data)
    assert error(equalised, network) < 0.8 * error(plain, network)


def test_projections_of_one_value_share_a_multiplication(network: Network) -> None:
    args = samples(1, 0)[0]
    data = samples(4, 1)
    eight = recipe(QuantSpec())
    plain = operators(litewright.convert(network, args, quant_config=eight))
    own = recipe(Rule(QuantSpec(), equalise=0.5))
    both = operators(litewright.convert(network, args, quant_config=own, calibration_data=data))
    assert both.count('"tfl.mul"') == plain.count('"tfl.mul"') + 1
    assert both.count("equalise") == 0
    none = recipe(Rule(QuantSpec(), equalise=0.0))
    assert operators(litewright.convert(network, args, quant_config=none)) == plain


def test_all_signatures_divide_by_the_same(network: Network) -> None:
    long, short = samples(1, 0)[0], samples(1, 5, rows=3)[0]
    converter = litewright.signature("long", network, long).signature("short", network, short)
    own = recipe(Rule(QuantSpec(), equalise=0.5))
    model = converter.convert(quant_config=own, calibration_data={"long": samples(4, 1)})
    actual = model(*short, signature_name="short")
    assert isinstance(actual, np.ndarray)
    assert relative_error(actual, network(*short).detach().numpy()) < 0.03


def test_factors() -> None:
    inputs = np.random.default_rng(3).normal(size=(500, 8)) * [1, 1, 1, 1, 1, 1, 100, 0]
    moments = (inputs.T @ inputs).astype(np.float32)
    factors = factors_of(moments, 0.5)
    assert np.isclose(np.log(factors).mean(), 0, atol=1e-6)
    assert 9 < factors[6] / factors[0] < 11
    assert 0 < factors[7] < factors[0]
    assert np.array_equal(factors_of(moments, 0), np.ones(8, np.float32))
    assert np.array_equal(factors_of(np.zeros((5, 5), np.float32), 1), np.ones(5, np.float32))


def test_what_is_wrong_is_named(network: Network) -> None:
    own = recipe(Rule(QuantSpec(), equalise=0.5))
    with pytest.raises(UserError, match=r"equalise looks at .*calibration_data"):
        litewright.convert(network, samples(1, 0)[0], quant_config=own)
    wrong: Any
    for wrong in (-0.1, 1.5, "half", float("nan")):
        with pytest.raises(UserError, match="equalise is a number from 0 to 1"):
            Rule(QuantSpec(), equalise=wrong)


def test_the_ready_recipe_means_what_norms_make() -> None:
    own = equalised_int8()

    def strength(path: str) -> float:
        rule = own.rule_for(Reading((path,), "fully_connected", 10_000))
        assert rule is not None
        return rule.equalise

    layer = "bert.encoder.layer.0"
    for name in ("attention.self.query", "attention.self.value", "intermediate.dense"):
        assert strength(f"{layer}.{name}.weight") == 0.5
    for name in ("attention.output.dense", "output.dense"):
        assert strength(f"{layer}.{name}.weight") == 0
    assert strength("model.layers.0.self_attn.k_proj.weight") == 0.5
    assert strength("model.layers.0.mlp.down_proj.weight") == 0


def test_json_keeps_it() -> None:
    own = recipe(Rule(QuantSpec(), "intermediate", equalise=0.5), QuantSpec())
    assert Recipe.from_json(own.to_json()) == own
    assert "equalise" not in recipe(QuantSpec()).to_json()


def test_a_weight_that_is_looked_up_too_stays() -> None:
    table = nn.Embedding(64, 48)

    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = table

        def forward(self, tokens: Tensor) -> Tensor:
            return torch.tanh(self.table(tokens)) @ self.table.weight.T

    tokens = torch.randint(64, (1, 8))
    own = recipe(Rule(QuantSpec(), equalise=0.5))
    data: list[tuple[Array]] = [(tokens.numpy(),)]
    model = litewright.convert(Tied().eval(), (tokens,), quant_config=own, calibration_data=data)
    assert '"tfl.mul"' not in operators(model)
