"""What torchao logs when transformers loads it is not shown, and anything else is."""

import logging
import os
import subprocess
import sys

import pytest

from litewright.tools.quiet_torchao import quiet_torchao

_LOAD = """
import contextlib
from litewright.tools.quiet_torchao import quiet_torchao
with {0}():
    from litewright.generative.huggingface import bundling
"""


def _said(context: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD.format(context)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


def test_nothing_is_said() -> None:
    assert not _said("quiet_torchao")


@pytest.mark.slow
def test_without_it_torchao_speaks_still() -> None:
    """Where this fails, `quiet_torchao` can go."""
    pytest.importorskip("torchao")
    said = _said("contextlib.nullcontext")
    assert "Failed to load" in said
    assert "is an Enum subclass" in said


def test_all_else_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with quiet_torchao(), caplog.at_level(logging.INFO):
        logging.getLogger("torchao").warning("Failed to load %s", "kernels")
        logging.getLogger("torchao").warning("deprecated")
        logging.getLogger("torch.utils._pytree").warning("%s is an Enum subclass", logging.Logger)
        logging.getLogger("torch.utils._pytree").warning("a plain text")
        logging.getLogger("torchao.quantization").warning("Failed to load a model")
    logging.getLogger("torchao").warning("Failed to load behind it")
    assert [record.getMessage() for record in caplog.records] == [
        "deprecated",
        f"{logging.Logger} is an Enum subclass",
        "a plain text",
        "Failed to load a model",
        "Failed to load behind it",
    ]
