"""The public API: what it offers, and what importing it costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import litewright

_SOURCE = Path(litewright.__file__)


def _names_for_checkers() -> dict[str, str]:
    """Name to module, from the imports that only a type checker sees."""
    tree = ast.parse(_SOURCE.read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.name: str(statement.module)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


def test_checkers_and_python_see_the_same_names() -> None:
    assert _names_for_checkers() == litewright._MODULE_OF


@pytest.mark.parametrize("name", _names_for_checkers())
def test_a_name_is_loaded_from_its_module(name: str) -> None:
    value = getattr(litewright, name)
    assert value is getattr(sys.modules[litewright._MODULE_OF[name]], name)
    assert name in dir(litewright)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'convrt'"):
        _ = litewright.convrt  # pyright: ignore[reportAttributeAccessIssue]


def test_import_is_light() -> None:
    heavy = ("torch", "jax", "jaxlib", "numpy", "ai_edge_litert", "transformers")
    script = f"import sys, litewright; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(_SOURCE.parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
