"""`litewright opt`: passes on a program from a file, and why a rule does not apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import (
    calibration_option,
    errors_option,
    output_option,
    quantize_option,
    target_option,
)
from ..watching import describe_misses, print_statistics, printers, watching_options

if TYPE_CHECKING:
    from litewright.compiler.driver.options import Options
    from litewright.compiler.ir.program import Program
    from litewright.compiler.targets import Target
    from litewright.passes.core import Misses


@click.command("opt")
@click.argument("source", metavar="FILE|MODULE:FACTORY")
@click.option(
    "-p",
    "--pass",
    "pipeline",
    multiple=True,
    metavar="PASSES",
    help="Passes to run: NAME, NAME{option=value}, several by commas, `default`; may be repeated.",
)
@output_option("The .mlir or .tflite file to write.", required=False)
@quantize_option
@calibration_option
@errors_option
@click.option("--why-not", metavar="RULE", help="Tell where this rule does not apply, and why.")
@target_option
@click.option(
    "--list", "list_passes", is_flag=True, help="List the passes that can be run on FILE."
)
@watching_options
def command(
    *,
    source: str,
    pipeline: tuple[str, ...],
    output: Path | None,
    quantize: str | None,
    calibration: str | None,
    errors: bool,
    why_not: str | None,
    target: str,
    list_passes: bool,
    print_after: tuple[str, ...],
    print_changed: bool,
    timing: bool,
) -> None:
    """Runs passes on FILE, a .tflite, the model of a bundle or MLIR text (a dump), and prints or saves the result.

    With `--why-not` FILE may be a MODULE:FACTORY too, as `convert` takes it: the whole conversion is run,
    and the best partial matches of the rule are told with the line of your model.
    """
    from litewright.compiler.driver import opt
    from litewright.compiler.driver.catalogue import listing
    from litewright.compiler.driver.extensions import effective
    from litewright.compiler.driver.loading import stage_of
    from litewright.compiler.driver.options import Options, target_of

    from ..factory import load_module
    from ..graph_file import graph_of

    if quantize is None and calibration is not None:
        raise click.UsageError("--calibration is for a recipe: give --quantize too")
    if why_not is not None and ":" in source:
        # What the model's module registers is meant too.
        load_module(source.rpartition(":")[0])
    extensions = effective()
    options = Options(target=target_of(target, extensions), extensions=extensions)
    if why_not is not None:
        click.echo(_why_not(source, why_not, options))
        return
    program = opt.load(graph_of(Path(source)), _note)
    if list_passes:
        click.echo("\n".join(listing(stage_of(program), extensions)))
        return
    observers = printers(print_after, print_changed=print_changed)
    statistics = opt.optimise(program, ",".join(pipeline), extensions, observers)
    if quantize is not None:
        _quantize(program, quantize, calibration, options.target)
    if errors:
        _print_errors(program)
    if timing:
        print_statistics(statistics)
    _hand_out(program, output)


def _hand_out(program: Program, output: Path | None) -> None:
    from litewright.compiler.driver import opt
    from litewright.compiler.inspect.dump import print_program

    if output is not None:
        opt.save(program, output)
    else:
        click.echo(print_program(program))


def _quantize(program: Program, quantize: str, calibration: str | None, target: Target) -> None:
    from litewright.compiler.driver import quantization

    from ..calibration import calibration_from
    from ..progress import stage_progress

    data = calibration_from(calibration) if calibration is not None else None
    with stage_progress() as progress:
        notes = quantization.quantize(program, quantize, data, progress, target)
    for note in notes:
        _note(note)


def _print_errors(program: Program) -> None:
    """On standard error, since the program may go to standard output."""
    from rich.console import Console

    from litewright.compiler.inspect import quantisation_errors
    from litewright.compiler.ir import mlir

    from ..report import print_errors

    with mlir.use(program.context):
        print_errors(quantisation_errors(program), Console(stderr=True, highlight=False))


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)


def _why_not(source: str, rule: str, options: Options) -> str:
    from litewright.compiler.driver import opt
    from litewright.compiler.driver.catalogue import stages_of_rule
    from litewright.compiler.driver.extensions import plan_for
    from litewright.compiler.driver.presets import for_target

    if Path(source).suffix in {".tflite", ".mlir"}:
        return describe_misses(opt.misses(opt.load(Path(source), _note), rule, options))
    added = options.extensions
    plan = for_target(plan_for(None, added), options.target)
    stages_of_rule(rule, plan, options.target, added.legalisations)
    return describe_misses(_misses_of_conversion(source, rule, options))


def _misses_of_conversion(source: str, rule: str, options: Options) -> Misses:
    from dataclasses import replace

    from litewright.compiler.driver.build import build
    from litewright.compiler.driver.extensions import plan_for
    from litewright.passes import core

    from ..factory import requests_from

    found = core.Misses(rule)
    plan = plan_for(None, options.extensions)
    build(requests_from(source), replace(options, plan=plan, observers=(found,)))
    return found
