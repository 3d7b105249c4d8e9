"""Tables whose first rows are quantised apart: the same numbers, fewer bytes where they count least."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.quantize.recipe import Recipe, Rule, recipe
from litewright.compiler.quantize.specs import QuantSpec, int4_blocks
from litewright.quantize import int4_compact
from tests.support.tolerances import TOLERANCES, relative_error

VOCABULARY, WIDTH, FIRST = 600, 64, 200
FLOATS = Rule(QuantSpec("float16", "tensor", compute="float"), "table", first_rows=FIRST)
"""Splits the table, and rounds so little that numbers can be compared."""


class Tied(nn.Module):
    """Looks rows up and multiplies by them, as language models do; the bias is the head's own."""

    def __init__(self, *, bias: bool) -> None:
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.middle = nn.Linear(WIDTH, WIDTH)
        self.bias = nn.Parameter(torch.randn(VOCABULARY)) if bias else None

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = torch.tanh(self.middle(self.table(tokens)))
        return nn.functional.linear(hidden, self.table.weight, self.bias)


def edges(length: int) -> Tensor:
    """Tokens on both sides of the border, and both ends."""
    tokens = torch.randint(VOCABULARY, (1, length), generator=torch.Generator().manual_seed(length))
    tokens[0, :4] = torch.tensor([0, FIRST - 1, FIRST, VOCABULARY - 1])
    return tokens


@pytest.mark.parametrize("bias", [False, True], ids=["plain", "bias"])
def test_the_numbers_stay(bias: bool) -> None:
    torch.manual_seed(0)
    network = Tied(bias=bias).eval()
    long, short = edges(16), edges(4)
    converter = litewright.signature("long", network, (long,)).signature("short", network, (short,))
    model = converter.convert(quant_config=recipe(FLOATS))
    for name, tokens in (("long", long), ("short", short)):
        expected = network(tokens).detach().numpy()
        actual: Any = model(tokens, signature_name=name)
        assert relative_error(actual, expected) < TOLERANCES["float16 op"]
    text = str(model.program.module)
    # Two functions, each with two lookups and two products of the table.
    assert text.count('"tfl.embedding_lookup"') == 4
    assert text.count('"tfl.fully_connected"') == 6


def test_each_part_has_its_own_scheme_and_is_in_the_file_once(tmp_path: Any) -> None:
    torch.manual_seed(0)
    network, tokens = Tied(bias=False).eval(), edges(8)
    own = recipe(Rule(QuantSpec("int8"), "table", first_rows=FIRST), int4_blocks(32, "mse"))
    sizes: dict[str, int] = {}
    kinds: dict[str, set[str]] = {}
    for name, config in (("split", own), ("four", recipe(int4_blocks(32, "mse")))):
        model = litewright.convert(network, (tokens,), quant_config=config)
        model.export(tmp_path / name)
        sizes[name] = (tmp_path / name).stat().st_size
        kinds[name] = {each.dtype for each in litewright.quantize.errors(model)}
    extra = FIRST * (WIDTH // 2 - 2 * WIDTH // 32 + 4)
    assert extra - 256 < sizes["split"] - sizes["four"] < extra + 4096
    assert kinds == {"split": {"qi8", "qi4"}, "four": {"qi4"}}


def test_frequent_rows_are_closer() -> None:
    torch.manual_seed(0)
    network, tokens = Tied(bias=False).eval(), edges(32)
    first = Rule(QuantSpec("int8"), "table", first_rows=FIRST)
    own = recipe(first, Rule(None, "middle"), int4_blocks(32, "mse"))
    model: Any = litewright.convert(network, (tokens,), quant_config=own)
    error = np.abs(model(tokens) - network(tokens).detach().numpy())[0]
    common = tokens[0].numpy() < FIRST
    assert error[common][:, :FIRST].mean() < 0.3 * error[~common][:, FIRST:].mean()


@pytest.mark.parametrize("algorithm", ["mse", "gptq"])
def test_a_compact_recipe(algorithm: Any) -> None:
    torch.manual_seed(0)
    network, tokens = Tied(bias=False).eval(), edges(32)
    own = int4_compact(32, algorithm, first_rows=FIRST)
    data = [(edges(length),) for length in [32] * 4] if algorithm == "gptq" else None
    model = litewright.convert(network, (tokens,), quant_config=own, calibration_data=data)
    found = {(each.dtype, each.shape[0]) for each in litewright.quantize.errors(model)}
    middle = ("qi4", WIDTH)
    assert found == {("qi8", FIRST), ("qi4", VOCABULARY - FIRST), middle}
    # Rows that are looked up count by themselves, beside what they are multiplied by.
    assert ("and lookups" in str(model.program.module)) == (algorithm == "gptq")
    channels = {
        each.granularity
        for each in litewright.quantize.errors(
            litewright.convert(network, (tokens,), quant_config=int4_compact(0, first_rows=FIRST))
        )
    }
    assert channels == {"channel"}
    with pytest.raises(UserError, match="no blocks of 48"):
        int4_compact(48)


def test_an_output_head_of_its_own_is_split_too() -> None:
    class Untied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(VOCABULARY, WIDTH)
            self.lm_head = nn.Linear(WIDTH, VOCABULARY, bias=False)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.lm_head(torch.tanh(self.table(tokens)))

    own = int4_compact(32, first_rows=FIRST)
    model = litewright.convert(Untied().eval(), (edges(8),), quant_config=own)
    found = sorted((each.dtype, each.shape[0]) for each in litewright.quantize.errors(model))
    assert found == [("qi4", VOCABULARY - FIRST)] * 2 + [("qi8", FIRST)] * 2


def test_a_table_without_other_rows_is_meant_whole() -> None:
    network, tokens = Tied(bias=False).eval(), edges(8)
    own = recipe(Rule(QuantSpec("int8"), "table", first_rows=VOCABULARY), int4_blocks(32))
    text = str(litewright.convert(network, (tokens,), quant_config=own).program.module)
    assert text.count('"tfl.embedding_lookup"') == 1
    assert "select_v2" not in text


def test_what_cannot_be_split_is_told() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Parameter(torch.randn(VOCABULARY, WIDTH))

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.linear(x, self.table) + (self.table * self.table).sum()

    own = recipe(Rule(QuantSpec("int8"), "table", first_rows=FIRST))
    with pytest.raises(UserError, match="first 200 rows"):
        litewright.convert(Scaled().eval(), (torch.randn(2, WIDTH),), quant_config=own)
    wrong: Any
    for wrong in (-1, 0.5, "many", True):
        with pytest.raises(UserError, match="first_rows is a number of rows"):
            Rule(QuantSpec(), first_rows=wrong)


def test_json_keeps_it() -> None:
    own = recipe(Rule(QuantSpec("int8"), "table", first_rows=FIRST), QuantSpec())
    assert Recipe.from_json(own.to_json()) == own
