"""Model Explorer draws the user's modules as a tree, of our files and of our dumps."""

import json
from pathlib import Path

import pytest
import torch

from litewright.compiler.api import convert
from litewright.compiler.driver.loading import load_program
from litewright.compiler.inspect.dump import print_program
from litewright.compiler.inspect.location_names import with_dotted_names, with_tree_names
from litewright.compiler.ir import mlir
from litewright.compiler.ir.origin import origin_of
from litewright.compiler.ir.program import body_of
from tests.models.decoder import Decoder
from tests.models.decoder_config import DecoderConfig
from tests.support.environments import EXPLORER, run_script

_WORKER = Path(__file__).parents[2] / "support" / "explorer_worker.py"

Graphs = dict[str, dict[str, list[tuple[str, str]]]]


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder of two layers: its dumps, and `model.tflite`."""
    folder = tmp_path_factory.mktemp("explored")
    torch.manual_seed(0)
    config = DecoderConfig.tiny()
    model = convert(Decoder(config), (), config.sample_inputs(1), dump_ir=folder)
    model.export(folder / "model.tflite")
    return folder


def _dump(folder: Path, name: str) -> Path:
    return next(folder.glob(f"*_{name}.mlir"))


@pytest.fixture(scope="module", name="graphs")
def _graphs(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Label and namespace of every node, by stage."""
    files = {
        "tflite": folder / "model.tflite",
        "stablehlo": _dump(folder, "stablehlo"),
        "tfl": _dump(folder, "tfl"),
    }
    output = folder / "graphs.json"
    assert run_script(EXPLORER, _WORKER, *files.values(), output) == 0
    told: Graphs = json.loads(output.read_text())
    return {stage: told[str(path)]["serving_default"] for stage, path in files.items()}


def _modules(nodes: list[tuple[str, str]]) -> set[str]:
    """Every namespace that holds another."""
    paths = [namespace.split("/")[:-1] for _, namespace in nodes]
    return {"/".join(path[:end]) for path in paths for end in range(1, len(path) + 1)}


@pytest.mark.oracle
@pytest.mark.parametrize("stage", ["tflite", "stablehlo", "tfl"])
def test_namespaces_are_the_module_tree(
    stage: str, graphs: dict[str, list[tuple[str, str]]]
) -> None:
    modules = _modules(graphs[stage])
    for layer in ("model/layers.0", "model/layers.1"):
        assert {
            layer,
            f"{layer}/self_attn",
            f"{layer}/self_attn/o_proj",
            f"{layer}/mlp",
            f"{layer}/mlp/down_proj",
            f"{layer}/input_layernorm",
        } <= modules
    tops = {module for module in modules if "/" not in module}
    assert tops <= {"model", "lm_head"}, "the module tree has no other roots"


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("stage", "op"),
    [
        ("tflite", "fully_connected"),
        ("stablehlo", "stablehlo.dot_general"),
        ("tfl", "fully_connected"),
    ],
)
def test_a_projection_lies_in_its_module(
    stage: str, op: str, graphs: dict[str, list[tuple[str, str]]]
) -> None:
    found = [namespace for label, namespace in graphs[stage] if label == op]
    inside = [each for each in found if each.startswith("model/layers.1/self_attn/o_proj/")]
    assert len(inside) == 1


@pytest.mark.parametrize("name", ["stablehlo", "tfl"])
def test_a_dump_that_is_read_prints_as_before(folder: Path, name: str) -> None:
    path = _dump(folder, name)
    context = mlir.make_context()
    with mlir.use(context):
        program = load_program(path, context)
        origins = {
            str(origin_of(op.location)).partition(" ")[0]
            for op in body_of(program.signatures()[0]).operations
        }
        assert "model.layers.1.self_attn.o_proj.linear" in origins
        # Large constants are random numbers now, and are elided again.
        assert print_program(program).rstrip("\n") == path.read_text().rstrip("\n")


@pytest.mark.parametrize(
    ("dotted", "tree"),
    [
        ('loc("a.b.c")', 'loc("a/b/c")'),
        ('loc("model.layers.0.mlp.mul"("m.py":3:0))', 'loc("model/layers.0/mlp/mul"("m.py":3:0))'),
        ('loc("module.py":12:0)', 'loc("module.py":12:0)'),
        ('loc("transpose(conv.weight, [1, 0])")', 'loc("transpose(conv.weight, [1, 0])")'),
        ('stablehlo.composite "aten.gelu"', 'stablehlo.composite "aten.gelu"'),
    ],
)
def test_only_names_of_locations_are_rewritten(dotted: str, tree: str) -> None:
    assert with_tree_names(dotted) == tree
    assert with_tree_names(tree) == tree
    assert with_dotted_names(tree) == dotted
