"""`litewright convert`: a PyTorch module to a .tflite file."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import (
    calibration_option,
    dump_ir_option,
    errors_option,
    output_option,
    quantize_option,
    target_option,
    weights_option,
)
from ..watching import print_statistics, printers, watching_options

if TYPE_CHECKING:
    from litewright.compiler.api import Converter, EdgeModel
    from litewright.compiler.targets import Target


@click.command("convert")
@click.argument("factory", metavar="MODULE:FACTORY")
@output_option("The .tflite file to write.")
@target_option
@weights_option
@quantize_option
@calibration_option
@dump_ir_option
@errors_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@watching_options
def command(
    *,
    factory: str,
    output: Path,
    target: str,
    weights: Path | None,
    quantize: str | None,
    calibration: str | None,
    dump_ir: Path | None,
    errors: bool,
    as_json: bool,
    print_after: tuple[str, ...],
    print_changed: bool,
    timing: bool,
) -> None:
    """Converts what a factory returns.

    FACTORY is a function without arguments, in a MODULE that Python can import or in a FILE.py. It returns
    (module, args), (module, args, kwargs) or (module, args, kwargs, dynamic_shapes), or a dict of these by
    signature.
    """
    from litewright.compiler.driver.extensions import effective
    from litewright.compiler.driver.options import target_of

    from ..calibration import calibration_from
    from ..progress import stage_progress

    observers = printers(print_after, print_changed=print_changed)
    converter = _converter(factory)
    # Behind it, since the model's module may register what is asked for.
    asked = target_of(target, effective())
    data = calibration_from(calibration) if calibration is not None else None
    with stage_progress() as progress:
        model = converter.convert(
            quant_config=quantize,
            calibration_data=data,
            target=asked,
            weights=weights,
            dump_ir=dump_ir,
            observers=observers,
            progress=progress,
        )
        model.export(output, progress=progress)
    if timing:
        print_statistics(model.statistics)
    for note in model.notes:
        click.echo(f"note: {note}", err=True)
    _report(model, output, asked, errors=errors, as_json=as_json)


def _converter(factory: str) -> Converter:
    from litewright.compiler.api import Converter

    from ..factory import samples_from

    converter = Converter()
    for name, sample in samples_from(factory).items():
        converter = converter.signature(
            name,
            sample.module,
            sample.args,
            sample.kwargs,
            dynamic_shapes=sample.dynamic_shapes,
        )
    return converter


def _report(model: EdgeModel, output: Path, target: Target, *, errors: bool, as_json: bool) -> None:
    from rich.console import Console

    from litewright.compiler.inspect import quantisation_errors, survey
    from litewright.compiler.ir import mlir

    from ..report import json_of, megabytes, print_errors

    with mlir.use(model.program.context):
        facts = survey(model.program, target)
        lost = quantisation_errors(model.program) if errors else ()
    size = output.stat().st_size
    if as_json:
        head = {"file": str(output), "bytes": size, "seconds": model.timings}
        tail = {"errors": [json_of(each) for each in lost]} if errors else {}
        click.echo(json.dumps(head | dataclasses.asdict(facts) | tail, indent=2))
        return
    console = Console(highlight=False)
    seconds = sum(model.timings.values())
    console.print(f"{output}: {megabytes(size)}, converted in {seconds:.1f} s", markup=False)
    for each in facts.signatures:
        text = f"  {each.name}: {each.ops} ops, {each.delegated} of them delegated on {target.name}"
        console.print(text, markup=False)
    if errors:
        print_errors(lost, console)
