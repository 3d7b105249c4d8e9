"""What every test runs under."""

import os
import sys
from collections.abc import Iterator

import pytest

# Every pass of every conversion is verified, and held to what it says of itself.
os.environ.setdefault("LITEWRIGHT", "verify")
# Workers share the cores, and threads of torch that wait for one another on a busy core wait long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Real folders behind the links of `src/litewright`. With the repository's root on the path they
# could be imported under these names too, and every class and table would exist twice.
_FOLDERS = ("compiler", "generative", "lowering", "passes", "tools")


@pytest.fixture(autouse=True)
def _one_identity() -> Iterator[None]:
    """Fails the first test after which a folder was imported without `litewright.` in front."""
    yield
    twice = [name for name in _FOLDERS if name in sys.modules]
    assert not twice, f"imported beside litewright: {', '.join(twice)}"
