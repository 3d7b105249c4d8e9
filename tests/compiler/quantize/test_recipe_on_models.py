"""Recipes on whole models: sharing, what cannot be given, what is wrong, and the command."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from torch import Tensor, nn

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.driver.model import EdgeModel
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import weight_symbol, weights_of
from litewright.compiler.ir.quantized_type import weight_quantization_of
from litewright.compiler.quantize.recipe import Recipe, Rule, recipe
from litewright.compiler.quantize.specs import FLOAT16, QuantSpec, int4_blocks
from litewright.tools.main import main
from tests.support.tolerances import relative_error

EIGHT, FOUR = QuantSpec("int8"), QuantSpec("int4")


class Tied(nn.Module):
    """A table that is looked up and multiplied by."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(512, 64)
        self.hidden = nn.Linear(64, 64)

    def forward(self, tokens: Tensor) -> Tensor:
        x = torch.tanh(self.hidden(self.embed(tokens)))
        return F.linear(x, self.embed.weight)


class Head(nn.Module):
    def __init__(self, body: Tied) -> None:
        super().__init__()
        self.embed = body.embed

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.embed.weight)


TOKENS = torch.tensor([[3, 500, 7, 0]])


@pytest.fixture
def tied() -> Tied:
    torch.manual_seed(1)
    return Tied().eval()


def forms(model: EdgeModel) -> dict[str, str]:
    """Symbol of every weight argument, with the type that it has in memory."""
    found: dict[str, str] = {}
    with mlir.use(model.program.context):
        for function in model.program.functions():
            for argument in weights_of(function):
                found[weight_symbol(argument) or ""] = str(argument.type)
    return found


def assert_near(model: EdgeModel, module: nn.Module, limit: float) -> None:
    expected = module(TOKENS).detach().numpy()
    assert relative_error(model(TOKENS), expected) < limit


def test_the_ir_says_what_will_be_made(tied: Tied) -> None:
    model = litewright.convert(tied, (TOKENS,), quant_config="dynamic_int8")
    assert forms(model) == {
        "quantize(embed.weight, int8 channel, min_max, axis=0)": "tensor<512x64xi8>",
        "quantize(hidden.weight, int8 channel, min_max, axis=0)": "tensor<64x64xi8>",
    }
    with mlir.use(model.program.context):
        (function,) = model.program.signatures()
        schemes = [weight_quantization_of(argument) for argument in weights_of(function)]
    assert all(scheme is not None and scheme.axis == 0 for scheme in schemes)
    assert_near(model, tied, 0.05)


def test_a_shared_weight_has_the_most_exact_form_asked_for(tied: Tied, tmp_path: Path) -> None:
    model = litewright.convert(tied, (TOKENS,), quant_config="int4_block32")
    assert model.notes == []
    assert "quantize(embed.weight, int8 channel, min_max, axis=0)" in forms(model)
    path = tmp_path / "m.tflite"
    model.export(path)
    assert path.stat().st_size < 512 * 64 * 1.5


def test_signatures_share_one_form(tied: Tied, tmp_path: Path) -> None:
    own = recipe(Rule(EIGHT, kinds=("embedding_lookup",)), Rule(FOUR))
    model = (
        litewright.signature("whole", tied, (TOKENS,))
        .signature("head", Head(tied).eval(), (torch.randn(2, 64),))
        .convert(quant_config=own)
    )
    assert "quantize(embed.weight, int8 channel, min_max, axis=0)" in forms(model)
    assert len(forms(model)) == 2
    path = tmp_path / "m.tflite"
    model.export(path)
    assert path.stat().st_size < 512 * 64 * 1.6
    x = torch.randn(2, 64)
    expected = F.linear(x, tied.embed.weight).detach().numpy()
    assert relative_error(model(x, signature_name="head"), expected) < 0.03


def test_a_weight_that_one_reader_wants_as_it_is_stays(tied: Tied) -> None:
    only = recipe(Rule(FOUR, kinds=("fully_connected",)))
    model = litewright.convert(tied, (TOKENS,), quant_config=only)
    assert forms(model)["embed.weight"] == "tensor<512x64xf32>"
    assert model.notes == [
        "embed.weight: int4 channel was asked, it stays as it is: embedding_lookup reads it as it is"
    ]


def test_what_the_runtime_lacks_becomes_the_nearest(tied: Tied) -> None:
    model = litewright.convert(tied, (TOKENS,), quant_config=int4_blocks(128))
    for name, given, why in (
        ("embed.weight", "int4 block 64", "64 columns cannot be cut into blocks of 128"),
        ("hidden.weight", "int4 block 64", "64 columns cannot be cut into blocks of 128"),
    ):
        assert f"{name}: int4 block 128 was asked, {given} given: {why}" in model.notes
    assert_near(model, tied, 0.25)


@pytest.mark.parametrize("spec", [QuantSpec("int8", "block", 32), QuantSpec("int2", "block", 32)])
def test_blocks_that_would_end_the_process_are_never_written(tied: Tied, spec: QuantSpec) -> None:
    model = litewright.convert(tied, (TOKENS,), quant_config=spec)
    assert len(model.notes) == 2
    assert all("has no kernel for" in note for note in model.notes)
    assert all("int8 channel" in symbol for symbol in forms(model))


def test_an_odd_number_of_columns_has_no_half_bytes() -> None:
    module = nn.Linear(33, 64).eval()
    model = litewright.convert(module, (torch.randn(2, 33),), quant_config=FOUR)
    assert model.notes == [
        "weight: int4 channel was asked, int8 channel given: 33 columns of int4 do not fill bytes"
    ]


def test_specs_by_module_kind_and_size(tied: Tied) -> None:
    own = recipe(
        Rule(None, r"^hidden\."),
        Rule(FLOAT16, kinds=("embedding_lookup", "fully_connected"), at_least=512 * 64),
    )
    model = litewright.convert(tied, (TOKENS,), quant_config=own)
    assert list(forms(model)) == ["cast(embed.weight, float16)"]
    assert_near(model, tied, 2e-3)


def test_tables_that_no_checkpoint_holds_stay_unless_named() -> None:
    class Rotary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("angles", torch.randn(300, 64), persistent=False)
            self.proj = nn.Linear(64, 64)

        def forward(self, tokens: Tensor) -> Tensor:
            return self.proj(F.embedding(tokens, self.get_buffer("angles")))

    module = Rotary().eval()
    assert list(forms(litewright.convert(module, (TOKENS,), quant_config=EIGHT))) == [
        "quantize(proj.weight, int8 channel, min_max, axis=0)"
    ]
    named = recipe(Rule(EIGHT, "angles"))
    assert list(forms(litewright.convert(module, (TOKENS,), quant_config=named))) == [
        "quantize(angles, int8 channel, min_max, axis=0)"
    ]


def test_weights_are_packed_and_read_back(tied: Tied, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    model = litewright.convert(tied, (TOKENS,), quant_config=QuantSpec("int4", algorithm="mse"))
    model.export(path)
    again = litewright.read(path)
    again.export(tmp_path / "again.tflite")
    assert (tmp_path / "again.tflite").read_bytes() == path.read_bytes()
    np.testing.assert_array_equal(model(TOKENS), again(TOKENS))


def test_the_same_input_gives_the_same_bytes(tied: Tied, tmp_path: Path) -> None:
    for name in ("one", "two"):
        model = litewright.convert(tied, (TOKENS,), quant_config="int4_block32")
        model.export(tmp_path / name)
        model.export(tmp_path / f"{name} again")
    files = {path.read_bytes() for path in tmp_path.iterdir()}
    assert len(files) == 1


def test_errors_come_before_the_work(tied: Tied) -> None:
    wrong = recipe(Rule(EIGHT, "embeddings"))
    with pytest.raises(UserError, match=r"'embeddings' matches no weight; .*embed\.weight"):
        litewright.convert(tied, (TOKENS,), quant_config=wrong)
    with pytest.raises(UserError, match="did you mean dynamic_int8"):
        litewright.convert(tied, (TOKENS,), quant_config="dynamic_int_8")
    with pytest.raises(UserError, match="quant_config is 8"):
        litewright.convert(tied, (TOKENS,), quant_config=8)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("spec", [EIGHT, int4_blocks(32, "mse"), FOUR])
def test_a_weight_that_is_no_number_is_named(tied: Tied, spec: QuantSpec, tmp_path: Path) -> None:
    with torch.no_grad():
        tied.hidden.weight[5, 6] = torch.nan
    model = litewright.convert(tied, (TOKENS,), quant_config=spec)
    path = tmp_path / "m.tflite"
    with pytest.raises(UserError, match=r"hidden\.weight holds NaN or infinity"):
        model.export(path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_quantised_as_a_model_is(tied: Tied, tmp_path: Path) -> None:
    path, small = tmp_path / "m.tflite", tmp_path / "small.tflite"
    litewright.convert(tied, (TOKENS,)).export(path)
    for name in ("dynamic_int8", "int4_block32", "fp16"):
        arguments = ["opt", str(path), "--quantize", name, "-o", str(small)]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        direct = litewright.convert(tied, (TOKENS,), quant_config=name)
        np.testing.assert_allclose(litewright.read(small)(TOKENS), direct(TOKENS), atol=1e-6)
        assert small.stat().st_size < path.stat().st_size
    wrong = CliRunner().invoke(main, ["opt", str(path), "--quantize", "int3", "-o", str(small)])
    assert wrong.exit_code != 0


FACTORY = """
import torch
from torch import nn

def made():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 128)).eval(), (torch.randn(2, 64),)
"""


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "factory.py").write_text(FACTORY)
    (tmp_path / "own.json").write_text(Recipe((Rule(int4_blocks(64)),)).to_json())
    (tmp_path / "wrong.json").write_text(json.dumps({"rules": [{"spec": {"element": "int9"}}]}))
    monkeypatch.chdir(tmp_path)

    def convert(recipe_name: str) -> tuple[int, str]:
        arguments = ["convert", "factory.py:made", "-o", "m.tflite", "--quantize", recipe_name]
        done = CliRunner().invoke(main, arguments)
        return done.exit_code, done.output + str(done.exception or "")

    assert convert("dynamic_int8")[0] == 0
    plain = Path("m.tflite").stat().st_size
    code, output = convert("own.json")
    assert code == 0
    assert "note: 2.weight: int4 block 64 was asked, int4 block 32 given" in output
    assert Path("m.tflite").stat().st_size < plain
    code, output = convert("wrong.json")
    assert code != 0
    assert "no element 'int9'" in output
