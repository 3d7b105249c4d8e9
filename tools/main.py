"""The command line: `litewright COMMAND`, a file each in `commands/`, loaded when it is asked for."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click

import litewright
from litewright.compiler.diagnostics import InternalError, LitewrightError
from litewright.compiler.files import unwinding

from . import commands

_MODULES = sorted(each.name for each in pkgutil.iter_modules(commands.__path__))
_COMMANDS = {name.replace("_", "-"): name for name in _MODULES}


class _Commands(click.Group):
    """Loads a command by its name, and turns errors of litewright into exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        return importlib.import_module(f"litewright.tools.commands.{_COMMANDS[cmd_name]}").command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with unwinding():
                return super().invoke(ctx)
        except LitewrightError as error:
            if ctx.params["traceback"]:
                raise
            raise click.ClickException(_message(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(litewright.__version__, prog_name="litewright")
@click.option("--traceback", is_flag=True, help="Show where in litewright an error was raised.")
@click.option(
    "--import",
    "modules",
    multiple=True,
    metavar="MODULE|FILE.py",
    help="Import this first, for what it registers; may be repeated.",
)
def main(*, traceback: bool, modules: tuple[str, ...]) -> None:  # noqa: ARG001
    """Compiles PyTorch models to TFLite flatbuffers for the LiteRT runtime."""
    if modules:
        from .factory import load_module

        for each in modules:
            load_module(each)


def _message(error: LitewrightError) -> str:
    lines = [str(error), *getattr(error, "__notes__", ())]
    if isinstance(error, InternalError):
        lines.append("This is a defect of litewright; `litewright --traceback ...` shows where.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
