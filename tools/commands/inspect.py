"""`litewright inspect`: what is in a .tflite file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--target",
    default="cpu",
    show_default=True,
    help="Whose delegate to ask: cpu, gpu, litert-lm-gpu, or one of your own.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all facts as JSON.")
def command(*, file: Path, target: str, as_json: bool) -> None:
    """Shows signatures, ops, sizes, and what the delegate is expected to take.

    FILE may come from any converter.
    """
    from rich.console import Console

    from litewright.compiler.driver.extensions import effective
    from litewright.compiler.driver.model import read
    from litewright.compiler.driver.options import target_of
    from litewright.compiler.inspect import survey
    from litewright.compiler.ir import mlir

    from ..report import print_model

    asked = target_of(target, effective())
    program = read(file).program
    with mlir.use(program.context):
        facts = survey(program, asked)
    if as_json:
        head = {"file": str(file), "bytes": file.stat().st_size}
        click.echo(json.dumps(head | dataclasses.asdict(facts), indent=2))
    else:
        print_model(facts, Console())
