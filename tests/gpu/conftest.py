"""These tests run when they are asked for by their marker: `make test-gpu`."""

from pathlib import Path

import pytest

_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "gpu" in config.option.markexpr:
        return
    skipped = pytest.mark.skip(reason="runs on a GPU delegate: make test-gpu")
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(skipped)
