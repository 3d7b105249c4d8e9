"""What torchao logs of itself when transformers loads it: nothing for users who have not asked for torchao."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator


def _is_wanted(record: logging.LogRecord) -> bool:
    """False of what torchao 0.18 says beside torch 2.13.

    It tells which kernels for GPUs it cannot load, and registers enumerations that torch knows already.
    """
    if record.name == "torchao":
        return not record.getMessage().startswith("Failed to load ")
    about = record.args[0] if isinstance(record.args, tuple) and record.args else None
    is_of_torchao = str(getattr(about, "__module__", "")).startswith("torchao.")
    return not (is_of_torchao and " is an Enum subclass " in record.getMessage())


@contextlib.contextmanager
def quiet_torchao() -> Generator[None]:
    """While it is entered, these few warnings are not logged; all others are."""
    loggers = [logging.getLogger(name) for name in ("torchao", "torch.utils._pytree")]
    for logger in loggers:
        logger.addFilter(_is_wanted)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_is_wanted)
