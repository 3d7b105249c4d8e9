"""Options of commands that run passes: what to print while they run, and what they did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from litewright.compiler.inspect.printing import Printed
    from litewright.compiler.ir.observer import Observer
    from litewright.passes.core import Misses, Statistics

_Command = TypeVar("_Command", bound=Callable[..., Any])


def watching_options(command: _Command) -> _Command:
    """Adds `--print-after`, `--print-changed` and `--timing`."""
    options = (
        click.option(
            "--print-after",
            multiple=True,
            metavar="PASS",
            help="Print the program after this pass or stage; may be repeated.",
        ),
        click.option(
            "--print-changed", is_flag=True, help="Print what each pass changes, as a diff."
        ),
        click.option(
            "--timing", is_flag=True, help="Print times and rewrites of passes and rules."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def printers(print_after: tuple[str, ...], *, print_changed: bool) -> list[Observer[Printed]]:
    """The observers that the options ask for; they print on standard error."""
    from litewright.compiler.inspect.printing import PrintAfter, PrintChanged

    def write(text: str) -> None:
        click.echo(text, err=True)

    observers: list[Observer[Printed]] = []
    if print_after:
        observers.append(PrintAfter(print_after, write))
    if print_changed:
        observers.append(PrintChanged(write))
    return observers


def print_statistics(statistics: Statistics) -> None:
    """Prints a table of passes in the order of their first run, and of the rules that applied."""
    from rich.console import Console

    from .report import new_table

    console = Console(stderr=True, highlight=False)
    table = new_table("pass", "runs", "changed", "ms", "rewrites", numbers=_NUMBERS)
    for name, seconds in statistics.seconds().items():
        records = [record for record in statistics.records if record.name == name]
        rewrites = sum((record.applied.total() for record in records), 0)
        changed = sum(record.changed for record in records)
        row = (name, str(len(records)), str(changed), f"{seconds * 1e3:.1f}", str(rewrites))
        table.add_row(*row)
    console.print(table)
    rules = new_table("rule", "applied", numbers=_NUMBERS)
    for rule, count in statistics.rewrites.most_common():
        rules.add_row(rule, str(count))
    if rules.row_count:
        console.print(rules)


_NUMBERS = frozenset({"runs", "changed", "ms", "rewrites", "applied"})


def describe_misses(found: Misses, most: int = 10) -> str:
    """Why a rule did not apply, the attempts that got farthest first."""
    return found.describe(most)
