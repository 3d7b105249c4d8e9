"""Commands whose exit code is a verdict: 0 and 1 are answers, so trouble is 2, as with `diff`."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import click

from litewright.compiler.diagnostics import LitewrightError


class Trouble(click.ClickException):
    """An error of a command whose exit code 1 is an answer."""

    exit_code = 2


@contextlib.contextmanager
def trouble() -> Generator[None]:
    """Turns errors of litewright into exit code 2; `--traceback` shows them as they are."""
    try:
        yield
    except LitewrightError as error:
        context = click.get_current_context(silent=True)
        if context is not None and context.find_root().params.get("traceback"):
            raise
        raise Trouble("\n".join([str(error), *getattr(error, "__notes__", ())])) from error
