"""What the benchmark commands share: where results go, and how progress, tables and failures are shown."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.children import ROOT
from benchmarks.setting import is_busy
from benchmarks.tables import Table

console = Console()


def places(name: str, work: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options `--work` and `--output`.

    Args:
        name: of the folder and the files, unless others are given.
        work: what the folder is for.
    """
    path = click.Path(path_type=Path)
    output = click.option(
        "--output",
        type=path,
        default=ROOT / "docs" / name,
        help="Results and page, without the endings .json and .md.",
    )
    folder = click.option("--work", type=path, default=ROOT / "build" / name, help=work)
    return lambda command: folder(output(command))


def warn_if_busy() -> None:
    """Tell that figures are doubtful, if anything else runs."""
    if is_busy():
        console.print("[yellow]the machine is busy: figures will be doubtful[/yellow]")


def report(message: str) -> None:
    """Tell what is being measured."""
    console.print(f"  {message}", style="dim", markup=False, highlight=False)


def show_failure(told: str) -> None:
    """Tell what went wrong."""
    console.print(told, style="red", markup=False)


def show_tables(tables: Iterable[Table]) -> None:
    """Print those that have rows."""
    for table in tables:
        if table.rows:
            console.print(_rich_table(table))


def _rich_table(table: Table) -> RichTable:
    """A table as rich draws it."""
    rich = RichTable(title=table.title, title_justify="left")
    for index, column in enumerate(table.columns):
        rich.add_column(column, justify="left" if index == 0 else "right")
    for row in table.rows:
        rich.add_row(*row)
    return rich
