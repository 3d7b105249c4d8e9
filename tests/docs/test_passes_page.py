"""The catalogue of passes: up to date, complete, and what docstrings sketch is what passes do."""

import importlib.util
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from litewright.compiler.driver.plan import leaves
from litewright.compiler.driver.presets import DEFAULT
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import Program
from litewright.passes.core import Pass
from tests.support.text_cases import TextCase, cases_of, parse_program

ROOT = Path(__file__).parents[2]
PASSES: dict[str, Pass[Any]] = {
    each.name: each for stage in ("stablehlo", "tfl") for each in leaves(DEFAULT.of(stage))
}
# What these do depends on the target or the checkpoint, and text alone asks for nothing.
UNSKETCHED = frozenset({"fit-target", "keep-integers"})


@pytest.fixture(name="generator", scope="module")
def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "generate_passes", ROOT / "docs/generate_passes.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_up_to_date(generator: ModuleType) -> None:
    assert generator.PAGE.read_text() == generator.page(), "run python docs/generate_passes.py"


def test_every_pass_has_its_place_its_reason_and_an_example(generator: ModuleType) -> None:
    text = generator.page()
    for stage in ("fx", "stablehlo", "tfl"):
        for each in leaves(DEFAULT.of(stage)):
            assert f"\n### {each.name}\n" in text
            if stage != "fx" and each.name not in UNSKETCHED:
                found = [generator.example(each, level) for level in ("stablehlo", "tfl")]
                assert any(found), f"no text case of {each.name} fires"


def test_docstrings_are_split(generator: ModuleType) -> None:
    docstring = """Does it.

    At length.

    Before::

        %1 = "tfl.neg"(%0)

        %2 = "tfl.neg"(%1)

    After::

        %0

    Attributes:
        max_bytes: largest, in
            bytes.
        other: more.
    """
    text, options = generator.split_docstring(docstring, "mlir")
    code = '```mlir\n%1 = "tfl.neg"(%0)\n\n%2 = "tfl.neg"(%1)\n```'
    assert text == f"Does it.\n\nAt length.\n\nBefore:\n\n{code}\n\nAfter:\n\n```mlir\n%0\n```"
    assert options == {"max_bytes": "largest, in bytes.", "other": "more."}


# ---- sketches ------------------------------------------------------------------------------------

_OP = re.compile(r"\b(?:tfl|stablehlo|chlo)\.[a-z_0-9]+")
_CONSTANTS = ("tfl.pseudo_const", "tfl.no_value", "stablehlo.constant")


def ops_in(text: str) -> Counter[str]:
    found = Counter(_OP.findall(text))
    for name in _CONSTANTS:
        del found[name]
    return found


def signatures_of(program: Program) -> str:
    """The text without the decompositions of composites."""
    return "\n".join(map(str, program.signatures()))


def change(before: str, after: str) -> dict[str, bool]:
    """The ops of which there are more (True) or fewer (False) than before."""
    was, now = ops_in(before), ops_in(after)
    return {name: now[name] > was[name] for name in was | now if now[name] != was[name]}


def cases_for(name: str) -> list[TextCase]:
    paths = sorted((ROOT / "tests" / "passes").glob(f"*/text/{name}*.mlir"))
    return [
        case for path in paths for case in cases_of(path) if case.fires and case.passes == (name,)
    ]


def sketch_of(item: Pass[Any]) -> tuple[str, str]:
    """What stands under `Before` and `After` in the docstring of a pass."""
    _, before, after = re.split(r"\b(?:Before|After)::?\n", type(item).__doc__ or "")
    return before, after


@pytest.mark.parametrize("name", sorted(PASSES.keys() - UNSKETCHED))
def test_cases_do_what_the_docstring_sketches(name: str) -> None:
    expected = change(*sketch_of(PASSES[name]))
    seen: set[tuple[str, bool]] = set()
    with mlir.use(mlir.make_context()):
        for case in cases_for(name):
            program = parse_program(case.text)
            before = signatures_of(program)
            PASSES[name].run(program)
            seen |= change(before, signatures_of(program)).items()
    # A sketch may show what several rules do together.
    assert expected.items() <= seen


def test_a_sketch_of_something_else_would_be_noticed() -> None:
    assert change("tfl.neg tfl.neg tfl.add", "tfl.add tfl.mul") == {
        "tfl.neg": False,
        "tfl.mul": True,
    }
    assert sketch_of(PASSES["fold-constants"])[1].strip().startswith("%1 = stablehlo.constant")
