"""`litewright bundle`: what is in a bundle, and adapters for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import PATH, output_option

if TYPE_CHECKING:
    from litewright.generative.bundle.reading import Bundle


@click.group("bundle")
def command() -> None:
    """Looks into bundles of LiteRT-LM and MediaPipe, and writes adapters for them."""


@command.command("inspect")
@click.argument("file", type=PATH)
@click.option("--extract", type=PATH, help="A folder for all the parts.")
@click.option("--json", "as_json", is_flag=True, help="Print the parts as JSON.")
def inspect(*, file: Path, extract: Path | None, as_json: bool) -> None:
    """Shows the parts of a .litertlm or .task file, and the metadata."""
    from litewright.generative.bundle.reading import open_bundle

    bundle = open_bundle(file)
    if as_json:
        parts = [
            {"name": each.name, "bytes": each.size, "items": each.items} for each in bundle.parts
        ]
        click.echo(json.dumps({"file": str(file), "facts": bundle.facts, "parts": parts}, indent=2))
    else:
        _print(bundle)
    if extract is not None:
        for path in bundle.extract(extract):
            click.echo(f"written: {path}", err=as_json)


@command.command("adapter")
@click.argument("base", type=PATH)
@click.argument("folder", type=PATH, required=False)
@output_option("The file to write.")
def adapter(*, base: Path, folder: Path | None, output: Path) -> None:
    """Writes an adapter as LiteRT-LM takes it.

    BASE is a bundle that takes adapters as inputs, FOLDER an adapter as peft writes it; without, the file stands for
    BASE itself.
    """
    from litewright.generative.bundle.adapter import export_adapter

    export_adapter(base, output, folder)
    click.echo(f"written: {output}")


def _print(bundle: Bundle) -> None:
    from google.protobuf import text_format
    from rich.console import Console
    from rich.markup import escape

    from ..report import megabytes, new_table

    console = Console(highlight=False)
    for name, value in bundle.facts.items():
        console.print(f"{name}: {value}", markup=False)
    table = new_table("part", "size", "facts", numbers=frozenset({"size"}))
    for each in bundle.parts:
        facts = ", ".join(f"{name} {value}" for name, value in each.items.items())
        table.add_row(escape(each.name), megabytes(each.size), escape(facts))
    console.print(table)
    console.print(text_format.MessageToString(bundle.metadata()), markup=False, end="")
