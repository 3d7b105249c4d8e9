"""`litewright report`: one HTML page on a conversion, or on a .tflite file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import dump_ir_option, output_option, quantize_option, target_option, weights_option

if TYPE_CHECKING:
    from litewright.compiler.driver.report import Contents


@click.command("report")
@click.argument("source", metavar="MODULE:FACTORY|FILE.tflite")
@output_option("The .html file to write.")
@target_option
@weights_option
@quantize_option
@dump_ir_option
@click.option("--no-run", is_flag=True, help="Do not run the model: no errors, no latency.")
@click.option("--no-times", is_flag=True, help="Leave times out, so that the page is reproducible.")
@click.option("--seed", default=0, show_default=True, help="Of the random inputs.")
def command(
    *,
    source: str,
    output: Path,
    target: str,
    weights: Path | None,
    quantize: str | None,
    dump_ir: Path | None,
    no_run: bool,
    no_times: bool,
    seed: int,
) -> None:
    """Writes a page that shows the stages side by side, what each pass changed, and where time and bytes went.

    It tells which ops are delegated and why others are not, and how far each layer is from eager torch. Of a
    FILE, which tells nothing of its conversion, it shows what is in it. The page needs no network.
    """
    from litewright.compiler.driver.extensions import effective
    from litewright.compiler.driver.options import target_of
    from litewright.compiler.driver.report import Contents, report_file, save
    from litewright.compiler.runtime.quiet import hush_exit

    from ..report import megabytes

    hush_exit()
    title, folder = source.rpartition("/")[2], output.resolve().parent
    contents = Contents(title, not no_run, not no_times, seed, folder)
    if source.endswith(".tflite"):
        page = report_file(Path(source), target_of(target, effective()), contents)
    else:
        page = _conversion(
            source, contents, target=target, weights=weights, quantize=quantize, dump_ir=dump_ir
        )
    save(page, output)
    click.echo(f"{output}: {megabytes(output.stat().st_size)}")


def _conversion(
    source: str,
    contents: Contents,
    *,
    target: str,
    weights: Path | None,
    quantize: str | None,
    dump_ir: Path | None,
) -> str:
    from litewright.compiler.driver.extensions import effective, plan_for
    from litewright.compiler.driver.options import Options, target_of
    from litewright.compiler.driver.quantization import with_recipe
    from litewright.compiler.driver.report import report_conversion

    from ..factory import requests_from
    from ..progress import stage_progress

    requests = requests_from(source)
    # Behind it, since the model's module may register what is asked for.
    extensions = effective()
    with stage_progress() as progress:
        options = Options(
            weights=weights,
            target=target_of(target, extensions),
            plan=with_recipe(plan_for(None, extensions), quantize),
            extensions=extensions,
            dump_ir=dump_ir,
            progress=progress,
        )
        return report_conversion(requests, options, contents)
