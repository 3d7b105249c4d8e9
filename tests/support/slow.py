"""Parameters of which `make test` tries some, and `make test-all` all."""

from collections.abc import Container, Iterable
from typing import Any

import pytest


def slow_but(always: Container[Any], tried: Iterable[Any]) -> list[Any]:
    """Parameters for `pytest.mark.parametrize`: those that are not among `always` are slow."""
    return [
        each if each in always else pytest.param(*_values(each), marks=pytest.mark.slow)
        for each in tried
    ]


def _values(parameter: Any) -> tuple[Any, ...]:
    return parameter if isinstance(parameter, tuple) else (parameter,)
