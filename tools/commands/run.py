"""`litewright run`: a .tflite file on LiteRT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import PATH, output_option

if TYPE_CHECKING:
    import numpy as np

    from litewright.compiler.runtime import SignatureInfo

    Array = np.ndarray[Any, np.dtype[Any]]


@click.command("run")
@click.argument("file", type=PATH)
@click.option("--signature", help="Which signature; may be left out if there is only one.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=FILE.npy|random|zeros",
    help="An input; those not given are random.",
)
@click.option("--seed", default=0, show_default=True, help="Of the random inputs.")
@output_option("Save the outputs as .npz.", required=False)
@click.option("--no-delegate", is_flag=True, help="Run on the runtime's own kernels alone.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of the kernels.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def command(
    *,
    file: Path,
    signature: str | None,
    inputs: tuple[str, ...],
    seed: int,
    output: Path | None,
    no_delegate: bool,
    threads: int | None,
    as_json: bool,
) -> None:
    """Runs a signature of FILE, a .tflite or a bundle, once and summarises its outputs."""
    from litewright.compiler.runtime import Runner

    from ..arrays import inputs_for, save, summary
    from ..graph_file import graph_of

    given = dict(_pair(text) for text in inputs)
    runner = Runner(graph_of(file), delegate=not no_delegate, threads=threads)
    info = runner.signature(signature)
    outputs = runner.run(inputs_for(info, given, seed), info.name)
    if output is not None:
        save(output, outputs)
    rows = {name: summary(array) for name, array in outputs.items()}
    if as_json:
        click.echo(json.dumps({"signature": info.name, "outputs": rows}, indent=2))
    else:
        _print(info, rows)


def _pair(text: str) -> tuple[str, str]:
    name, equals, source = text.partition("=")
    if not equals or not name or not source:
        wanted = "NAME=FILE.npy, NAME=random or NAME=zeros"
        raise click.BadParameter(f"{text!r} is not {wanted}", param_hint="--input")
    return name, source


def _print(info: SignatureInfo, rows: dict[str, dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape

    from ..report import new_table

    numbers = ("min", "mean", "max")
    table = new_table("output", "type", *numbers, numbers=frozenset(numbers))
    for name, row in rows.items():
        kind = f"{row['dtype']}[{', '.join(map(str, row['shape']))}]"
        cells = ["" if row[key] is None else f"{row[key]:.6g}" for key in numbers]
        table.add_row(escape(name), escape(kind), *cells)
    console = Console(highlight=False)
    console.print(f"signature {info.name}", markup=False)
    console.print(table)
