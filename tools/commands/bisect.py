"""`litewright bisect`: what made a number wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import PATH, quantize_option, target_option, weights_option
from ..verdict import Trouble, trouble

if TYPE_CHECKING:
    import numpy as np

    from litewright.compiler.api import Converter
    from litewright.compiler.driver.bisect import Bisection

    Array = np.ndarray[Any, np.dtype[Any]]


@click.command("bisect")
@click.argument("source", metavar="MODULE:FACTORY|FILE|FOLDER")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME=FILE.npy",
    help="An input; floats that are not given are random, integers are those of the samples.",
)
@click.option("--samples", is_flag=True, help="Use the sample arguments as they are.")
@click.option("--seed", default=0, show_default=True, help="Of the random inputs.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.0),
    help="The largest error that is rounding, relative to the largest element. By default 1e-4, "
    "more for 16 bits.",
)
@target_option
@weights_option
@quantize_option
@click.option(
    "--reproducer",
    type=PATH,
    metavar="FILE.py",
    help="Write a small script that exits with 1 while what was found is wrong.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
def command(
    *,
    source: str,
    inputs: tuple[str, ...],
    samples: bool,
    seed: int,
    tolerance: float | None,
    target: str,
    weights: Path | None,
    quantize: str | None,
    reproducer: Path | None,
    as_json: bool,
) -> None:
    """Runs every step of a conversion, and names the first that makes results wrong.

    SOURCE is a factory, as `convert` takes it; or a .mlir dump or a folder of dumps, from which on every step is
    repeated; or a .tflite, whose delegate is compared with the runtime's own kernels. The exit code is 0
    if all steps agree, 1 if one is wrong, 2 if there was an error.
    """
    with trouble():
        from litewright.compiler.debugging import bisect

        from ..progress import stage_progress

        arrays = dict(_pair(text) for text in inputs)
        opened = _source(source)
        with stage_progress() as progress:
            found = bisect(
                opened,
                inputs=arrays,
                use_samples=samples,
                seed=seed,
                tolerance=tolerance,
                target=target,
                weights=weights,
                quant_config=quantize,
                progress=progress,
            )
        click.echo(json.dumps(found.as_json(), indent=2) if as_json else str(found))
        if found.culprit is None:
            return
        if reproducer is not None:
            _reproduce(found, reproducer)
    sys.exit(1)


def _reproduce(found: Bisection, path: Path) -> None:
    files = found.write_reproducer(path)
    for file in files:
        click.echo(f"wrote {file}", err=True)


def _source(text: str) -> Converter | str:
    if Path(text).exists() or Path(text).suffix in {".mlir", ".tflite"}:
        return text
    from litewright.compiler.api import Converter

    from ..factory import requests_from

    return Converter(tuple(requests_from(text)))


def _pair(text: str) -> tuple[str, Array]:
    from ..arrays import load

    name, equals, path = text.partition("=")
    if not equals or not name or not path:
        raise Trouble(f"--input {text}: it is NAME=FILE.npy")
    return name, load(Path(path))
