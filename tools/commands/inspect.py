"""`litewright inspect`: what is in a .tflite file, or in the model of a bundle."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import click

from ..options import PATH


@click.command("inspect")
@click.argument("file", type=PATH)
@click.option(
    "--target",
    default="cpu",
    show_default=True,
    help="Whose delegate to ask: cpu, gpu, litert-lm-gpu, or one of your own.",
)
@click.option(
    "--weights", is_flag=True, help="List every weight: dtype, granularity, shape, bytes."
)
@click.option("--json", "as_json", is_flag=True, help="Print all facts as JSON.")
def command(*, file: Path, target: str, weights: bool, as_json: bool) -> None:
    """Shows signatures, ops, sizes, and what the delegate is expected to take.

    FILE may come from any converter, and may be a bundle, of whose model this is told.
    """
    from rich.console import Console

    from litewright.compiler.driver.extensions import effective
    from litewright.compiler.driver.model import read
    from litewright.compiler.driver.options import target_of
    from litewright.compiler.inspect import stored_weights, survey
    from litewright.compiler.ir import mlir

    from ..graph_file import graph_of
    from ..report import json_of, print_model, print_weights

    asked = target_of(target, effective())
    program = read(graph_of(file)).program
    with mlir.use(program.context):
        facts = survey(program, asked)
        listed = stored_weights(program) if weights else ()
    if as_json:
        head = {"file": str(file), "bytes": file.stat().st_size}
        tail = {"weights": [json_of(each) for each in listed]} if weights else {}
        click.echo(json.dumps(head | dataclasses.asdict(facts) | tail, indent=2))
    elif weights:
        print_weights(listed, Console())
    else:
        print_model(facts, Console())
