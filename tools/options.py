"""Options that several commands take, so that they mean the same and say the same everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

PATH = click.Path(path_type=Path)
"""A file or folder; commands look themselves whether it is there."""


def output_option(
    told: str, *, required: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`-o`, `--output`: where the result goes.

    Args:
        told: what is written, for `--help`.
        required: whether a command has nothing to do without it.
    """
    return click.option("-o", "--output", type=PATH, required=required, help=told)


target_option = click.option(
    "--target", default="cpu", show_default=True, help="Where the model is to run."
)

weights_option = click.option(
    "--weights",
    type=PATH,
    help="A checkpoint: a folder or .safetensors file.",
)

quantize_option = click.option(
    "--quantize",
    metavar="NAME|FILE.json",
    help="How weights, and activations, are quantised: a ready recipe (int4_block32, dynamic_int8, static_int8, ...)"
    " or one of your own.",
)

calibration_option = click.option(
    "--calibration",
    metavar="FILE.npz|FOLDER|MODULE:FUNCTION",
    help="Samples of the inputs, for recipes that look at values (static_int8, gptq, ...): arrays"
    " [samples, ...] by input, a folder of .npz files with a sample each, or a function that returns samples.",
)

dump_ir_option = click.option(
    "--dump-ir", type=PATH, help="A folder for the program after every pass."
)

errors_option = click.option(
    "--errors", is_flag=True, help="List what rounding has lost of each weight, the worst first."
)
