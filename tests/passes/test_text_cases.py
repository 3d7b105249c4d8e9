"""Every case in `stablehlo/text` and `tfl/text`, and that no rule or reason is without a case."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from litewright.compiler.driver import presets
from litewright.compiler.driver.catalogue import OF_RECIPES, parse_pipeline
from litewright.compiler.driver.extensions import Extensions
from litewright.compiler.driver.plan import Stage, leaves
from litewright.compiler.ir import mlir
from litewright.compiler.ir.program import Program
from litewright.passes.core import Pass, kebab_case
from tests.support.text_cases import TextCase, assert_case, expected_reasons, read_cases

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "passes"
LEVELS: tuple[Stage, ...] = ("stablehlo", "tfl")
# The levels of which every pass and every reason has its cases.
COMPLETE: tuple[Stage, ...] = ("stablehlo", "tfl")

# Passes that run only where a target or a recipe asks for them, or sources that text has none of, are tested
# beside these.
ELSEWHERE = frozenset({"quantize_weights.py", "fit_target.py", "fitting", "keep_integers.py"})

CASES = {level: read_cases(HERE / level / "text") for level in LEVELS}
PASSES: dict[Stage, list[Pass[Program]]] = {
    "stablehlo": list(leaves(presets.DEFAULT.stablehlo)),
    "tfl": [*leaves(presets.DEFAULT.tfl), *OF_RECIPES],
}


@pytest.mark.parametrize(
    ("level", "case"), [(level, case) for level in LEVELS for case in CASES[level]], ids=str
)
def test_case(level: Stage, case: TextCase) -> None:
    with mlir.use(mlir.make_context()):
        assert_case(parse_pipeline(case.pipeline, level, Extensions()), case)


@pytest.mark.parametrize("level", COMPLETE)
def test_every_pass_has_cases_that_fire_and_cases_that_do_not(level: Stage) -> None:
    cases = CASES[level]
    for each in PASSES[level]:
        if f"{each.name.replace('-', '_')}.py" in ELSEWHERE:
            continue
        outcomes = {case.fires for case in cases if case.passes[-1] == each.name}
        assert outcomes == {True, False}, f"{each.name}: cases that fire are {outcomes}"


def reasons_in(source: str) -> Iterator[tuple[str | None, str]]:
    """Each `decline("reason", ...)` in a file, with the rule it is in; None where it is in no rule."""
    for node in ast.parse(source).body:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "decline":
                yield _rule_of(node), _text_of(inner.args[0])


def _rule_of(node: ast.stmt) -> str | None:
    """The name of the rule that a function or class is."""
    if isinstance(node, ast.FunctionDef):
        calls = [each.func for each in node.decorator_list if isinstance(each, ast.Call)]
        return kebab_case(node.name) if any(ast.unparse(f) == "rule" for f in calls) else None
    if isinstance(node, ast.ClassDef) and any(ast.unparse(b) == "PatternRule" for b in node.bases):
        return kebab_case(node.name)
    return None


def _text_of(reason: ast.expr) -> str:
    assert isinstance(reason, ast.Constant), f"a reason is a literal, not {ast.unparse(reason)}"
    return str(reason.value)


@pytest.mark.parametrize("level", COMPLETE)
def test_every_reason_to_decline_has_a_case(level: Stage) -> None:
    expected = expected_reasons(CASES[level])
    anywhere = {(None, reason) for _, reason in expected}
    files = sorted(
        path
        for path in (SOURCES / level).rglob("*.py")
        if not ELSEWHERE & set(path.relative_to(SOURCES / level).parts)
    )
    found = {(path, *each) for path in files for each in reasons_in(path.read_text())}
    missing = sorted(
        f"{path.relative_to(SOURCES)}: DECLINES({rule or '...'}): {reason}"
        for path, rule, reason in found
        if (rule, reason) not in expected | anywhere
    )
    assert not missing, "no case gives these reasons:\n" + "\n".join(missing)


def test_a_reason_without_a_case_is_noticed() -> None:
    source = (
        'def f():\n    return decline("never", 1)\n@rule("tfl.add")\ndef g_h(): decline("ever")'
    )
    assert list(reasons_in(source)) == [(None, "never"), ("g-h", "ever")]
