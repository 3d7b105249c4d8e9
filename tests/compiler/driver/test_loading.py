"""Programs from files, pipelines as text, and the switches of the environment."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import litewright
from litewright.compiler.diagnostics import FormatError, UserError
from litewright.compiler.driver.catalogue import describe, parse_pipeline, passes_of, stages_of_rule
from litewright.compiler.driver.extensions import Extensions
from litewright.compiler.driver.loading import load_program, parse_program, stage_of
from litewright.compiler.driver.plan import PassPlan
from litewright.compiler.driver.presets import DEFAULT
from litewright.compiler.driver.replay import spelling
from litewright.compiler.flags import Flags, flags
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import inputs_of, results_of, weights_of
from litewright.compiler.targets import XNNPACK
from litewright.passes.core import RuleSet, rewrite_rule
from litewright.passes.stablehlo.fold_constants import FoldConstants
from litewright.passes.tfl.quantize_activations import QuantizeActivations
from litewright.quantize import static_int8, static_int16x8
from tests.support.laws import run_all
from tests.support.tolerances import assert_close

NONE = Extensions()


class Table(nn.Module):
    """A linear layer, and a table of numbers too large for a dump to show."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(8, 32)
        self.table = torch.arange(64.0).reshape(2, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(x) * self.table


@pytest.fixture(name="dumped", scope="module")
def _dumped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a conversion's dumps, and the file."""
    folder = tmp_path_factory.mktemp("dumped")
    torch.manual_seed(0)
    edge = litewright.convert(Table().eval(), (torch.ones(2, 8),), dump_ir=folder)
    edge.export(folder / "model.tflite")
    return folder


# ---- loading -------------------------------------------------------------------------------------


def test_a_dump_has_the_interface_of_the_model_and_numbers_of_its_own(dumped: Path) -> None:
    dumps = [
        path for path in sorted(dumped.glob("*.mlir")) if "changed nothing" not in path.read_text()
    ]
    notes: list[str] = []
    context = mlir.make_context()
    with mlir.use(context):
        interfaces = {load_program(path, context).interface() for path in dumps}
        first = load_program(dumps[0], context, notes.append)
        again = load_program(dumps[0], context)
        results, repeated = run_all(first), run_all(again)
    assert len(interfaces) == 1
    assert len(notes) == 1
    assert "random numbers stand for 3 large constants" in notes[0]
    for name, array in results.items():
        assert_close(repeated[name], array, "exact")
        assert np.unique(array).size > 10


def test_stages_are_told_from_the_ops(dumped: Path) -> None:
    context = mlir.make_context()
    with mlir.use(context):
        paths = [
            path
            for path in sorted(dumped.glob("*.mlir"))
            if "changed nothing" not in path.read_text()
        ]
        paths.append(dumped / "model.tflite")
        stages = [stage_of(load_program(path, context)) for path in paths]
    assert stages == sorted(stages)
    assert set(stages) == {"stablehlo", "tfl"}


def test_a_file_holds_its_numbers(dumped: Path) -> None:
    torch.manual_seed(0)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32))
    with torch.no_grad():
        expected = Table().eval()(x).numpy()
    assert_close(litewright.read(dumped / "model.tflite")(x.numpy()), expected, "float32 op")


HAND = """
func.func @main(%x: tensor<2xf32>, %y: tensor<2xi32>) -> (tensor<2xf32>, tensor<2xi32>) {
  return %x, %y : tensor<2xf32>, tensor<2xi32>
}
"""
WITH_WEIGHT = """
func.func @main(%x: tensor<2xf32> {litewright.name = "x"}, %w: tensor<2xf32> {litewright.weight = "w"},
    %i: tensor<2xi8> {litewright.weight = "i"}) -> tensor<2xf32> {
  %0 = stablehlo.add %x, %w : tensor<2xf32>
  return %0 : tensor<2xf32>
}
"""


def test_what_is_written_by_hand_needs_no_names() -> None:
    with mlir.use(mlir.make_context()):
        program = parse_program(HAND)
        assert program.interface() == (
            "signature main",
            "input input0 float32[2]", "input input1 int32[2]",
            "result result0 float32[2]", "result result1 int32[2]",
        )  # fmt: skip
        assert stage_of(program) == "stablehlo"


def test_weights_that_a_text_names_are_random_and_the_same_for_the_same_name() -> None:
    with mlir.use(mlir.make_context()):
        program, again = parse_program(WITH_WEIGHT), parse_program(WITH_WEIGHT)
        function = program.signature("main")
        assert (len(inputs_of(function)), len(weights_of(function))) == (1, 2)
        for name in ("w", "i"):
            one, other = program.weights.read(name), again.weights.read(name)
            assert_close(one, other, "exact")
        assert program.weights.read("i").dtype == np.int8
        assert results_of(function)[0][0] == "result0"


@pytest.mark.parametrize("text", ["", "func.func @main(", "%0 = tfl.add", "def f(): pass"])
def test_text_that_is_no_program(text: str) -> None:
    with mlir.use(mlir.make_context()):
        if text:
            with pytest.raises(FormatError, match=r"hand\.mlir is no MLIR"):
                parse_program(text, "hand.mlir")
        else:
            assert not parse_program(text).signatures()


def test_files_that_there_are_not(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"TFL3" * 10)
    context = mlir.make_context()
    with mlir.use(context):
        with pytest.raises(UserError, match=r"cannot read .*nothing\.mlir"):
            load_program(tmp_path / "nothing.mlir", context)
        with pytest.raises(UserError, match=r"nothing\.tflite"):
            load_program(tmp_path / "nothing.tflite", context)
        with pytest.raises(FormatError, match=r"broken\.tflite"):
            load_program(broken, context)


# ---- pipelines as text ---------------------------------------------------------------------------


def test_a_pipeline_as_text() -> None:
    found = parse_pipeline(
        "fold-constants{max-bytes=64}, simplify,fold-constants", "stablehlo", NONE
    )
    assert [spelling(each) for each in found] == [
        "fold-constants{max-bytes=64}", "simplify", "fold-constants"
    ]  # fmt: skip
    assert found[0] == FoldConstants(max_bytes=64)
    assert parse_pipeline("default", "tfl", NONE) == DEFAULT.tfl
    assert not parse_pipeline("", "tfl", NONE)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [("static_int9", "did you mean static_int8"), ("own.json", r"own\.json")],
)
def test_recipes_that_there_are_not(recipe: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_pipeline(f"quantize-activations{{recipe={recipe}}}", "tfl", NONE)


def test_recipes_are_options() -> None:
    own = QuantizeActivations(replace(static_int8("mse"), name="own"))
    ready = QuantizeActivations(static_int16x8())
    assert [spelling(each) for each in (own, ready, QuantizeActivations(static_int8()))] == [
        "quantize-activations{recipe=own.json}",
        "quantize-activations{recipe=static_int16x8}",
        "quantize-activations",
    ]
    assert parse_pipeline(spelling(ready), "tfl", NONE) == (ready,)


@pytest.mark.parametrize("name", passes_of("stablehlo", NONE) | passes_of("tfl", NONE))
def test_what_is_spelt_is_read_again(name: str) -> None:
    stage = "stablehlo" if name in passes_of("stablehlo", NONE) else "tfl"
    item = passes_of(stage, NONE)[name]
    assert parse_pipeline(spelling(item), stage, NONE) == (item,)
    assert describe(item)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fold-constant", "did you mean fold-constants?"),
        ("fuse-biases", "no pass 'fuse-biases' on stablehlo"),
        ("fold-constants{max-bytes}", "has no option 'max-bytes'"),
        ("fold-constants{bytes=3}", "there is max-bytes"),
        ("fold-constants{max-bytes=many}", "cannot read 'many'"),
        ("fold-constants{max-bytes=1.5}", "is of type int, not '1.5'"),
        ("fold-constants{max-bytes=true}", "is of type int, not 'true'"),
        ("fold-constants{max-bytes=1", "cannot read the pipeline"),
        ("simplify simplify", "cannot read the pipeline"),
    ],
)
def test_pipelines_that_there_are_not(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_pipeline(text, "stablehlo", NONE)
    assert message in str(caught.value)


def test_stages_of_a_rule() -> None:
    added = rewrite_rule("mine", lambda op, x: op.chlo.erf(x), lambda found: found["x"])
    plan = PassPlan(tfl=(RuleSet("set", (added,)),))
    assert stages_of_rule("mine", plan, XNNPACK) == ["tfl"]
    assert stages_of_rule("set", plan, XNNPACK) == ["tfl"]
    assert stages_of_rule("mine", plan, XNNPACK, [added]) == ["tfl", "legalise"]
    with pytest.raises(UserError, match=r"did you mean mine\?"):
        stages_of_rule("mines", plan, XNNPACK)


# ---- switches ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Flags()),
        ("", Flags()),
        ("verify", Flags(verify=True)),
        ("dump=here", Flags(dump=Path("here"))),
        ("verify,dump=a/b", Flags(verify=True, dump=Path("a/b"))),
        (",verify,", Flags(verify=True)),
    ],
)
def test_switches(value: str | None, expected: Flags) -> None:
    assert flags({} if value is None else {"LITEWRIGHT": value}) == expected


@pytest.mark.parametrize("value", ["verfy", "dump", "dump=", "verify=1", "trace"])
def test_switches_that_there_are_not(value: str) -> None:
    with pytest.raises(
        UserError, match=f"LITEWRIGHT={value}: there are the switches verify and dump"
    ):
        flags({"LITEWRIGHT": value})


def test_a_dump_that_the_environment_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITEWRIGHT", f"verify,dump={tmp_path / 'asked'}")
    litewright.convert(nn.ReLU().eval(), (torch.ones(2),))
    names = [path.name for path in sorted((tmp_path / "asked").iterdir())]
    assert names[0] == "00_fx_serving_default.txt"
    assert any(name.endswith("_tfl.mlir") for name in names)
