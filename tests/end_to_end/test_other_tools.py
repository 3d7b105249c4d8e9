"""`litewright opt --quantize` on files that other tools wrote: smaller, and the same numbers as far as bits go."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.inspect import stored_weights
from litewright.compiler.ir import mlir
from litewright.compiler.runtime import Runner
from litewright.tools.main import main
from tests.support.environments import PEER, TENSORFLOW, Environment, run_script
from tests.support.tolerances import assert_close

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "tests" / "data" / "other-tools"
VOCABULARY = 300
RECIPES = {
    "dynamic_int8": (0.55, "weights of 8 bits"),
    "weight_only_int8": (0.55, "weights of 8 bits"),
    "fp16": (0.6, "weights of 16 bits"),
    "int4_block32": (0.4, "weights of 4 bits"),
    "int4_channel": (0.4, "weights of 4 bits"),
}


def opt(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["opt", *map(str, arguments)])


def inputs_of(runner: Runner, signature: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    made: dict[str, np.ndarray] = {}
    for each in runner.signatures[signature].inputs:
        is_index = np.dtype(each.dtype).kind == "i"
        drawn = (
            random.integers(0, VOCABULARY, each.shape)
            if is_index
            else random.normal(size=each.shape)
        )
        made[each.name] = drawn.astype(each.dtype)
    return made


def compare(before: Path, after: Path, kind: str) -> None:
    """Runs both files on the same inputs, with the delegate and without."""
    for delegate in (True, False):
        old, new = Runner(before, delegate=delegate), Runner(after, delegate=delegate)
        assert list(old.signatures) == list(new.signatures)
        for signature in old.signatures:
            inputs = inputs_of(old, signature)
            expected, actual = old.run(inputs, signature), new.run(inputs, signature)
            assert actual.keys() == expected.keys()
            for name, array in expected.items():
                assert_close(actual[name], array, kind)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    "name", ["litert-torch", "tensorflow", "tensorflow-convolutions", "tensorflow-float16"]
)
def test_becomes_smaller_and_says_the_same(name: str, recipe: str, tmp_path: Path) -> None:
    before, after = FILES / f"{name}.tflite", tmp_path / "small.tflite"
    result = opt(before, "--quantize", recipe, "-o", after)
    assert result.exit_code == 0, result.output
    share, kind = RECIPES[recipe]
    if name == "tensorflow-float16":
        share = min(1.0, 2 * share)
    assert after.stat().st_size < share * before.stat().st_size
    compare(before, after, kind)


@pytest.mark.parametrize("recipe", ["dynamic_int8", "int4_block32", "fp16"])
def test_integers_stay_and_it_is_told(recipe: str, tmp_path: Path) -> None:
    before, after = FILES / "litert-torch-int8.tflite", tmp_path / "small.tflite"
    result = opt(before, "--quantize", recipe, "-o", after)
    assert result.exit_code == 0, result.output
    assert (
        "5 more: integers already, which stay as they are; quantise the float model"
        in result.stderr
    )
    compare(before, after, "exact")


def test_what_signatures_share_stays_shared(tmp_path: Path) -> None:
    """Signatures call one weight by different names."""
    for name in ("litert-torch", "tensorflow"):
        path = tmp_path / f"{name}.tflite"
        assert opt(FILES / path.name, "--quantize", "dynamic_int8", "-o", path).exit_code == 0
        edge = litewright.read(path)
        with mlir.use(edge.program.context):
            kept = stored_weights(edge.program)
        shapes = Counter(each.shape for each in kept if each.dtype == "qi8")
        assert shapes[VOCABULARY, 64] == 1
        assert shapes[128, 64] == 1, shapes


@pytest.mark.parametrize(
    ("signature", "place"),
    [
        *(("sentence", place) for place in (-1, VOCABULARY, 2**31 - 1, -(2**31))),
        *(("batch", place) for place in (-1, VOCABULARY, 2**32 + 1, -(2**32))),
    ],
)
def test_places_outside_of_a_table_stay_errors(signature: str, place: int, tmp_path: Path) -> None:
    before, after = FILES / "tensorflow.tflite", tmp_path / "small.tflite"
    assert opt(before, "--quantize", "dynamic_int8", "-o", after).exit_code == 0
    for path in (before, after):
        runner = Runner(path)
        inputs = inputs_of(runner, signature)
        inputs["words"].flat[3] = place
        with pytest.raises(UserError, match=r"out of bounds|only_positive"):
            runner.run(inputs, signature)


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "script"),
    [(PEER, "make_with_litert_torch.py"), (TENSORFLOW, "make_with_tensorflow.py")],
    ids=["litert-torch", "tensorflow"],
)
def test_files_that_are_made_now(environment: Environment, script: str, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    assert run_script(environment, FILES / script, folder) == 0
    made = sorted(folder.glob("*.tflite"))
    assert {each.name for each in made} <= {each.name for each in FILES.glob("*.tflite")}
    for path in made:
        small = tmp_path / path.name
        assert opt(path, "--quantize", "dynamic_int8", "-o", small).exit_code == 0
        compare(path, small, "weights of 8 bits")
