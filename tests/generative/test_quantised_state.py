"""Caches of integers: the trained model of the tests, generating, and what its files look like."""

import functools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import litewright
from litewright.compiler.ir import mlir
from litewright.compiler.ir.hlo import producer
from litewright.compiler.ir.mlir import op_name
from litewright.compiler.ir.program import body_of, results_of
from litewright.generative.generation.generator import Generator
from litewright.generative.generation.text import TextGenerator
from litewright.generative.huggingface.bundling import export_checkpoint
from litewright.generative.huggingface.export import convert_checkpoint
from litewright.quantize import QuantSpec, Recipe, Rule, recipe
from litewright.tools.main import main

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "docs-llama"
HELD_OUT = np.array(json.loads((FOLDER / "held_out_tokens.json").read_text())["held_out"])
TEXTS = HELD_OUT[2048:2560].reshape(-1, 64)
PROMPT = HELD_OUT[:40].tolist()
PRODUCTS = Rule(None, kinds=("batch_matmul",), activations="int8")

RECIPES = {
    "caches alone": Recipe((), state="int8"),
    "with weights": recipe(QuantSpec("int8"), state="int8"),
    "products of integers": recipe(PRODUCTS, QuantSpec("int8"), state="int8"),
}


@functools.cache
def converted(name: str) -> litewright.EdgeModel:
    """The model by one of the recipes, or as it is."""
    own = RECIPES.get(name)
    texts = TEXTS if own is not None else None
    return convert_checkpoint(
        FOLDER, prefill_lengths=(8, 32), cache_length=96, quant_config=own, calibration_tokens=texts
    ).edge


@pytest.fixture(name="floats", scope="module")
def _floats(tmp_path_factory: pytest.TempPathFactory) -> Generator:
    path = tmp_path_factory.mktemp("floats") / "model.tflite"
    converted("float32").export(path)
    return Generator(path)


def divergence(model: Generator, floats: Generator) -> float:
    """Mean Kullback-Leibler divergence of what comes next, in nats, while both are fed the same text."""
    found: list[float] = []
    for each in (model, floats):
        each.reset()
        each.feed(PROMPT)
    for token in HELD_OUT[len(PROMPT) : 90].tolist():
        ours, theirs = (each.logits().astype(np.float64) for each in (model, floats))
        for each in (model, floats):
            each.append(token)
        p, q = (x - x.max() - np.log(np.exp(x - x.max()).sum()) for x in (theirs, ours))
        found.append(float((np.exp(p) * (p - q)).sum()))
    return float(np.mean(found))


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_generates_nearly_as_floats(name: str, floats: Generator, tmp_path: Path) -> None:
    edge = converted(name)
    assert not edge.notes
    for signature in edge.signatures.values():
        caches = [each for each in signature.inputs if "kv_cache" in each.name]
        assert len(caches) == 8
        assert {each.dtype for each in caches} == {np.dtype(np.int8)}
    path = tmp_path / "model.tflite"
    edge.export(path)
    assert 0 < divergence(Generator(path), floats) < 0.004
    assert len(list(Generator(path).generate(PROMPT, limit=8))) == 8


def test_caches_are_written_in_place_and_have_one_scale_in_all_signatures() -> None:
    program = converted("with weights").program
    kinds: dict[str, set[str]] = {}
    with mlir.use(program.context):
        for function in program.signatures():
            writes = [
                op
                for op in body_of(function).operations
                if op_name(op) == "tfl.dynamic_update_slice"
            ]
            arguments = set(function.arguments)
            returned = set(list(body_of(function).operations)[-1].operands)
            assert len(writes) == 8
            assert all(op.operands[0] in arguments and op.results[0] in returned for op in writes)
            # Nothing else reads what comes in: callers may hand in and out the same memory.
            assert all(len(list(op.operands[0].uses)) == 1 for op in writes)
            for name, value in results_of(function):
                kinds.setdefault(name, set()).add(str(value.type))
    caches = {name: each for name, each in kinds.items() if "kv_cache" in name}
    assert len(caches) == 8
    assert all(len(each) == 1 for each in caches.values())
    assert all("quant.uniform<i8" in kind for each in caches.values() for kind in each)


def test_products_of_integers_read_caches_as_they_are() -> None:
    program = converted("products of integers").program
    with mlir.use(program.context):
        decode = program.signature("decode")
        products = [op for op in body_of(decode).operations if op_name(op) == "tfl.batch_matmul"]
        sources = {op_name(made) for op in products if (made := producer(op.operands[1]))}
        assert sources == {"tfl.dynamic_update_slice"}


@pytest.mark.slow
def test_the_engine_of_others_runs_such_caches(tmp_path: Path) -> None:
    path = tmp_path / "docs.litertlm"
    own = RECIPES["products of integers"]
    export_checkpoint(
        FOLDER,
        path,
        prefill_lengths=(4, 16),
        cache_length=96,
        quant_config=own,
        calibration_tokens=TEXTS,
    )
    prompt = "Return a new array of"
    command = [sys.executable, "-m", "tests.generative.engine_worker", str(path), prompt]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    ours = "".join(TextGenerator(path).generate(prompt, limit=40))
    assert len(ours) > 50
    assert answer.startswith(ours)


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    own, text, path = tmp_path / "own.json", tmp_path / "text.txt", tmp_path / "model.tflite"
    own.write_text(RECIPES["caches alone"].to_json())
    text.write_text("Return a new array of given shape and type, filled with zeros. " * 20)
    arguments = ["export-hf", FOLDER, "-o", path, "--prefill", "16", "--cache", "32", "--no-proof"]
    given = [*arguments, "--quantize", own, "--calibration-text", text]
    result = CliRunner().invoke(main, [str(each) for each in given])
    assert result.exit_code == 0, result.output
    inputs = litewright.read(path).signatures["decode"].inputs
    assert {each.dtype for each in inputs if "cache" in each.name} == {np.dtype(np.int8)}
    result = CliRunner().invoke(main, [str(each) for each in given[:-2]])
    assert result.exit_code == 1
    assert "--calibration-text FILE" in " ".join(result.output.split())


@pytest.mark.slow
def test_without_texts_it_is_said_how() -> None:
    with pytest.raises(litewright.UserError, match="calibration_data"):
        convert_checkpoint(
            FOLDER, prefill_lengths=(8,), cache_length=16, quant_config=RECIPES["caches alone"]
        )
    with pytest.raises(litewright.UserError, match="sequences of token numbers"):
        convert_checkpoint(
            FOLDER,
            prefill_lengths=(8,),
            cache_length=16,
            quant_config=RECIPES["caches alone"],
            calibration_tokens=["text"],  # pyright: ignore[reportArgumentType]
        )
