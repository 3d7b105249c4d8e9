"""`litewright diff`: what two models have in common."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import PATH
from ..verdict import trouble

if TYPE_CHECKING:
    from rich.console import Console

    from litewright.compiler.inspect.diff_facts import (
        Change,
        ModelDiff,
        OpEntry,
        SignatureDiff,
    )


@click.command("diff")
@click.argument("a", type=PATH)
@click.argument("b", type=PATH)
@click.option("--no-values", is_flag=True, help="Do not compare the numbers of weights.")
@click.option(
    "--most",
    default=40,
    show_default=True,
    metavar="N",
    help="Ops of a kind of difference to print.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all differences as JSON.")
def command(*, a: Path, b: Path, no_values: bool, most: int, as_json: bool) -> None:
    """Compares two .tflite files of any tool, bundles, or dumps (.mlir) of any stages.

    Ops are aligned by module path and label, and where that does not help by kind and types. The exit code is 0 if
    nothing differs, 1 if something does, 2 if there was an error.
    """
    with trouble():
        from litewright.compiler.debugging import diff

        from ..graph_file import graph_of

        found = diff(graph_of(a), graph_of(b), values=not no_values)
        if as_json:
            facts = {"same": found.is_same, "a": str(a), "b": str(b)}
            click.echo(json.dumps(facts | dataclasses.asdict(found), indent=2))
        else:
            _print(found, a, b, most)
    sys.exit(0 if found.is_same else 1)


def _print(found: ModelDiff, a: Path, b: Path, most: int) -> None:
    from rich.console import Console

    from ..report import megabytes

    console = Console(highlight=False, markup=False, soft_wrap=True)
    for sign, path, count in (("a", a, found.bytes_a), ("b", b, found.bytes_b)):
        console.print(f"{sign}: {path}, {megabytes(count)} in weights and constants")
    for name in found.only_a:
        console.print(f"- signature {name}", style="red")
    for name in found.only_b:
        console.print(f"+ signature {name}", style="green")
    for each in found.signatures:
        _print_signature(each, console, most)
    if found.is_same:
        console.print("nothing differs")


def _print_signature(each: SignatureDiff, console: Console, most: int) -> None:
    name = each.a if each.a == each.b else f"{each.a}, {each.b}"
    console.print(f"signature {name}: {each.ops_a} and {each.ops_b} ops, {each.same} the same")
    for line in each.interface:
        console.print(f"  {line}", style="red" if line.startswith("-") else "green")
    if each.is_same:
        return
    _print_modules(each, console)
    _print_changed(each.changed, console, most)
    _print_ops("-", each.only_a, console, most)
    _print_ops("+", each.only_b, console, most)


def _print_modules(each: SignatureDiff, console: Console) -> None:
    from ..report import new_table

    numbers = ("a", "b", "same", "changed")
    table = new_table("module", *numbers, numbers=frozenset(numbers))
    for row in each.modules:
        if not row.a == row.b == row.same:
            counts = (row.a, row.b, row.same, row.changed)
            table.add_row(row.module or "(the top module)", *map(str, counts))
    if table.row_count:
        console.print(table)


def _print_changed(changed: Sequence[Change], console: Console, most: int) -> None:
    if changed:
        console.print(f"changed: {len(changed)}")
    for each in changed[:most]:
        console.print(f"  ~ {each.a.op}  {each.b.origin or each.a.origin}", style="yellow")
        for line in each.what:
            console.print(f"      {line}")
    _print_rest(len(changed) - most, console)


def _print_ops(sign: str, ops: Sequence[OpEntry], console: Console, most: int) -> None:
    side, style = ("a", "red") if sign == "-" else ("b", "green")
    if ops:
        console.print(f"only in {side}: {len(ops)}")
    for each in ops[:most]:
        console.print(f"  {sign} {each}  {each.origin}", style=style)
    _print_rest(len(ops) - most, console)


def _print_rest(count: int, console: Console) -> None:
    if count > 0:
        console.print(f"  ... and {count} more (--json lists all)")
