"""What is shown on the terminal: progress and tables."""

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.tables import Table

_console = Console()


def report(message: str) -> None:
    """Tell what is being measured."""
    _console.print(f"  {message}", style="dim", markup=False, highlight=False)


def rich_table(table: Table) -> RichTable:
    """A table as rich draws it."""
    rich = RichTable(title=table.title, title_justify="left")
    for index, column in enumerate(table.columns):
        rich.add_column(column, justify="left" if index == 0 else "right")
    for row in table.rows:
        rich.add_row(*row)
    return rich
