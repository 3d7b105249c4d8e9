"""The list of ops on the page is that of the tables."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs" / "generate_targets.py"


def test_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("generate_targets", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page(), "run python docs/generate_targets.py"
