"""`litewright export-hf`: a checkpoint folder to a file that LiteRT-LM runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import dump_ir_option, quantize_option, target_option

if TYPE_CHECKING:
    from litewright.generative.huggingface.bundling import Exported


@click.command("export-hf")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .litertlm, .task, or .tflite for the graph alone.",
)
@click.option(
    "--prefill",
    default="128",
    show_default=True,
    metavar="T,...",
    help="Tokens that each prefill signature takes.",
)
@click.option(
    "--cache",
    default=1280,
    show_default=True,
    type=click.IntRange(min=1),
    help="Positions of the caches: tokens of a conversation.",
)
@quantize_option
@click.option(
    "--lora",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder with an adapter, as peft writes it, to be merged into the weights.",
)
@target_option
@click.option("--no-proof", is_flag=True, help="Do not compare with PyTorch.")
@dump_ir_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    *,
    folder: Path,
    output: Path,
    prefill: str,
    cache: int,
    quantize: str | None,
    lora: Path | None,
    target: str,
    no_proof: bool,
    dump_ir: Path | None,
    as_json: bool,
) -> None:
    """Converts a causal language model.

    FOLDER is a checkpoint in Hugging Face layout: config.json, safetensors files, tokenizer.json.
    """
    from litewright.compiler.runtime.quiet import hush_exit

    from ..progress import stage_progress

    hush_exit()
    lengths = _lengths(prefill)
    with stage_progress() as progress:
        import transformers

        from litewright.generative.huggingface.bundling import export_checkpoint

        transformers.logging.set_verbosity_error()
        exported = export_checkpoint(
            folder,
            output,
            prefill_lengths=lengths,
            cache_length=cache,
            proof=not no_proof,
            lora=lora,
            quant_config=quantize,
            target=target,
            dump_ir=dump_ir,
            progress=progress,
        )
    facts = _facts(exported)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _print(facts)


def _lengths(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a list of numbers", param_hint="--prefill"
        ) from None


def _facts(exported: Exported) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "file": str(exported.path),
        "bytes": exported.path.stat().st_size,
        "architecture": exported.model.checkpoint.config.model_type,
        "cache": exported.model.cache_length,
        "prefill": list(exported.model.prefill_lengths),
        "seconds": exported.model.edge.timings,
    }
    if exported.proof is not None:
        facts["trials"] = [
            {
                "name": each.trial.name,
                "error": each.error,
                "divergence": each.divergence,
                "agreement": each.agreement,
            }
            for each in exported.proof.outcomes
        ]
    return facts


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console

    from ..report import megabytes, new_table

    console = Console(highlight=False)
    head = f"{facts['file']}: {facts['architecture']}, {megabytes(facts['bytes'])}"
    console.print(f"{head}, converted in {sum(facts['seconds'].values()):.1f} s", markup=False)
    if "trials" not in facts:
        return
    table = new_table(
        "beside PyTorch",
        "largest error",
        "divergence",
        "same token",
        numbers=frozenset({"largest error", "divergence", "same token"}),
    )
    for each in facts["trials"]:
        share = f"{100 * each['agreement']:.0f} %"
        table.add_row(each["name"], f"{each['error']:.1e}", f"{each['divergence']:.1e}", share)
    console.print(table)
