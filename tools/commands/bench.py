"""`litewright bench`: how long .tflite files take on LiteRT."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import PATH

if TYPE_CHECKING:
    from litewright.compiler.runtime import Runner

    from ..timing import Timed


def _threads(_: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        counts = tuple(int(part) for part in text.split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1:
        raise click.BadParameter(f"{text!r} is not a list of positive numbers", param=option)
    return counts


@click.command("bench")
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option("--signature", help="Only this one; without, all that the first file has.")
@click.option("--threads", callback=_threads, default="1", show_default=True, metavar="N,...")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0.01),
    default=1.0,
    show_default=True,
    help="Of each time.",
)
@click.option("--no-delegate", is_flag=True, help="Run on the runtime's own kernels alone.")
@click.option("--seed", default=0, show_default=True, help="Of the random inputs.")
@click.option("--json", "as_json", is_flag=True, help="Print the times as JSON.")
def command(
    *,
    files: tuple[Path, ...],
    signature: str | None,
    threads: tuple[int, ...],
    seconds: float,
    no_delegate: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Times signatures on random inputs, of several FILES by turns.

    Caches are written in place, as applications do it. A file is called over and over: what it takes once, to be
    loaded and to have its weights packed, does not count.
    """
    from litewright.compiler.runtime import Runner
    from litewright.compiler.runtime.quiet import hush_exit

    from ..graph_file import graph_of

    hush_exit()
    graphs = [graph_of(file) for file in files]
    rows: list[dict[str, Any]] = []
    for count in threads:
        runners = [Runner(each, delegate=not no_delegate, threads=count) for each in graphs]
        names = [signature] if signature is not None else list(runners[0].signatures)
        for name in names:
            for file, timed in zip(files, _timed(runners, name, seconds, seed), strict=True):
                row = {"file": str(file), "signature": name, "threads": count}
                rows.append({**row, **dataclasses.asdict(timed)})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        _print(rows, several=len(files) > 1)


def _timed(runners: Sequence[Runner], name: str, seconds: float, seed: int) -> list[Timed]:
    from ..arrays import inputs_for
    from ..timing import by_turns

    calls = [each.bind(inputs_for(each.signature(name), {}, seed), name) for each in runners]
    return by_turns(calls, seconds)


def _print(rows: Sequence[dict[str, Any]], *, several: bool) -> None:
    from rich.console import Console
    from rich.markup import escape

    from ..report import UNBOUNDED, new_table

    numbers = ("threads", "median", "fastest", "calls", *(["to the first"] if several else []))
    table = new_table("signature", "file", *numbers, numbers=frozenset(numbers))
    for row in rows:
        cells = (
            f"{row['threads']}",
            f"{row['median']:.3f} ms",
            f"{row['fastest']:.3f} ms",
            f"{row['runs']}",
        )
        beside = [f"{row['ratio']:.2f} x"] if several else []
        table.add_row(escape(row["signature"]), escape(row["file"]), *cells, *beside)
    console = Console(highlight=False)
    # Nothing of a name may be left out, however narrow the terminal is; a pipe has no width at all.
    table.columns[1].overflow = "fold"
    if not console.is_terminal:
        console.width = UNBOUNDED
    console.print(table)
