"""`litewright export-hf`: a checkpoint folder to a file that LiteRT or LiteRT-LM runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import PATH, dump_ir_option, output_option, quantize_option, target_option

if TYPE_CHECKING:
    from ..exporting import Exporter, Facts


def _numbers(_: click.Context, option: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers", param=option) from None


def _text(_: click.Context, option: click.Parameter, path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise click.BadParameter(f"cannot read {path}: {error}", param=option) from None


def _names(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    return None if text is None else tuple(part.strip() for part in text.split(","))


def _lines(_: click.Context, option: click.Parameter, path: Path | None) -> Any:
    text = _text(_, option, path)
    return None if text is None else tuple(line for line in text.splitlines() if line.strip())


@click.command("export-hf")
@click.argument("folder", type=PATH)
@output_option(
    "The file to write: .litertlm, .task, or .tflite for the graph alone. Diffusion pipelines: a folder."
)
@click.option(
    "--prefill",
    callback=_numbers,
    metavar="T,...",
    help="Language models: tokens that each prefill signature takes.  [default: 128; encoder-decoders: none]",
)
@click.option(
    "--cache",
    type=click.IntRange(min=1),
    help="Language models: positions of the caches, tokens of a conversation.  [default: 1280; encoder-decoders: 512]",
)
@click.option(
    "--lora",
    type=PATH,
    metavar="DIR",
    help="Language models: a folder with an adapter, as peft writes it, to be merged into the weights.",
)
@click.option(
    "--ring",
    is_flag=True,
    default=None,
    help="Language models: layers with a sliding window cache no more than it and a prefill.",
)
@click.option(
    "--proof-text",
    type=PATH,
    callback=_text,
    metavar="FILE",
    help="Language models: a text to measure perplexity on. By default, quantised models read one of ours.",
)
@click.option(
    "--calibration-text",
    type=PATH,
    callback=_text,
    metavar="FILE",
    help="Language models: typical text, for recipes that look at values (gptq, static_int8, caches of int8).",
)
@click.option(
    "--lora-as-inputs",
    is_flag=True,
    default=None,
    help="Language models: do not merge it; matrices that it has factors for take adapters as inputs.",
)
@click.option(
    "--lora-rank",
    type=click.IntRange(min=1),
    help="Language models: adapters as inputs, up to this rank; with --lora-targets.",
)
@click.option(
    "--lora-targets",
    metavar="NAME,...",
    callback=_names,
    help="Language models: the modules that take them, as q_proj,v_proj.",
)
@click.option(
    "--lengths",
    callback=_numbers,
    metavar="T,...",
    help="Encoders, also of encoder-decoders: tokens that each signature takes.  [default: 128]",
)
@click.option(
    "--batch", type=click.IntRange(min=1), help="Encoders: texts that go in at once.  [default: 1]"
)
@click.option(
    "--task",
    help="Encoders: what for (feature-extraction, fill-mask, text-classification, ...), if not what the folder says.",
)
@click.option(
    "--texts",
    type=PATH,
    callback=_lines,
    metavar="FILE",
    help="Encoders: a text in each line, to compare on, and to calibrate recipes with that want data.",
)
@click.option(
    "--size",
    callback=_numbers,
    metavar="H,W",
    help="Diffusion pipelines: pixels of images.  [default: what the model was trained for]",
)
@quantize_option
@target_option
@click.option("--no-proof", is_flag=True, help="Do not compare with PyTorch.")
@dump_ir_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    *,
    folder: Path,
    output: Path,
    quantize: str | None,
    target: str,
    no_proof: bool,
    dump_ir: Path | None,
    as_json: bool,
    **of_kinds: Any,
) -> None:
    """Converts a language model, with an encoder (T5, BART, Whisper) or without, an encoder alone, or Stable Diffusion.

    FOLDER is a checkpoint in Hugging Face layout (config.json, safetensors files, tokenizer.json), or a pipeline of
    diffusers (model_index.json). What is in it decides what is made of it.
    """
    from litewright.compiler.runtime.quiet import hush_exit

    from ..exporting import exporter_of
    from ..progress import stage_progress
    from ..quiet_torchao import quiet_torchao
    from ..told_warnings import told_warnings

    hush_exit()
    chosen = {name: value for name, value in of_kinds.items() if value is not None}
    with quiet_torchao(), told_warnings(), stage_progress() as progress:
        import transformers

        transformers.logging.set_verbosity_error()
        exporter = exporter_of(folder)
        strange = chosen.keys() - exporter.options
        if strange:
            from litewright.generative.huggingface.kinds import kind_of

            raise click.UsageError(
                f"{_spelt(strange)}: not for the kind of model in {folder} ({kind_of(folder).value}), which takes "
                f"{_spelt(exporter.options)}"
            )
        shared = {
            "proof": not no_proof,
            "quant_config": quantize,
            "target": target,
            "dump_ir": dump_ir,
            "progress": progress,
        }
        facts = exporter.export(folder, output, chosen, shared)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts, exporter)


def _spelt(names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in sorted(names))


def _show(facts: Facts, exporter: Exporter) -> None:
    from rich.console import Console

    from ..report import megabytes

    console = Console(highlight=False)
    head = f"{facts['file']}: {facts['architecture']}, {megabytes(facts['bytes'])}"
    console.print(f"{head}, converted in {sum(facts['seconds'].values()):.1f} s", markup=False)
    exporter.show(facts, console)
