"""Options that several commands take, so that they mean the same and say the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

target_option = click.option(
    "--target", default="cpu", show_default=True, help="Where the model is to run."
)

weights_option = click.option(
    "--weights",
    type=click.Path(path_type=Path),
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
    "--dump-ir", type=click.Path(path_type=Path), help="A folder for the program after every pass."
)

errors_option = click.option(
    "--errors", is_flag=True, help="List what rounding has lost of each weight, the worst first."
)
