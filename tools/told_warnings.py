"""Warnings of litewright as a line on standard error, without the line of code that Python shows."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Generator
from pathlib import Path
from typing import TextIO

import click

import litewright

_ROOT = Path(litewright.__file__).parent


@contextlib.contextmanager
def told_warnings() -> Generator[None]:
    """While it is entered, warnings from within litewright are told; all others go the way they went before."""
    shown = warnings.showwarning

    def tell(  # noqa: PLR0917 (as Python calls it)
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category is UserWarning and Path(filename).is_relative_to(_ROOT):
            click.echo(f"Warning: {message}", err=True)
        else:
            shown(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = tell
        yield
